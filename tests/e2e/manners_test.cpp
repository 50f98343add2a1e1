// What people who share a machine may do at a time, and how they are told.
#include <pwd.h>
#include <unistd.h>

#include "machine.h"

namespace gangline {
namespace {

std::string me() { return ::getpwuid(::geteuid())->pw_name; }

TEST(Manners, WhoHoldsAsMuchAsTheyMayWaitsAndIsToldWhy) {
  Machine machine;
  machine.give_gpus(Machine::profile_of("eight_gpus.txt"), 16);
  machine.write("config.toml", "[people]\ndevices = 2\n[queue.small]\neach_gangs = 1\n");
  machine.submit({"--gpus", "2", "--time", "1h", "--", "sleep", "600"});
  machine.submit({"--gpus", "1", "--time", "1h", "--", "true"});
  machine.submit({"--queue", "small", "--", "sleep", "600"});
  machine.submit({"--queue", "small", "--", "true"});
  ASSERT_TRUE(becomes_true([&] { return machine.show("3").summary.running == 1; }));
  EXPECT_TRUE(says(machine.gang({"why", "2"}).out,
                   "job 2 is waiting: 1 device wanted, and " + me() +
                       " may hold 2 devices at once, of which 2 are held or promised; job 1 holds "
                       "2\n"));
  EXPECT_TRUE(says(machine.gang({"why", "4"}).out,
                   "job 4 is waiting: 1 gang wanted, and " + me() +
                       " may run 1 gang at once in queue small, of which 1 is held or promised; "
                       "job 3 holds 1\n"));
  EXPECT_TRUE(says(machine.gang({"submit", "--gpus", "3", "--", "true"}).err,
                   "it wants 3 devices at once, and " + me() +
                       " may hold 2 devices at once; ask for less at once"));
  machine.gang({"stop", "1", "3"});
  EXPECT_EQ(machine.wait("2"), 0);
  EXPECT_EQ(machine.wait("4"), 0);
}

}  // namespace
}  // namespace gangline
