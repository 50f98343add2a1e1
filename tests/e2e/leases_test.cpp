// Two people on one machine, each with a service of their own: no device is ever two gangs' at the
// same time, whoever is killed. Where the test runs as root the two are really two users.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <map>
#include <random>

#include "kill_world.h"
#include "launch/lease/lease_socket.h"
#include "machine.h"
#include "os/clock.h"

namespace gangline {
namespace {

constexpr unsigned gpus = 8;
constexpr uid_t bens_uid = 54321;

std::string uuid_of(unsigned gpu) {
  const std::string n = std::to_string(gpu);
  return "GPU-8a5c100" + n + "-57e5-4b1f-9f0a-30c1a2b4000" + n;
}

class TwoServices {
 public:
  TwoServices() {
    anna.write("config.toml", "sample_every = '0.5s'\n");
    anna.give_gpus(Machine::profile_of("eight_gpus.txt"), 16);
    // What they share: the machine, made up by anna, and the checker's files.
    std::vector<std::string> shared{"bad"};
    for (unsigned gpu = 0; gpu < gpus; ++gpu) shared.push_back("held/" + uuid_of(gpu));
    for (const std::string& name : shared) {
      anna.write(name, "");
      std::filesystem::permissions(anna.path() + "/" + name, std::filesystem::perms(0666));
    }
    std::filesystem::permissions(anna.path(), std::filesystem::perms(0755));
    ben.write("config.toml", "sample_every = '0.5s'\n");
    ben.share_gpus_of(anna);
    if (::geteuid() == 0 && !ben.become(bens_uid))
      std::cout << "the other user cannot run gang here: both are one user\n";
  }

  /// A task of one GPU: takes a lock on a file of its device, or complains loudly that somebody has
  /// it.
  std::string checked(const std::string& then) const {
    const std::string file = "'" + anna.path() + "/held/'$CUDA_VISIBLE_DEVICES";
    return "exec 9<" + file + "; flock -n 9 || { echo $GANG_ID meets $(cat " + file + ") >> '" +
           anna.path() + "/bad'; exit 66; }; echo $GANG_ID > " + file + "; " + then;
  }
  std::string scope() const { return "gangline" + anna.path() + "/root"; }
  bool all_free() const {
    for (unsigned gpu = 0; gpu < gpus; ++gpu)
      if (look_at(lease_name(scope(), uuid_of(gpu))).held) return false;
    return true;
  }

  Machine anna, ben;
};

constexpr const char* hold = "echo up >> up; while ! [ -e go ]; do sleep 0.01; done";

/// Service, launcher and guardian: nobody is left who would start another.
void kill_all_parts(const Machine& machine) {
  ASSERT_TRUE(becomes_true([&] {
    for (const pid_t pid : {machine.service(), machine.guardian(), machine.launcher()})
      if (pid != 0) ::kill(pid, SIGKILL);
    return machine.launcher() == 0 && machine.guardian() == 0 && machine.service() == 0;
  }));
}

TEST(Leases, WhatOneServiceAllottedTheOtherShowsAsHeldAndStartsWhenItIsFree) {
  const TwoServices two;
  const std::string annas = two.anna.submit({"--gpus", "8", "--", "sh", "-c", hold});
  ASSERT_TRUE(becomes_true([&] { return two.anna.exists("up"); }));
  const std::string bens = two.ben.submit({"--gpus", "1", "--", "sh", "-c", two.checked("true")});
  const std::string held = "a job of the Gangline service of ";
  EXPECT_TRUE(becomes_true([&] {
    return two.ben.gang({"why", bens}).out.find(held) != std::string::npos;
  })) << two.ben.gang({"why", bens}).out;
  EXPECT_TRUE(says(two.ben.gang({"nodes"}).out, held));
  EXPECT_FALSE(two.anna.gang({"nodes"}).out.find(held) != std::string::npos);
  two.anna.write("go", "");
  EXPECT_EQ(two.anna.wait(annas), 0);
  EXPECT_EQ(two.ben.wait(bens), 0);
  EXPECT_EQ(two.ben.show(bens).gangs.at(0).attempt, 1u);
  EXPECT_TRUE(becomes_true([&] { return two.all_free(); }));
}

TEST(Leases, ATaskWhoseServiceLauncherAndGuardianAreKilledKeepsItsDeviceUntilItEnds) {
  const TwoServices two;
  (void)two.anna.submit({"--gpus", "1", "--sweep", "i=1..8", "--", "sh", "-c", two.checked(hold)});
  ASSERT_TRUE(becomes_true([&] { return two.anna.lines("up").size() == 8; }));
  kill_all_parts(two.anna);
  const std::string bens =
      two.ben.submit({"--gpus", "1", "--sweep", "i=1..8", "--", "sh", "-c", two.checked("true")});
  EXPECT_TRUE(becomes_true([&] {
    return two.ben.gang({"why", bens}).out.find("which is gone") != std::string::npos;
  })) << two.ben.gang({"why", bens}).out;
  EXPECT_FALSE(two.all_free());
  two.anna.write("go", "");
  EXPECT_EQ(two.ben.wait(bens), 0);
}

TEST(Leases, ALauncherThatComesAfterAKilledOneKnowsTheLeasesOfItsGangsForItsOwn) {
  const TwoServices two;
  const std::string annas = two.anna.submit({"--gpus", "8", "--", "sh", "-c", hold});
  ASSERT_TRUE(becomes_true([&] { return two.anna.exists("up"); }));
  kill_all_parts(two.anna);
  EXPECT_TRUE(becomes_true([&] { return two.anna.show(annas).summary.running == 1; }));
  const std::string next = two.anna.submit({"--gpus", "1", "--", "true"});
  EXPECT_TRUE(says(two.anna.gang({"why", next}).out, "job " + annas));
  const std::vector<NodeView> nodes = two.anna.nodes();
  for (const DeviceUse& use : nodes.at(0).use) EXPECT_EQ(use.foreign, "");
  two.anna.write("go", "");
  two.anna.wait(annas);  // how it ended is known on newer kernels
  EXPECT_EQ(two.anna.wait(next), 0);
}

TEST(Leases, ADeviceWhoseNameSomebodyElseTookIsShownAsHeldAndTheOthersAreUsed) {
  const TwoServices two;
  // Taken without listening, so that nobody can ask by whom.
  Fd squatter(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = lease_name(two.scope(), uuid_of(3));
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  ASSERT_EQ(::bind(squatter.number(), reinterpret_cast<const sockaddr*>(&address),  // NOLINT
                   size),
            0);
  const std::string job =
      two.anna.submit({"--gpus", "1", "--sweep", "i=1..8", "--", "sh", "-c", two.checked(hold)});
  ASSERT_TRUE(becomes_true([&] { return two.anna.lines("up").size() == 7; }));
  EXPECT_TRUE(becomes_true([&] {
    return two.anna.gang({"nodes"}).out.find("does not say who") != std::string::npos;
  })) << two.anna.gang({"nodes"}).out;
  const std::string next = two.anna.submit({"--gpus", "8", "--", "true"});
  EXPECT_TRUE(becomes_true([&] {
    return two.anna.gang({"why", next}).out.find("does not say who") != std::string::npos;
  })) << two.anna.gang({"why", next}).out;
  EXPECT_EQ(two.anna.show(job).summary.waiting, 1u);
  squatter.reset();
  EXPECT_TRUE(becomes_true([&] { return two.anna.lines("up").size() == 8; }));
  two.anna.write("go", "");
  EXPECT_EQ(two.anna.wait(job), 0);
}

TEST(Leases, AProcessThatGaveUpAllElseIsKnownByTheLeaseThatItInherited) {
  const TwoServices two;
  const std::string other = two.anna.submit({"--gpus", "1", "--", "sh", "-c", hold});
  ASSERT_TRUE(becomes_true([&] { return two.anna.exists("up"); }));
  const std::string script =
      "env -i setsid sh -c 'echo $$ > left.new; mv left.new left; exec /bin/sleep 1000' & "
      "while ! [ -e left ]; do sleep 0.01; done";
  const std::string leaves = two.anna.submit({"--gpus", "1", "--", "sh", "-c", script});
  EXPECT_EQ(two.anna.wait(leaves), 0);
  EXPECT_FALSE(is_alive(static_cast<pid_t>(std::stol(two.anna.read("left")))));
  EXPECT_EQ(two.anna.show(other).summary.running, 1u);
  two.anna.write("go", "");
  EXPECT_EQ(two.anna.wait(other), 0);
}

TEST(Leases, TheCheckerSeesTwoGangsOnOneDeviceWhereServicesDoNotShareTheirLeases) {
  TwoServices two;
  two.ben.give_gpus(Machine::profile_of("eight_gpus.txt"), 16);  // the same GPUs, another machine
  (void)two.anna.submit({"--gpus", "1", "--sweep", "i=1..8", "--", "sh", "-c", two.checked(hold)});
  ASSERT_TRUE(becomes_true([&] { return two.anna.lines("up").size() == 8; }));
  const std::string bens = two.ben.submit({"--gpus", "1", "--", "sh", "-c", two.checked("true")});
  EXPECT_EQ(two.ben.wait(bens), 66);
  EXPECT_NE(two.anna.read("bad"), "");
}

struct Outcome {
  int well = 0, lost = 0;
};

Outcome outcome_of(const Machine& machine, const std::string& job) {
  Outcome outcome;
  const JobDetail detail = machine.show(job, 10'000);
  for (const GangView& gang : detail.gangs) {
    if (!gang.ending) {
      ADD_FAILURE() << "gang " << gang.id.index << " has no outcome";
    } else if (gang.ending->cause == EndCause::done) {
      ++outcome.well;
    } else {
      EXPECT_EQ(gang.ending->cause, EndCause::lost)
          << name_of(gang.ending->cause) << ": " << gang.ending->detail << gang.ending->last_lines;
      ++outcome.lost;
    }
  }
  return outcome;
}

/// Each submits a sweep for the same eight GPUs; parts of both are killed at random moments.
void race(int gangs, int kills) {
  const TwoServices two;
  std::mt19937 random(kill_seed());
  const std::string script =
      two.checked("echo $GANG_GANG >> lines; [ $(({i} % 3)) = 0 ] || sleep 0.0$(({i} % 10))");
  const Machine* machines[] = {&two.anna, &two.ben};
  std::string jobs[2];
  for (int i = 0; i < 2; ++i)
    jobs[i] = machines[i]->submit(
        {"--gpus", "1", "--sweep", "i=1.." + std::to_string(gangs), "--", "sh", "-c", script});
  const Span begun = since_boot();
  int killed = 0;
  for (int i = 0; i < kills; ++i) {
    ::usleep(static_cast<useconds_t>(random() % 150'000));
    const Machine& victim = *machines[random() % 2];
    const auto parts = random() % 7 + 1;
    if ((parts & 1) != 0 && victim.service() != 0)
      killed += ::kill(victim.service(), SIGKILL) == 0 ? 1 : 0;
    if ((parts & 2) != 0 && victim.launcher() != 0)
      killed += ::kill(victim.launcher(), SIGKILL) == 0 ? 1 : 0;
    if ((parts & 4) != 0 && victim.guardian() != 0)
      killed += ::kill(victim.guardian(), SIGKILL) == 0 ? 1 : 0;
    for (int k = 0; k < 2; ++k) (void)machines[k]->gang({"show", "-q", jobs[k]});
  }
  int well = 0, lost = 0;
  for (int i = 0; i < 2; ++i) {
    machines[i]->wait(jobs[i], minutes(10));
    const Outcome outcome = outcome_of(*machines[i], jobs[i]);
    EXPECT_EQ(outcome.well + outcome.lost, gangs);
    well += outcome.well;
    lost += outcome.lost;
  }
  std::cout << 2 * gangs << " gangs on " << gpus << " GPUs, " << killed << " kills, " << well
            << " ended well, " << lost << " lost, " << to_seconds(since_boot() - begun) << " s\n";
  EXPECT_EQ(two.anna.read("bad"), "") << "two gangs had one device";
  if (kills == 0) {
    EXPECT_EQ(lost, 0);
  }
  EXPECT_TRUE(becomes_true([&] { return two.all_free(); })) << "a lease outlives its gang";
}

TEST(Leases, TwoSweepsForTheSameGpusNeverMeet) { race(100, 0); }
TEST(Leases, TwoSweepsForTheSameGpusNeverMeetAlsoWhenPartsOfBothAreKilled) { race(100, 8); }

TEST(LeaseLoops, AThousandGangsOfEachNeverMeet) { race(1000, 0); }
TEST(LeaseLoops, AThousandGangsOfEachNeverMeetAlsoWhenPartsOfBothAreKilled) { race(1000, 100); }

}  // namespace
}  // namespace gangline
