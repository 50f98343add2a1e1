#include "engine/slurm/pilot/by_itself.h"

#include <gtest/gtest.h>

#include "engine/slurm/pilot/pilot_script.h"

namespace gangline {
namespace {

SlurmProfile profile() {
  SlurmProfile profile;
  profile.usual.account = "physics";
  profile.pilot = PilotByItself{200, minutes(1), {}};
  profile.pilot->request.nodes = 2;
  profile.pilot->request.gpus = 4;
  profile.pilot->request.time = hours(1);
  return profile;
}

SlurmSite site() {
  SlurmSite site;
  site.partitions = {{"main", true, true, std::nullopt, std::nullopt, "n[1-2]"},
                     {"short", false, true, minutes(10), std::nullopt, "n1"}};
  return site;
}

std::vector<Node> nodes() {
  std::vector<Node> all(2);
  for (std::size_t n = 0; n < all.size(); ++n) {
    all[n].name = "n" + std::to_string(n + 1);
    all[n].counted = whole_cpus(n == 0 ? 16 : 8);
    all[n].memory = gibibytes(32);
    all[n].devices.resize(4);
  }
  return all;
}

JobSpec sweep(std::uint32_t gangs) {
  JobSpec spec;
  spec.time = seconds(30);
  spec.sweep = {{"i", {}}};
  for (std::uint32_t i = 0; i < gangs; ++i) spec.sweep[0].values.push_back(std::to_string(i));
  return spec;
}

std::optional<PilotRequest> pilot_of(const JobSpec& spec) {
  return pilot_by_itself(spec, profile(), site(), nodes());
}

TEST(PilotByItself, IsForManyShortGangs) {
  const auto request = pilot_of(sweep(200));
  ASSERT_TRUE(request);
  EXPECT_EQ(request->nodes, 2u);
  EXPECT_EQ(request->cpus, 0u);  // whole nodes
  EXPECT_FALSE(pilot_of(sweep(199)));
  JobSpec longer = sweep(200);
  longer.time = seconds(61);
  EXPECT_FALSE(pilot_of(longer));
  longer.time.reset();
  EXPECT_FALSE(pilot_of(longer));
  EXPECT_FALSE(pilot_by_itself(sweep(200), {}, site(), nodes()));
}

TEST(PilotByItself, IsNotForJobsThatSayItOrThatPilotsDoNotRun) {
  JobSpec spec = sweep(200);
  spec.pilot_said_by = PilotSaidBy::person;
  EXPECT_FALSE(pilot_of(spec));
  spec.pilot = true;
  EXPECT_FALSE(pilot_of(spec));
  spec.pilot_said_by = PilotSaidBy::service;  // as it is asked again
  EXPECT_TRUE(pilot_of(spec));
  spec.launcher = TeamLauncher::mpi;
  EXPECT_FALSE(pilot_of(spec));
}

TEST(PilotByItself, HasRoomForAGangOnTheLeastOfItsNodes) {
  JobSpec spec = sweep(200);
  TaskRequest& task = spec.resources.alternatives[0];
  task.cpus = whole_cpus(8);
  spec.resources.tasks = 2;
  EXPECT_TRUE(pilot_of(spec));
  spec.resources.tasks = 3;
  EXPECT_FALSE(pilot_of(spec));
  spec.resources.tasks = 1;
  task.cpus = whole_cpus(9);
  EXPECT_FALSE(pilot_of(spec));
  task.cpus = whole_cpus(1);
  task.memory = gibibytes(33);
  EXPECT_FALSE(pilot_of(spec));
  task.memory = {};
  task.devices = DeviceRequest{};
  task.devices->count = 4;
  EXPECT_TRUE(pilot_of(spec));
  task.devices->count = 5;
  EXPECT_FALSE(pilot_of(spec));
  task.devices->count = 1;
  task.devices->model = "h100";  // which of them a pilot gets is not known
  EXPECT_FALSE(pilot_of(spec));
}

TEST(PilotByItself, KeepsToThePartitionOfTheJobAndItsTime) {
  JobSpec spec = sweep(200);
  spec.queue = "short";
  const auto request = pilot_of(spec);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->queue, "short");
  EXPECT_EQ(request->time, minutes(10));
  spec.queue = "nope";
  EXPECT_FALSE(pilot_of(spec));
}

TEST(PilotByItself, SaysWhatTheConfigFileSaysInItsScript) {
  const auto request = pilot_of(sweep(200));
  const std::string script = pilot_script(*request, "3", {"gpu", "physics", "high", "a&b"}, "/gang",
                                          "/home/a/pilots/3", "/o");
  for (const char* line : {"#SBATCH --partition=gpu\n", "#SBATCH --account=physics\n",
                           "#SBATCH --qos=high\n", "#SBATCH --constraint=\"a&b\"\n"})
    EXPECT_NE(script.find(line), std::string::npos) << line;
  const Translation told =
      translated_for_pilot(sweep(200), request, profile().usual, "/gang", "/home/a");
  EXPECT_NE(told.fields.at(0).says.find("by itself, for it has 200 short gangs"),
            std::string::npos);
  EXPECT_NE(told.script.find("#SBATCH --account=physics\n"), std::string::npos);
}

}  // namespace
}  // namespace gangline
