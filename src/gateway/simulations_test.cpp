#include "gateway/simulations.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "os/file.h"

namespace gangline {
namespace {

using Words = std::vector<std::string>;

// A program in the place of `gang` that says how far it is, writes its page and ends as told.
class SimulationsOf : public testing::Test {
 protected:
  SimulationsOf() {
    char name[] = "/tmp/gangline-simulations-XXXXXX";
    directory_ = ::mkdtemp(name);
    const std::string program = directory_ + "/gang";
    EXPECT_TRUE(write_file(program,
                           "#!/bin/sh\n[ $1 = simulate ] || exit 9\necho progress 40 >&2\n"
                           "case \"$*\" in *fifo*) echo 'no such policy' >&2; exit 1;; esac\n"
                           "while [ $1 != --html ]; do shift; done\necho '<html>' >\"$2\"\n",
                           0700));
    settings_ = {directory_ + "/kept", {program}};
  }
  ~SimulationsOf() override { std::filesystem::remove_all(directory_); }

  SimulationRun run_to_end(const Words& options) {
    Simulations simulations(loop_, settings_);
    const auto begun = simulations.begin(options);
    EXPECT_TRUE(begun) << begun.error().sentence();
    const auto look = loop_.every(milliseconds(5), [&] {
      if (simulations.all().front().state != SimulationState::running) loop_.stop();
    });
    loop_.run();
    return simulations.all().front();
  }

  Loop loop_;
  std::string directory_;
  SimulationsSettings settings_;
};

TEST_F(SimulationsOf, OneThatIsDoneHasItsPageAlsoForTheNextGateway) {
  const SimulationRun run = run_to_end({"--policy", "easy", "--backtest"});
  EXPECT_EQ(run.state, SimulationState::done) << run.says;
  EXPECT_EQ(run.page, "/v1/simulations/1/page");
  Simulations next(loop_, settings_);
  ASSERT_EQ(next.all().size(), 1u);
  EXPECT_EQ(next.all().front().options, (Words{"--policy", "easy", "--backtest"}));
  const auto page = next.page(1);
  ASSERT_TRUE(page);
  EXPECT_EQ(*page, "<html>\n");
  EXPECT_FALSE(next.page(2));
}

TEST_F(SimulationsOf, OneThatFailedSaysWhyInItsOwnWords) {
  const SimulationRun run = run_to_end({"--policy", "fifo"});
  EXPECT_EQ(run.state, SimulationState::failed);
  EXPECT_EQ(run.says, "no such policy");
}

TEST_F(SimulationsOf, OneRunsAtATimeAndWhatAGatewayLeftRunningHasFailed) {
  {
    Simulations simulations(loop_, settings_);
    ASSERT_TRUE(simulations.begin({}));
    const auto second = simulations.begin({});
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().what, "a simulation runs");
  }
  const Simulations next(loop_, settings_);
  EXPECT_EQ(next.all().front().state, SimulationState::failed);
  EXPECT_EQ(next.all().front().says, "the gateway ended while it ran");
}

TEST_F(SimulationsOf, TheOldestGoWhenThereAreTooManyAlsoForTheNextGateway) {
  for (int i = 0; i < 51; ++i) ASSERT_EQ(run_to_end({}).state, SimulationState::done);
  const Simulations next(loop_, settings_);
  ASSERT_EQ(next.all().size(), 50u);
  EXPECT_EQ(next.all().back().id, 2u);
  EXPECT_FALSE(std::filesystem::exists(settings_.directory + "/1"));
}

TEST_F(SimulationsOf, TheOldestGoWhenTheyAreTooLargeTogetherAndTheNewestStays) {
  run_to_end({});
  run_to_end({"--lose-work"});
  const std::string page = std::string(1000, 'x');
  ASSERT_TRUE(write_file(settings_.directory + "/1/page.html", page));
  ASSERT_TRUE(write_file(settings_.directory + "/2/page.html", page));
  settings_.most_bytes = 1500;
  const Simulations next(loop_, settings_);
  ASSERT_EQ(next.all().size(), 1u);
  EXPECT_EQ(*next.page(2), page);
  settings_.most_bytes = 10;
  EXPECT_EQ(Simulations(loop_, settings_).all().size(), 1u);
}

TEST(CheckWhatIf, OptionsThatNameFilesOrAreNoneAreRefused) {
  EXPECT_TRUE(check_what_if({}));
  EXPECT_TRUE(check_what_if({"--add", "2:gpu-03", "--scale-arrivals", "1.3", "--lose-work"}));
  for (const Words& bad :
       {Words{"--html", "/etc/x"}, Words{"jobs.csv"}, Words{"--policy"}, Words{"--policy", ""},
        Words{"--policy", "--html"}, Words{"--add", "a\nb"}, Words{"--cluster", "x"},
        Words{"--speeds", "x"}, Words{"--from", "slurm"}, Words(101, "--lose-work"),
        Words{"--add", std::string(201, 'x')}})
    EXPECT_FALSE(check_what_if(bad)) << bad.front();
}

}  // namespace
}  // namespace gangline
