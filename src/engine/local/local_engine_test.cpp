#include "engine/local/local_engine.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "launch/launcher.h"
#include "os/clock.h"
#include "os/file.h"

namespace gangline {
namespace {

class Home {
 public:
  Home() {
    char name[] = "/tmp/gangline-local-XXXXXX";
    path_ = ::mkdtemp(name);
  }
  ~Home() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

struct World {
  Home home;
  Loop loop;
  std::unique_ptr<LocalEngine> engine;
  std::vector<Event> seen;

  World() { open(); }
  ~World() {
    if (engine) {
      engine->retire();
      run_until([] { return false; }, milliseconds(50));
    }
  }
  void open(const std::string& cursor = "", const std::vector<StartOrder>& asked = {}) {
    char self[4096];
    const ssize_t n = ::readlink("/proc/self/exe", self, sizeof self);
    LocalEngineSettings settings;
    settings.state_dir = home.path();
    settings.launcher = {std::string(self, static_cast<std::size_t>(n)), "internal-launcher"};
    settings.probe = {"/bin/false"};
    settings.sample_every = hours(1);
    engine = std::make_unique<LocalEngine>(loop, settings);
    EXPECT_TRUE(engine->describe_node().ok());
    engine->resume(cursor, asked);
  }
  template <class Done>
  bool run_until(Done done, Span longest = seconds(20)) {
    const Span begun = since_boot();
    const auto tick = loop.every(milliseconds(2), [&] {
      News news = engine->poll(now());
      for (Event& event : news.events) seen.push_back(std::move(event));
      if (!news.cursor.empty()) engine->acknowledge(news.cursor);
      if (done() || since_boot() - begun > longest) loop.stop();
    });
    loop.run();
    return done();
  }
  const GangEnded* ended(GangId gang) const {
    for (const Event& event : seen)
      if (const auto* end = std::get_if<GangEnded>(&event.body); end && end->gang == gang)
        return end;
    return nullptr;
  }
};

StartOrder order_of(std::uint64_t job, const std::string& script) {
  JobSpec spec;
  spec.name = "test";
  spec.command = {true, {script}};
  spec.dir = "/";
  spec.inherited = {{"PATH", "/usr/bin:/bin"}};
  StartOrder order;
  order.job.id = {job};
  order.job.spec = std::make_shared<const JobSpec>(std::move(spec));
  Allocation allocation;
  allocation.parts = {NodePart{NodeId{0}, {TaskPlace{0, {}, CpuSet::of({0}), {}}}}};
  order.allocation = std::make_shared<const Allocation>(allocation);
  return order;
}

TEST(LocalEngine, starts_a_gang_and_tells_how_it_ended) {
  World world;
  world.engine->start(order_of(1, "echo hello; exit 7"));
  ASSERT_TRUE(world.run_until([&] { return world.ended({{1}, 0}) != nullptr; }));
  const GangEnded& end = *world.ended({{1}, 0});
  EXPECT_EQ(end.ending.cause, EndCause::failed);
  EXPECT_EQ(end.ending.exit_code, 7);
  const auto log = world.engine->read_log({{{1}, 0}, 0, 0, false, 0, 100});
  ASSERT_TRUE(log.ok());
  EXPECT_EQ(log->bytes, "hello\n");
}

TEST(LocalEngine, stops_a_gang_that_runs) {
  World world;
  world.engine->start(order_of(1, "echo up; sleep 100"));
  ASSERT_TRUE(world.run_until([&] { return !world.seen.empty(); }));
  world.engine->stop({{{1}, 0}, EndCause::stopped, "stopped by a test", false});
  ASSERT_TRUE(world.run_until([&] { return world.ended({{1}, 0}) != nullptr; }));
  EXPECT_EQ(world.ended({{1}, 0})->ending.cause, EndCause::stopped);
  EXPECT_EQ(world.ended({{1}, 0})->ending.detail, "stopped by a test");
}

}  // namespace
}  // namespace gangline

int main(int argc, char** argv) {
  if (argc > 3 && std::string_view(argv[1]) == "internal-launcher")
    return gangline::run_launcher({argv[3]});
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
