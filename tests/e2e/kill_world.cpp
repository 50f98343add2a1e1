#include "kill_world.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>

#include "os/clock.h"

namespace gangline {
namespace {

// A gang is in flight for about this long, and a kill comes about as often.
constexpr int gangs_per_kill = 6;
constexpr int longest_pause_ms = 60;
constexpr std::uint32_t most_gangs = 10'000;

}  // namespace

unsigned kill_seed() {
  const char* given = std::getenv("KILL_SEED");
  const auto seed = given != nullptr ? static_cast<unsigned>(std::strtoul(given, nullptr, 10))
                                     : static_cast<unsigned>(since_boot().us ^ ::getpid());
  std::cout << "KILL_SEED=" << seed << "\n";
  return seed;
}

Count KillWorld::run(const Victims& victims, int kills) {
  Count count;
  const Span begun = since_boot();
  const int gangs = std::max(20, kills * gangs_per_kill);
  // One write of one line with O_APPEND: lines of gangs never mix. Half of the gangs sleep, so that
  // kills find gangs that start, that run and that end.
  const std::string job =
      machine_.submit({"--sweep", "i=1.." + std::to_string(gangs), "--", "sh", "-c",
                       "[ $(({i} % 2)) = 0 ] || sleep 0.0$(({i} % 10)); echo $GANG_GANG >> lines"});
  kill_at_random_moments(victims, kills, job, count);
  // What is not over by now, is over soon: nothing is killed any more.
  machine_.wait(job, minutes(3));
  judge(job, count);
  count.seconds_taken = to_seconds(since_boot() - begun);
  return count;
}

void KillWorld::kill_at_random_moments(const Victims& victims, int kills, const std::string& job,
                                       Count& count) {
  std::uniform_int_distribution<int> pause(0, longest_pause_ms * 1000);
  const auto kill_if = [&](bool wanted, pid_t pid) {
    if (wanted && pid > 0 && ::kill(pid, SIGKILL) == 0) ++count.kills;
  };
  for (int i = 0; i < kills; ++i) {
    ::usleep(static_cast<useconds_t>(pause(random_)));
    const pid_t service = victims.service ? machine_.service() : 0;
    const pid_t launcher = victims.launcher ? machine_.launcher() : 0;
    const pid_t guardian = victims.guardian ? machine_.guardian() : 0;
    kill_if(victims.service, service);
    kill_if(victims.launcher, launcher);
    kill_if(victims.guardian, guardian);
    // The next command starts the service again.
    if (victims.service) {
      const Ran ran = machine_.gang({"show", "-q", job});
      EXPECT_EQ(ran.code, 0) << ran.err;
      if (ran.code != 0) return;
    }
  }
}

void KillWorld::judge(const std::string& job, Count& count) const {
  std::map<std::string, int> written;
  for (const std::string& line : machine_.lines("lines")) ++written[line];
  const JobDetail detail = machine_.show(job, most_gangs);
  EXPECT_EQ(detail.summary.phase, GangPhase::ended);
  EXPECT_EQ(detail.gangs.size(), detail.summary.gangs);
  EXPECT_EQ(detail.summary.ended_well + detail.summary.ended_badly, detail.summary.gangs);
  EXPECT_EQ(detail.summary.running + detail.summary.starting + detail.summary.waiting, 0u);
  std::map<std::uint32_t, int> seen;
  for (const GangView& gang : detail.gangs) {
    const int lines = written[std::to_string(gang.id.index)];
    EXPECT_EQ(++seen[gang.id.index], 1) << "gang " << gang.id.index << " is there twice";
    EXPECT_EQ(gang.attempt, 1u);
    EXPECT_LE(lines, 1) << "gang " << gang.id.index << " ran more than once";
    ASSERT_TRUE(gang.ending) << "gang " << gang.id.index << " has no outcome";
    if (gang.ending->cause == EndCause::done) {
      EXPECT_EQ(lines, 1) << "gang " << gang.id.index << " ended well and did not write";
      ++count.well;
      continue;
    }
    EXPECT_EQ(gang.ending->cause, EndCause::lost)
        << name_of(gang.ending->cause) << ": " << gang.ending->detail;
    EXPECT_NE(gang.ending->detail, "") << "gang " << gang.id.index << " is lost without a reason";
    ++count.lost;
  }
}

}  // namespace gangline
