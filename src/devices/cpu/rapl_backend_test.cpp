#include "devices/cpu/rapl_backend.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "devices/small_machine.h"

namespace gangline {
namespace {

class Rapl : public testing::Test {
 protected:
  void zone(const std::string& zone, const std::string& name, const std::string& energy,
            const std::string& range = "262143328850\n") const {
    machine_.file("/sys/class/powercap/intel-rapl" + zone + "/name", name + "\n");
    machine_.file("/sys/class/powercap/intel-rapl" + zone + "/energy_uj", energy);
    machine_.file("/sys/class/powercap/intel-rapl" + zone + "/max_energy_range_uj", range);
  }
  void add_two_packages() const {
    zone(":0", "package-0", "100000000\n");
    zone(":0:0", "core", "90000000\n");
    zone(":0:1", "dram", "20000000\n");
    zone(":1", "package-1", "50000000\n");
    zone(":2", "psys", "900000000\n");
    zone("-mmio:0", "package-0", "100000000\n");
  }
  CpuPackageSample read(std::size_t package = 0) { return backend_->sample().packages.at(package); }

  SmallMachine machine_;
  Span now_ = seconds(10);
  std::unique_ptr<DeviceBackend> backend_ =
      make_rapl_backend(machine_.root(), [this] { return now_; });
};

TEST_F(Rapl, APackageCountsWithItsMemoryAndNothingTwice) {
  add_two_packages();
  const BackendFacts facts = backend_->facts();
  EXPECT_EQ(facts.packages, (std::vector<CpuPackage>{{"package-0"}, {"package-1"}}));
  EXPECT_TRUE(facts.notes.empty());
  EXPECT_EQ(read(0).energy, Joules{120});
  EXPECT_EQ(read(1).energy, Joules{50});
  EXPECT_EQ(read(0).power, std::nullopt);
  now_ = now_ + seconds(2);
  zone(":0", "package-0", "400000000\n");
  zone(":0:1", "dram", "40000000\n");
  EXPECT_EQ(read(0).power, Watts{160});
}

TEST_F(Rapl, ACounterThatPassesItsLargestValueGoesOn) {
  zone(":0", "package-0", "262143000000\n");
  backend_->facts();
  read();
  now_ = now_ + seconds(1);
  zone(":0", "package-0", "671150\n");
  const CpuPackageSample after = read();
  EXPECT_EQ(after.energy, Joules{262144});
  EXPECT_NEAR(after.power.value().w, 1, 1e-6);
}

TEST_F(Rapl, WithoutARangeACounterThatGoesBackHasStartedAnew) {
  for (const char* range : {"", "0\n", "nonsense\n"}) {
    zone(":0", "package-0", "9000000\n", range);
    auto backend = make_rapl_backend(machine_.root(), [this] { return now_; });
    backend->facts();
    backend->sample();
    zone(":0", "package-0", "2000000\n", range);
    EXPECT_EQ(backend->sample().packages.at(0).energy, Joules{11}) << range;
  }
}

TEST_F(Rapl, WhatIsMissingEmptyOrNonsenseIsUnknown) {
  for (const char* text : {"", "\n", "nonsense\n", "-5\n", "99999999999999999999999\n"}) {
    add_two_packages();
    zone(":0:1", "dram", text);
    zone(":1", "package-1", text);
    backend_->facts();
    EXPECT_EQ(read(0).energy, std::nullopt) << text;
    EXPECT_EQ(read(1).energy, std::nullopt) << text;
  }
  std::filesystem::remove(machine_.root() + "/sys/class/powercap/intel-rapl:1/energy_uj");
  EXPECT_EQ(backend_->facts().packages.size(), 2u);
  EXPECT_EQ(read(1).energy, std::nullopt);
}

TEST_F(Rapl, CountersThatJumpGiveNoPowerThatNothingTakes) {
  zone(":0", "package-0", "1\n");
  backend_->facts();
  read();
  now_ = now_ + seconds(1);
  zone(":0", "package-0", "18446744073709551615\n");
  EXPECT_EQ(read().power, std::nullopt);
  now_ = now_ + seconds(1);
  zone(":0", "package-0", "0\n");
  EXPECT_GE(read().energy.value().j, 0);
}

TEST_F(Rapl, CountersForRootAloneAreSaidOnceWithWhatToDo) {
  add_two_packages();
  for (const char* zone : {":0", ":0:1", ":1"})
    std::filesystem::permissions(
        machine_.root() + "/sys/class/powercap/intel-rapl" + zone + "/energy_uj",
        std::filesystem::perms::none);
  const NotRoot person;
  const BackendFacts facts = backend_->facts();
  EXPECT_EQ(facts.packages.size(), 2u);
  ASSERT_EQ(facts.notes.size(), 1u);
  EXPECT_NE(facts.notes[0].find("run the service as root"), std::string::npos);
  EXPECT_EQ(read(0).energy, std::nullopt);
}

TEST_F(Rapl, AMachineWithoutCountersHasNoPackages) {
  EXPECT_TRUE(backend_->facts().packages.empty());
  EXPECT_TRUE(backend_->facts().notes.empty());
  EXPECT_TRUE(backend_->sample().packages.empty());
  zone(":0", "\x01\xff", "1\n");
  zone(":7", "psys", "1\n");
  EXPECT_TRUE(backend_->facts().packages.empty());
}

}  // namespace
}  // namespace gangline
