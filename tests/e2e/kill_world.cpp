#include "kill_world.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>

#include "os/clock.h"

namespace gangline {
namespace {

// So many that the sweep lasts as long as the kills. A launcher that lives for less than 50 ms
// again and again is started later and later, so some pauses are longer.
constexpr int gangs_per_kill = 7;
constexpr int longest_pause_ms = 110;
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
  const std::size_t all = machine_.lines("lines").size();
  for (const auto& [lines, reached] : kills_at_) count.while_it_ran += lines < all ? reached : 0;
  count.seconds_taken = to_seconds(since_boot() - begun);
  return count;
}

void KillWorld::kill_at_random_moments(const Victims& victims, int kills, const std::string& job,
                                       Count& count) {
  struct Victim {
    bool wanted;
    pid_t (Machine::*find)() const;
  };
  const Victim all[] = {{victims.service, &Machine::service},
                        {victims.launcher, &Machine::launcher},
                        {victims.guardian, &Machine::guardian}};
  std::uniform_int_distribution<int> pause(0, longest_pause_ms * 1000);
  for (int i = 0; i < kills; ++i) {
    // The next command starts the service again; the others start each other.
    if (victims.service) {
      const Ran ran = machine_.gang({"show", "-q", job});
      ASSERT_EQ(ran.code, 0) << ran.err;
    }
    ASSERT_TRUE(becomes_true([&] {
      return std::all_of(std::begin(all), std::end(all), [&](const Victim& victim) {
        return !victim.wanted || (machine_.*victim.find)() != 0;
      });
    })) << "no victim came back after "
        << i;
    ::usleep(static_cast<useconds_t>(pause(random_)));
    std::vector<pid_t> found;
    for (const Victim& victim : all)
      if (victim.wanted) found.push_back((machine_.*victim.find)());
    int reached = 0;
    for (const pid_t pid : found) reached += pid > 0 && ::kill(pid, SIGKILL) == 0 ? 1 : 0;
    count.kills += reached;
    kills_at_.push_back({machine_.lines("lines").size(), reached});
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
