#include "engine/local/lease_watch.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "launch/lease/leases.h"

namespace gangline {
namespace {

/// A service that watches two devices, and another one's leases of them.
class WatchedDevices : public testing::Test {
 protected:
  WatchedDevices() {
    devices_[0].uid = "GPU-a";
    devices_[1].uid = "GPU-b";
    watch_.set_devices(devices_);
  }
  Fd lease_of(const std::string& uid) const {
    auto file = take_name(lease_name(scope_, uid));
    EXPECT_TRUE(file && file->open());
    return file ? *std::move(file) : Fd{};
  }
  /// Runs the loop until something has changed.
  void wait_for_change() {
    const auto late = loop_.after(seconds(30), [this] { loop_.stop(); });
    const int before = changes_;
    const auto look = loop_.every(milliseconds(1), [this, before] {
      if (changes_ > before) loop_.stop();
    });
    loop_.run();
    EXPECT_GT(changes_, before);
  }

  const std::string scope_ = "gangline-watch-test/" + std::to_string(::getpid());
  std::vector<Device> devices_{2};
  Loop loop_;
  int changes_ = 0;
  LeaseWatch watch_{loop_, [this] { ++changes_; }, scope_};
};

TEST_F(WatchedDevices, a_lease_of_others_is_seen_with_its_holder_and_its_end_at_once) {
  Fd lease = lease_of("GPU-b");
  watch_.look();
  EXPECT_EQ(watch_.holders()[0], "");
  EXPECT_NE(watch_.holders()[1].find("(launcher " + std::to_string(::getpid()) + ")"),
            std::string::npos);
  lease.reset();
  wait_for_change();
  EXPECT_EQ(watch_.holders(), (std::vector<std::string>{"", ""}));
}

TEST_F(WatchedDevices, leases_of_our_own_launcher_are_nobody_elses_be_it_gone) {
  auto name = take_name(launcher_name(scope_, ::getpid(), "ours"));
  ASSERT_TRUE(name && name->open());
  const Fd lease = lease_of("GPU-a");
  watch_.set_ours({::getpid() + 1, ::geteuid(), "ours"});  // the launcher that came after it
  watch_.look();
  EXPECT_EQ(watch_.holders()[0], "");
  watch_.set_ours({::getpid() + 1, ::geteuid(), "another"});
  watch_.look();
  EXPECT_NE(watch_.holders()[0], "");
}

TEST_F(WatchedDevices, a_lease_that_passes_on_is_held_all_the_same) {
  Fd lease = lease_of("GPU-a");
  watch_.look();
  const std::string held = watch_.holders()[0];
  lease.reset();
  const Fd next = lease_of("GPU-a");
  Fd other = lease_of("GPU-b");
  watch_.look();
  other.reset();
  wait_for_change();
  EXPECT_EQ(watch_.holders(), (std::vector<std::string>{held, ""}));
}

}  // namespace
}  // namespace gangline
