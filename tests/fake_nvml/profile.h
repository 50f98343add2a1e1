// The machine that the fake NVML pretends to be, as a text file tells it. One thing a line; '#'
// starts a comment. The file is read again when it changes, so a test can change the machine while
// it runs.
//
//   driver 535.104.05          of the machine, as all up to "gpu"; such lines may stand anywhere
//   init_error 9               nvmlInit answers this code
//   hang nvmlDeviceGetName     this call ("all": each call, init too) returns only when the line is
//   gone process_stride 32          the third process list writes the entries of drivers 530 to 535
//   detail_list                there is a detail list of processes (drivers from 535.86 on)
//   ancestor 0 1 10            topology of GPUs 0 and 1 as NVML numbers it
//   gpu 0                      a GPU; what follows is about it. Numbers count from 0, without a
//   hole
//     name NVIDIA H100 80GB HBM3
//     uuid GPU-…               pci 00000000:1B:00.0     minor 0      numa 0      pcie_switch a
//     memory_mib 81559         used_mib 3               reserved_mib 500
//     watts 95                 limit_watts 700          busy 0       celsius 34  energy_joules 1000
//     nvlink switch 00000000:06:00.0 4                  4 links to a switch
//     nvlink gpu 1 2                                    2 links straight to GPU 1
//     nvlink down 1                                     1 link that is not active
//     process 4242 1024        pid and MiB, "-" for unknown memory; mps 4242 1024: through MPS
//     unsupported watts busy   each such reading answers NOT_SUPPORTED: watts busy celsius energy
//                              memory limit nvlink ancestor minor numa process
//     lost                     each call answers GPU_IS_LOST
//     forbidden                its handle answers NO_PERMISSION
//     mig on                   MIG without slices
//     mig 2                    a slice in slot 2; what follows is about it, until the next mig or
//     gpu:
//       uuid, name, memory_mib, used_mib, process, and: gi 3   ci 0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace fake_nvml {

struct Process {
  unsigned pid = 0;
  std::optional<std::uint64_t> bytes;
  bool mps = false;
};

struct Slice {
  unsigned slot = 0, gi = 0, ci = 0;
  std::string name, uuid;
  std::uint64_t memory = 0, used = 0;
  std::vector<Process> processes;
};

struct NvLink {
  enum class End { gpu, nvswitch, down } end = End::down;
  unsigned gpu = 0;
  std::string address;
};

struct Gpu {
  std::string name = "NVIDIA Fake", uuid, pci, pcie_switch;
  unsigned minor = 0, numa = 0, busy = 0, celsius = 30;
  std::uint64_t memory = std::uint64_t{16} << 30, used = 0, reserved = 0;
  double watts = 50, limit_watts = 300, energy_joules = 0;
  std::vector<NvLink> nvlinks;
  std::vector<Process> processes;
  std::set<std::string> unsupported;
  bool lost = false, forbidden = false, mig = false;
  std::vector<Slice> slices;
};

struct Profile {
  std::string driver = "535.104.05";
  int init_error = 0;
  std::set<std::string> hangs;
  unsigned process_stride = 24;
  bool detail_list = false;
  std::map<std::pair<unsigned, unsigned>, int> ancestors;
  std::vector<Gpu> gpus;
};

/// Empty, with a message to standard error, where the file cannot be read or a line is not
/// understood.
std::optional<Profile> read_profile(const std::string& path);

}  // namespace fake_nvml
