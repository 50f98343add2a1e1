// One machine with a device of each kind, made up of files, and jobs that take what is free.
#include <algorithm>
#include <filesystem>
#include <set>

#include "devices/amd/small_gpus.h"
#include "devices/fpga/small_boards.h"
#include "devices/intel/small_cards.h"
#include "machine.h"
#include "model/cluster.h"
#include "os/clock.h"

namespace gangline {
namespace {

class Kinds : public testing::Test {
 protected:
  Kinds() { machine_.write("config.toml", "sample_every = '0.1s'\n"); }

  // Two NVIDIA GPUs, one of AMD, one of Intel, an FPGA, and two CPUs.
  void give_all() {
    std::string profile = Machine::profile_of("eight_gpus.txt");
    for (int kept = 2; kept < 8; ++kept) profile.resize(profile.rfind("\ngpu"));
    machine_.give_gpus(profile + "\n", 8);
    SmallGpus(machine_.path() + "/root").add(SmallGpu{});
    SmallCards(machine_.path() + "/root").add_xe(SmallCard{});
    SmallBoards(machine_.path() + "/root").add_dfl(0, "0000:3b:00.0");
  }

  Machine machine_;
};

TEST_F(Kinds, EachKindIsShownAndCanBeAskedFor) {
  give_all();
  const Ran table = machine_.gang({"nodes"});
  EXPECT_TRUE(says(table.out, "NVIDIA H100"));
  EXPECT_TRUE(says(table.out, "AMD Instinct MI300X"));
  EXPECT_TRUE(says(table.out, "Intel Data Center GPU Max 1550, 2 tiles"));
  EXPECT_TRUE(says(table.out, "fpga 4"));
  EXPECT_TRUE(says(table.out, "Intel PAC N3000"));
  const auto run = [&](const std::string& device, const std::string& script) {
    return machine_.gang({"run", "--device", device, "--", "sh", "-c", script}).out;
  };
  EXPECT_EQ(run("nvidia", "echo {device} [$ZE_AFFINITY_MASK] [$GANG_FPGAS]"),
            "nvidia [65535] []\n");
  EXPECT_EQ(run("amd", "echo {device} $ROCR_VISIBLE_DEVICES [$CUDA_VISIBLE_DEVICES]"),
            "amd GPU-00ff000000000001 []\n");
  EXPECT_EQ(run("intel", "echo {device} $ZE_AFFINITY_MASK [$CUDA_VISIBLE_DEVICES]"),
            "intel 0 []\n");
  EXPECT_EQ(run("fpga", "echo {device} $GANG_FPGAS $GANG_FPGA_FILES $GANG_DEVICE"),
            "fpga 0000:3b:00.0 /dev/dfl-port.0,/dev/dfl-fme.0 fpga\n");
  EXPECT_EQ(machine_.gang({"run", "--", "echo", "{device}"}).out, "cpu\n");
}

TEST_F(Kinds, AModelAndAMemoryChooseTheKindThatHasThem) {
  give_all();
  EXPECT_EQ(machine_.gang({"run", "--model", "max 1550", "--", "echo", "{device}"}).out, "intel\n");
  EXPECT_EQ(machine_.gang({"run", "--gpu-memory", "150G", "--", "echo", "{device}"}).out, "amd\n");
  EXPECT_EQ(
      machine_.gang({"run", "--device", "fpga", "--model", "N3000", "--", "echo", "{device}"}).out,
      "fpga\n");
  const Ran refused = machine_.gang({"submit", "--device", "fpga", "--gpus", "2", "--", "true"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_TRUE(says(refused.err, "FPGA"));
  EXPECT_EQ(machine_.gang({"submit", "--gpu-memory", "500G", "--", "true"}).code, 1);
  // One program computes with GPUs of one vendor.
  EXPECT_EQ(machine_.gang({"run", "--gpus", "2", "--", "echo", "{device}"}).out, "nvidia\n");
  EXPECT_TRUE(says(machine_.gang({"submit", "--gpus", "3", "--", "true"}).err,
                   "a task wants 3 GPUs of one vendor, and this machine has 2 GPUs of one vendor"));
}

TEST_F(Kinds, OneJobFileRunsOnWhateverKindIsFreeEachGangWithItsOwnSwitch) {
  give_all();
  const std::string job = machine_.submit_file("any.toml", R"(
command = "echo {device} > seen.{job}.{gang}.1; while ! [ -e go ]; do sleep 0.01; done"
any_of  = [
  { device = "nvidia" },
  { device = "amd" },
  { device = "intel" },
  { device = "fpga" },
  { device = "cpu", cpus = 1 },
]
[sweep]
part = "1..6"
)");
  std::multiset<std::string> all;
  for (int gang = 0; gang < 6; ++gang) all.insert(machine_.seen(job, gang));
  EXPECT_EQ(all, (std::multiset<std::string>{"amd", "cpu", "fpga", "intel", "nvidia", "nvidia"}));
  EXPECT_EQ(machine_.seen(job, 0), "nvidia");  // the kind that is liked best goes first
  EXPECT_EQ(machine_.seen(job, 5), "cpu");
  machine_.let_go(job);
}

TEST_F(Kinds, EachTaskOfAGangKnowsItsOwnKind) {
  give_all();
  const std::string job = machine_.submit_file("mixed.toml", R"(
command = "echo {device} > seen.{job}.{rank}.1"
tasks   = 4
gpus    = 1
)");
  EXPECT_EQ(machine_.wait(job), 0);
  std::multiset<std::string> all;
  for (int rank = 0; rank < 4; ++rank) all.insert(machine_.seen(job, rank));
  EXPECT_EQ(all, (std::multiset<std::string>{"amd", "intel", "nvidia", "nvidia"}));
}

TEST_F(Kinds, AForeignProcessOnAnIntelGpuOrAnFpgaKeepsJobsFromIt) {
  give_all();
  for (const char* file : {"/dev/dri/renderD128", "/dev/dfl-port.0"})
    SmallCards(machine_.path() + "/root").write(file, "");
  const Beside foreign = machine_.run_beside(
      {"sh", "-c", "exec 3< root/dev/dri/renderD128 4< root/dev/dfl-port.0; exec sleep 600"});
  const std::string who = "outside Gangline: pid " + std::to_string(foreign.pid());
  ASSERT_TRUE(becomes_true([&] {
    const std::string table = machine_.gang({"nodes"}).out;
    const auto first = table.find(who);
    return first != std::string::npos && table.find(who, first + 1) != std::string::npos;
  })) << machine_.gang({"nodes"}).out;
  for (const char* device : {"intel", "fpga"}) {
    const std::string job = machine_.submit({"--device", device, "--", "true"});
    EXPECT_TRUE(says(machine_.gang({"why", job}).out, "somebody outside Gangline"));
    EXPECT_EQ(machine_.gang({"stop", job}).code, 0);
  }
}

TEST_F(Kinds, PackagesAndPortsAreShownWithWhatIsNearToThem) {
  give_all();
  const auto write = [&](const std::string& path, const std::string& text) {
    SmallCards(machine_.path() + "/root").write(path, text);
  };
  write("/sys/class/powercap/intel-rapl:0/name", "package-0\n");
  write("/sys/class/powercap/intel-rapl:0/energy_uj", "1000000\n");
  write("/sys/class/infiniband/mlx5_0/ports/1/link_layer", "InfiniBand\n");
  write("/sys/class/infiniband/mlx5_0/ports/1/state", "4: ACTIVE\n");
  write("/sys/class/infiniband/mlx5_0/ports/1/rate", "400 Gb/sec (4X NDR)\n");
  write("/sys/bus/pci/devices/0000:c2:00.0/vendor", "0x15b3\n");
  write("/sys/bus/pci/devices/0000:c2:00.0/numa_node", "1\n");
  std::filesystem::create_symlink("../../../0000:c2:00.0",
                                  machine_.path() + "/root/sys/class/infiniband/mlx5_0/device");
  EXPECT_TRUE(says(machine_.gang({"nodes"}).out, "package-0 -"));
  ASSERT_TRUE(becomes_true([&] {
    return machine_.gang({"nodes"}).out.find(
               "mlx5_0:1  InfiniBand  400 Gb/sec (4X NDR)  ACTIVE  1     numa 2,4") !=
           std::string::npos;
  }));
  const auto ports_of = [&](const std::string& device) {
    return machine_.gang({"run", "--device", device, "--", "sh", "-c", "echo [$GANG_PORTS]"}).out;
  };
  EXPECT_EQ(ports_of("amd"), "[mlx5_0:1]\n");
  EXPECT_EQ(ports_of("nvidia"), "[]\n");
  // A second passes, in which the package takes something.
  ASSERT_TRUE(becomes_true([&] {
    write("/sys/class/powercap/intel-rapl:0/energy_uj",
          std::to_string(since_boot().us * 50) + "\n");
    const NodeView view = machine_.nodes().at(0);
    return view.sample && !view.sample->packages.empty() && view.sample->packages[0].power;
  }));
}

}  // namespace
}  // namespace gangline
