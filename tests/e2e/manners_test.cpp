// What people who share a machine may do at a time, and how they are told.
#include <pwd.h>
#include <unistd.h>

#include <ctime>
#include <set>

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

TEST(Manners, MoreThanOneMayHaveWaitingIsRefusedWhole) {
  Machine machine;
  machine.give_gpus(Machine::profile_of("eight_gpus.txt"), 16);
  machine.write("config.toml", "[people]\njobs = 3\nwaiting_gangs = 10\n");
  machine.submit({"--gpus", "8", "--", "sleep", "600"});
  ASSERT_TRUE(becomes_true([&] { return machine.show("1").summary.running == 1; }));
  machine.submit({"--gpus", "8", "--sweep", "n=1..8", "--", "true"});
  const Ran too_many = machine.gang({"submit", "--sweep", "n=1..3", "--", "true"});
  EXPECT_NE(too_many.code, 0);
  EXPECT_EQ(too_many.err, "gang: " + me() +
                              " may have 10 gangs waiting; 8 are waiting, and this job has 3; "
                              "wait for some to start, or stop some\n");
  const Ran far_too_many = machine.gang({"submit", "--sweep", "n=1..11", "--", "true"});
  EXPECT_TRUE(says(far_too_many.err, "make it several jobs"));
  machine.submit({"--gpus", "8", "--", "true"});
  const Ran fourth = machine.gang({"submit", "--", "true"});
  EXPECT_NE(fourth.code, 0);
  EXPECT_EQ(fourth.err, "gang: " + me() +
                            " may have 3 jobs that have not ended, and has 3; wait for some to "
                            "end, or put many gangs into one job with a sweep or a split\n");
  EXPECT_TRUE(says(machine.gang({"daemon", "restart"}).out, "")) << "they are counted anew";
  EXPECT_NE(machine.gang({"submit", "--", "true"}).code, 0);
  EXPECT_FALSE(says(machine.gang({"list", "--all"}).out, "\n4 ")) << "nothing half done";
  machine.gang({"stop", "2"});
  EXPECT_EQ(machine.gang({"submit", "--", "true"}).code, 0);
}

/// "2026-12-01 08:00" so many minutes from now, in UTC.
std::string minutes_from_now(int n) {
  const std::time_t then = std::time(nullptr) + 60 * n;
  std::tm utc{};
  ::gmtime_r(&then, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M", &utc);
  return text;
}

TEST(Manners, BeforeMaintenanceOnlyThatStartsWhichEndsBefore) {
  Machine machine;
  machine.set("TZ", "UTC");
  machine.write("config.toml", "[maintenance.cooling]\nfrom = '" + minutes_from_now(60) +
                                   "'\nto = '" + minutes_from_now(120) + "'\n");
  machine.submit({"--", "true"});
  machine.submit({"--time", "2h", "--", "true"});
  machine.submit({"--time", "30m", "--", "true"});
  EXPECT_EQ(machine.wait("3"), 0);
  const std::string why = machine.gang({"why", "1"}).out;
  EXPECT_TRUE(says(why, "there is room, but it would reach into maintenance (cooling), "));
  EXPECT_TRUE(says(why, "it has no time limit: with one (--time) it may start earlier"));
  const std::string other = machine.gang({"why", "2"}).out;
  EXPECT_TRUE(says(other, "there is room, but it would reach into maintenance (cooling), "));
  EXPECT_TRUE(says(other, "expected to start in about ")) << "after it";
  const Ran asked = machine.gang({"reserve", "--maintenance", "--time", "20m"});
  EXPECT_TRUE(says(asked.out, "maintenance 1, ")) << asked.err;
  machine.submit({"--time", "1m", "--", "true"});
  EXPECT_TRUE(says(machine.gang({"why", "4"}).out, "it would reach into maintenance 1, "));
  EXPECT_TRUE(says(machine.gang({"reserve", "--cancel", "1"}).out, " is called off\n"));
  EXPECT_EQ(machine.wait("4"), 0);
  const Ran mixed = machine.gang({"reserve", "--maintenance", "--time", "1h", "--gpus", "2"});
  EXPECT_EQ(mixed.err,
            "gang: --gpus: maintenance is of all there is, for nobody; leave it out, or "
            "leave out --maintenance\n");
}

TEST(Manners, InQuietHoursNothingStartsButWhatMay) {
  Machine machine;
  machine.set("TZ", "UTC");
  machine.write("config.toml",
                "[queue.night]\n[quiet.now]\ntimes = '00:00-23:59'\nqueues = ['night']\n"
                "[quiet.then]\ntimes = '23:59-00:00'\nqueues = ['night']\n");
  machine.submit({"--", "true"});
  machine.submit({"--queue", "night", "--", "true"});
  EXPECT_EQ(machine.wait("2"), 0);
  EXPECT_TRUE(says(machine.gang({"why", "1"}).out, "job 1 is waiting: quiet hours ("));
  EXPECT_TRUE(
      says(machine.gang({"why", "1"}).out, " local time of the machine: only queue night starts"));
}

TEST(Manners, WhatIsReservedGoesToNobodyElseAndIsKeptOverRestarts) {
  Machine machine;
  machine.set("TZ", "UTC");
  machine.give_gpus(Machine::profile_of("eight_gpus.txt"), 16);
  const Ran made = machine.gang({"reserve", "--gpus", "6", "--time", "3h", "--for", "nobody"});
  EXPECT_TRUE(says(made.out, "reservation 1 of nobody, ")) << made.err;
  machine.submit({"--gpus", "3", "--time", "1h", "--", "true"});
  EXPECT_TRUE(becomes_true([&] {
    return machine.gang({"why", "1"})
        .out.starts_with(
            "job 1 is waiting: there is room, but it would reach into reservation 1 of nobody, ");
  }));
  machine.submit({"--gpus", "2", "--", "true"});
  EXPECT_EQ(machine.wait("2"), 0) << "two are left";
  EXPECT_TRUE(
      says(machine.gang({"reserve", "--gpus", "3", "--time", "1h"}).err, "not sure to be free "));
  machine.gang({"daemon", "restart"});
  EXPECT_TRUE(says(machine.gang({"reserve", "--list"}).out, "reservation 1 of nobody, "));
  EXPECT_TRUE(says(machine.gang({"list"}).out, "reservation 1 of nobody, "));
  EXPECT_TRUE(says(machine.gang({"nodes"}).out, "reservation 1 of nobody"));
  const Ran own = machine.gang({"reserve", "--gpus", "2", "--time", "3h"});
  EXPECT_TRUE(says(own.out, "reservation 2 of " + me())) << own.err;
  machine.submit({"--gpus", "2", "--", "true"});
  EXPECT_EQ(machine.wait("3"), 0) << "who reserved them uses them";
  EXPECT_TRUE(says(machine.gang({"reserve", "--cancel", "1"}).out, "is given back"));
  EXPECT_EQ(machine.wait("1"), 0);
  EXPECT_TRUE(says(machine.gang({"reserve", "--cancel", "1"}).err, "there is no reservation 1"));
}

TEST(Manners, ASlipInANameIsToldWhereverItStands) {
  Machine machine;
  machine.set("TZ", "UTC");
  machine.write("config.toml",
                "[people.nobdoy]\ndevices = 1\n[people.nobody]\ndevices = 1\n"
                "[maintenance.cooling]\nfrom = '2001-02-03 08:00'\n"
                "to = '2001-02-03 12:00'\n");
  const Ran refused = machine.gang({"reserve", "--cpus", "1", "--time", "1h", "--for", "nobdoy"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_EQ(refused.err,
            "gang: --for: this machine knows nobody called 'nobdoy'; give a login "
            "name as `getent passwd` has it\n");
  const Ran number = machine.gang(
      {"reserve", "--cpus", "1", "--time", "1h", "--for", std::to_string(::geteuid())});
  EXPECT_TRUE(says(number.err, "--for: this machine knows nobody called '"))
      << "who has a name is not meant by a number";
  EXPECT_EQ(machine.gang({"reserve", "--list"}).out, "nothing is reserved\n");
  const Ran past = machine.gang(
      {"reserve", "--cpus", "1", "--time", "1h", "--from", "2001-02-03 08:00", "--for", "nobody"});
  EXPECT_TRUE(says(past.err, "--from: that time is over; leave it out to begin at once"));
  const std::string notes =
      "note: [people.nobdoy] in the config file is for nobody: this machine knows no such login "
      "name\n"
      "note: [maintenance.cooling] in the config file is over: 2001-02-03 08:00 to 12:00 UTC";
  EXPECT_TRUE(says(machine.gang({"daemon", "status"}).out, notes));
  EXPECT_TRUE(says(machine.gang({"daemon", "restart"}).out, notes));
}

TEST(Manners, AReservationForLaterLetsThoseStartWhoEndBefore) {
  Machine machine;
  machine.set("TZ", "UTC");
  machine.give_gpus(Machine::profile_of("eight_gpus.txt"), 16);
  const Ran made = machine.gang({"reserve", "--gpus", "8", "--from", minutes_from_now(90), "--time",
                                 "1h", "--for", "nobody"});
  EXPECT_TRUE(says(made.out, "reservation 1 of nobody, ")) << made.err;
  machine.submit({"--gpus", "1", "--time", "1h", "--", "true"});
  EXPECT_EQ(machine.wait("1"), 0);
  machine.submit({"--gpus", "1", "--time", "2h", "--", "true"});
  EXPECT_TRUE(
      says(machine.gang({"why", "2"}).out, "it would reach into reservation 1 of nobody, "));
  machine.submit({"--cpus", "1", "--", "true"});
  EXPECT_EQ(machine.wait("3"), 0) << "cpus are not reserved but for eight";
  EXPECT_TRUE(says(machine.gang({"reserve", "--gpus", "1", "--from", "25:00", "--time", "1h"}).err,
                   "--from: '25:00' is no time"));
}

TEST(Manners, TimesOfReservationsAreShownAsTheyWereEntered) {
  Machine machine;
  machine.set("TZ", "XYZ-05:30");  // five and a half hours ahead of UTC, all year
  machine.give_gpus(Machine::profile_of("eight_gpus.txt"), 16);
  const std::string begin = minutes_from_now(90 + 330);
  const Ran made =
      machine.gang({"reserve", "--gpus", "8", "--from", begin, "--time", "1h", "--for", "nobody"});
  const std::string told = "reservation 1 of nobody, " + begin + " to ";
  EXPECT_TRUE(says(made.out, told)) << made.err;
  EXPECT_TRUE(says(made.out, " UTC+05:30: ")) << made.out;
  machine.submit({"--gpus", "1", "--time", "2h", "--", "true"});
  ASSERT_TRUE(becomes_true([&] { return says(machine.gang({"why", "1"}).out, told); }));
  for (const char* command : {"list", "nodes"})
    EXPECT_TRUE(says(machine.gang({command}).out, told)) << command;
  EXPECT_TRUE(says(machine.gang({"show", "1"}).out, told));
  EXPECT_TRUE(says(machine.gang({"reserve", "--list"}).out, told));
  const Ran refused = machine.gang({"reserve", "--gpus", "1", "--from", begin, "--time", "1h"});
  EXPECT_TRUE(says(refused.err, "not sure to be free " + begin + " to ")) << refused.err;
  EXPECT_TRUE(says(machine.gang({"why", "1", "--json"}).out, " UTC\"")) << "programs get UTC";
}

TEST(Manners, WhatIsHeldOfADeviceOrOfNoneIsShown) {
  Machine machine;
  machine.set("TZ", "UTC");
  machine.give_gpus(Machine::profile_of("eight_gpus.txt"), 16);
  const Ran half = machine.gang({"reserve", "--gpus", "0.5", "--time", "3h", "--for", "nobody"});
  EXPECT_TRUE(says(half.out, " UTC: 0.5 of device 0 and 1 cpu\n")) << half.err;
  machine.gang({"reserve", "--cpus", "4", "--time", "3h", "--for", "nobody"});
  const std::string nodes = machine.gang({"nodes"}).out;
  EXPECT_TRUE(says(nodes, " UTC (0.5)\n"));
  EXPECT_TRUE(says(nodes, "\n  reservation 2 of nobody, "));
  EXPECT_TRUE(says(nodes, " UTC: 4 cpus\n"));
  EXPECT_TRUE(says(machine.gang({"reserve", "--list"}).out, "0.5 of device 0 and 1 cpu\n"));
  machine.submit({"--gpus", "7", "--", "sleep", "600"});
  machine.submit({"--gpus", "1", "--", "true"});
  machine.submit({"--gpus", "0.5", "--time", "1h", "--", "true"});
  EXPECT_EQ(machine.wait("3"), 0) << "the other half is free";
  EXPECT_TRUE(says(machine.gang({"why", "2"}).out, "reservation 1 of nobody, "));
}

TEST(Manners, MaintenanceOfTheConfigFileIsListed) {
  Machine machine;
  machine.set("TZ", "UTC");
  machine.write("config.toml", "[maintenance.cooling]\nfrom = '" + minutes_from_now(60) +
                                   "'\nto = '" + minutes_from_now(120) + "'\n");
  const std::string told = "maintenance (cooling), " + minutes_from_now(60).substr(0, 15);
  EXPECT_TRUE(says(machine.gang({"reserve", "--list"}).out, told));
  EXPECT_TRUE(says(machine.gang({"list"}).out, told));
  EXPECT_TRUE(says(machine.gang({"nodes"}).out, told)) << "where there are no devices, too";
  EXPECT_EQ(machine.gang({"reserve", "--list", "-q"}).out, "") << "it has no number to cancel it";
}

TEST(Manners, WhoReservedGpusIsPutOnThese) {
  Machine machine;
  machine.give_gpus(Machine::profile_of("eight_gpus.txt"), 16);
  machine.gang({"reserve", "--gpus", "4", "--time", "3h", "--for", "nobody"});
  machine.gang({"reserve", "--gpus", "2", "--time", "3h"});
  machine.submit({"--gpus", "2", "--", "sleep", "600"});
  machine.submit({"--gpus", "2", "--", "sleep", "600"});
  ASSERT_TRUE(becomes_true([&] { return machine.show("2").summary.running == 1; }));
  std::set<std::uint32_t> got;
  const JobDetail first = machine.show("1");
  ASSERT_FALSE(first.gangs.empty());
  for (const DeviceShare& share : first.gangs[0].allocation->parts[0].tasks[0].devices)
    got.insert(share.device);
  EXPECT_EQ(got, (std::set<std::uint32_t>{4, 5}));
}

}  // namespace
}  // namespace gangline
