#include "schedule/never_fits.h"

#include <gtest/gtest.h>

#include "schedule/small_world.h"

namespace gangline {
namespace {

std::string refusal(const SmallWorld& world, const ResourceRequest& request) {
  const auto error = never_fits(*world.cluster, request);
  return error ? error->sentence() : "";
}

TEST(NeverFits, SaysHowToAskForCpusWhereThereIsNoGpu) {
  SmallWorld world;
  world.node("a", 0, 2);
  EXPECT_EQ(refusal(world, gpus(1)),
            "this machine has no GPU that Gangline can use, only 2 CPUs; ask for CPUs instead: "
            "gpus = 0 and cpus = 2 (or --gpus 0 --cpus 2)");
  EXPECT_EQ(refusal(world, cpus(2)), "");
}

TEST(NeverFits, SaysHowManyThereAreWhereMoreAreAskedFor) {
  SmallWorld world;
  world.node("a", 8, 64);
  EXPECT_EQ(
      refusal(world, gpus(9)),
      "a task wants 9 GPUs, and this machine has 8 GPUs; ask for at most 8 GPUs in each task");
  EXPECT_EQ(refusal(world, gpus(1, 9)),
            "9 tasks with 1 GPU each want 9 GPUs at once, and this machine has 8 GPUs; ask for at "
            "most 8 tasks that start together");
  EXPECT_EQ(refusal(world, gpus(8)), "");
}

TEST(NeverFits, NamesTheModelsThatThereAre) {
  SmallWorld world;
  world.node("a", 2, 64);
  world.node("b", 1, 64).devices[0].model = "NVIDIA A100-SXM4-40GB";
  ResourceRequest request = gpus(1);
  request.alternatives[0].devices->model = "B200";
  EXPECT_EQ(refusal(world, request),
            "no GPU here is a 'B200'; this cluster has NVIDIA A100-SXM4-40GB (1), NVIDIA H100 80GB "
            "HBM3 (2); ask for one of these models, or for any by leaving the model out");
}

TEST(NeverFits, SaysThatThereIsNoneOfAVendorAndWhatThereIs) {
  SmallWorld world;
  world.node("a", 2, 4).devices[1].kind = DeviceKind::fpga;
  world.nodes().devices[1].model = "U280";
  ResourceRequest request = gpus(1);
  request.alternatives[0].devices->vendor = "amd";
  EXPECT_EQ(refusal(world, request),
            "this machine has no AMD GPU that Gangline can use, only NVIDIA H100 80GB HBM3 (1), "
            "FPGA U280 (1) and 4 CPUs; leave the vendor out for any GPU: device = \"gpu\" (or "
            "--device gpu)");
  request.alternatives[0].devices->model = "MI300X";
  EXPECT_NE(refusal(world, request).find("has no AMD GPU"), std::string::npos);
  SmallWorld none;
  none.node("a", 0, 4);
  EXPECT_EQ(refusal(none, request),
            "this machine has no AMD GPU that Gangline can use, only 4 CPUs; ask for CPUs instead: "
            "gpus = 0 and cpus = 4 (or --gpus 0 --cpus 4)");
}

TEST(NeverFits, SaysTheLargestMemoryOfADeviceWhereNoneHasEnough) {
  SmallWorld world;
  world.node("a", 1, 64);
  ResourceRequest request = gpus(1);
  request.alternatives[0].devices->memory = gibibytes(100);
  EXPECT_NE(refusal(world, request).find("with at most 80G"), std::string::npos);
}

TEST(NeverFits, SaysSoWhereThingsAreThereButNotTogether) {
  SmallWorld world;
  world.node("a", 4, 8);
  ResourceRequest request = gpus(1, 2);
  request.alternatives[0].cpus = whole_cpus(8);
  EXPECT_NE(refusal(world, request), "");
  world.node("b", 0, 64);
  EXPECT_NE(refusal(world, request).find("room for only 1 such task at once"), std::string::npos);
}

TEST(NeverFits, AcceptsWhatOneOfTheAlternativesCanMeet) {
  SmallWorld world;
  world.node("a", 0, 2);
  ResourceRequest request = gpus(1);
  request.alternatives.push_back(cpus(2).alternatives[0]);
  EXPECT_EQ(refusal(world, request), "");
  request.alternatives[1].cpus = whole_cpus(3);
  EXPECT_NE(refusal(world, request).find("nor can any of the other alternatives"),
            std::string::npos);
}

TEST(NeverFits, CountsADeviceThatMayComeBackButNotASliceThatIsGone) {
  SmallWorld world;
  Node& node = world.node("a", 2, 8);
  node.devices[1].present = false;
  EXPECT_EQ(refusal(world, gpus(2)), "");
  node.devices[1].parent = 0;
  EXPECT_NE(refusal(world, gpus(2)), "");
}

}  // namespace
}  // namespace gangline
