#include "account/meter.h"

#include <gtest/gtest.h>

namespace gangline {
namespace {

constexpr NodeId node{0};
const GangId first{JobId{1}, 0};
const GangId second{JobId{2}, 0};

std::shared_ptr<const Allocation> holds(std::vector<DeviceShare> devices) {
  auto allocation = std::make_shared<Allocation>();
  allocation->parts.push_back({node, {TaskPlace{0, std::move(devices), {}, {}, {}}}});
  return allocation;
}

Time at(double when) { return Time{static_cast<std::int64_t>(when * 1e6)}; }

DeviceSample device(std::optional<double> joules, std::optional<double> watts,
                    std::optional<double> busy) {
  DeviceSample sample;
  if (joules) sample.energy = Joules{*joules};
  if (watts) sample.power = Watts{*watts};
  sample.busy_percent = busy;
  return sample;
}

GangMeasured only(Meter& meter, double when) {
  const auto measured = meter.take(at(when));
  EXPECT_EQ(measured.size(), 1u);
  return measured.empty() ? GangMeasured{} : measured.front();
}

TEST(Meter, EnergyIsWhatTheCounterGrewByWhileItWasHeld) {
  Meter meter;
  meter.read(node, {at(0), {device(1000, {}, 0)}});
  meter.begin(first, 3, holds({{0, whole_device}}), at(1));
  meter.read(node, {at(2), {device(1200, {}, 50)}});   // half of these 200
  meter.read(node, {at(4), {device(1800, {}, 100)}});  // all of these 600
  meter.end(first, at(5));
  EXPECT_TRUE(meter.waits_for_reading());
  EXPECT_TRUE(meter.take(at(5)).empty());
  meter.read(node, {at(6), {device(2000, {}, 100)}});  // half of these 200
  const GangMeasured measured = only(meter, 6);
  EXPECT_EQ(measured.gang, first);
  EXPECT_EQ(measured.attempt, 3u);
  ASSERT_TRUE(measured.energy);
  EXPECT_NEAR(measured.energy->j, 100 + 600 + 100, 1e-6);
  EXPECT_NEAR(*measured.busy_percent, (50 * 1 + 100 * 2 + 100 * 1) / 4.0, 1e-6);
  EXPECT_EQ(measured.read, seconds(4));
}

TEST(Meter, TwoThatShareADeviceShareItsEnergy) {
  Meter meter;
  meter.read(node, {at(0), {device(0, {}, 0)}});
  meter.begin(first, 1, holds({{0, Share{250}}}), at(0));
  meter.begin(second, 1, holds({{0, Share{500}}}), at(0));
  meter.read(node, {at(10), {device(1000, {}, 80)}});
  meter.end(first, at(10));
  EXPECT_NEAR(only(meter, 10).energy->j, 250, 1e-6);
  meter.end(second, at(10));
  EXPECT_NEAR(only(meter, 10).energy->j, 500, 1e-6);
}

TEST(Meter, WithoutACounterOrWhereItWentBackPowerTells) {
  Meter meter;
  meter.read(node, {at(0), {device({}, 100, {}), device(5000, 10, {})}});
  meter.begin(first, 1, holds({{0, whole_device}, {1, whole_device}}), at(0));
  meter.read(node, {at(2), {device({}, 300, {}), device(7, 30, {})}});
  meter.end(first, at(2));
  const GangMeasured measured = only(meter, 2);
  EXPECT_NEAR(measured.energy->j, 200 * 2 + 20 * 2, 1e-6);
  EXPECT_FALSE(measured.busy_percent);
}

TEST(Meter, WhatCannotBeReadIsNotSaid) {
  Meter meter;
  meter.read(node, {at(0), {device({}, {}, {})}});
  meter.begin(first, 1, holds({{0, whole_device}}), at(0));
  meter.begin(second, 1, holds({}), at(0));
  meter.read(node, {at(5), {device({}, {}, {})}});
  meter.end(first, at(5));
  meter.end(second, at(5));
  EXPECT_TRUE(meter.take(at(100)).empty());
  EXPECT_FALSE(meter.waits_for_reading());
}

TEST(Meter, AShortRunIsNotMeasuredAndAMissingReadingIsNotWaitedForForever) {
  Meter meter;
  meter.read(node, {at(0), {device(0, {}, 10)}});
  meter.begin(first, 1, holds({{0, whole_device}}), at(0));
  meter.end(first, at(0.5));
  EXPECT_FALSE(meter.waits_for_reading());
  meter.begin(second, 1, holds({{0, whole_device}}), at(0));
  meter.read(node, {at(10), {device(50, {}, 10)}});
  meter.end(second, at(12));
  EXPECT_TRUE(meter.take(at(20)).empty());
  EXPECT_EQ(only(meter, 43).read, seconds(10));
}

TEST(Meter, ALongSilenceIsNotFilledIn) {
  Meter meter;
  meter.read(node, {at(0), {device(0, {}, 10)}});
  meter.begin(first, 1, holds({{0, whole_device}}), at(0));
  meter.read(node, {at(1000), {device(1e6, {}, 10)}});
  meter.read(node, {at(1001), {device(1e6 + 70, {}, 10)}});
  meter.end(first, at(1001));
  EXPECT_NEAR(only(meter, 1001).energy->j, 70, 1e-6);
}

}  // namespace
}  // namespace gangline
