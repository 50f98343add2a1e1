#include "devices/nvidia/nvml_library.h"

#include <dlfcn.h>

#include <initializer_list>
#include <string_view>

namespace gangline::nvml {
namespace {

// A name without a version is the oldest form of the call, and is tried only where its arguments
// are the same or a prefix of ours.
template <class Call>
void find(void* library, Call& call, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    call = reinterpret_cast<Call>(::dlsym(library, name));
    if (call != nullptr) return;
  }
}

void find_start(void* library, Calls& calls) {
  find(library, calls.init, {"nvmlInit_v2", "nvmlInit"});
  find(library, calls.shutdown, {"nvmlShutdown"});
  find(library, calls.count, {"nvmlDeviceGetCount_v2", "nvmlDeviceGetCount"});
  find(library, calls.handle, {"nvmlDeviceGetHandleByIndex_v2", "nvmlDeviceGetHandleByIndex"});
}

void find_facts(void* library, Calls& calls) {
  find(library, calls.driver_version, {"nvmlSystemGetDriverVersion"});
  find(library, calls.name, {"nvmlDeviceGetName"});
  find(library, calls.uuid, {"nvmlDeviceGetUUID"});
  find(library, calls.pci, {"nvmlDeviceGetPciInfo_v3", "nvmlDeviceGetPciInfo_v2"});
  find(library, calls.minor, {"nvmlDeviceGetMinorNumber"});
  find(library, calls.memory, {"nvmlDeviceGetMemoryInfo"});
  find(library, calls.memory2, {"nvmlDeviceGetMemoryInfo_v2"});
  find(library, calls.memory_affinity, {"nvmlDeviceGetMemoryAffinity"});
  find(library, calls.power_limit_mw, {"nvmlDeviceGetEnforcedPowerLimit"});
  find(library, calls.mig_mode, {"nvmlDeviceGetMigMode"});
  find(library, calls.most_slices, {"nvmlDeviceGetMaxMigDeviceCount"});
  find(library, calls.slice, {"nvmlDeviceGetMigDeviceHandleByIndex"});
  find(library, calls.gpu_instance, {"nvmlDeviceGetGpuInstanceId"});
  find(library, calls.compute_instance, {"nvmlDeviceGetComputeInstanceId"});
  find(library, calls.slice_attributes, {"nvmlDeviceGetAttributes_v2"});
  find(library, calls.ancestor, {"nvmlDeviceGetTopologyCommonAncestor"});
  find(library, calls.nvlink_active, {"nvmlDeviceGetNvLinkState"});
  find(library, calls.nvlink_remote,
       {"nvmlDeviceGetNvLinkRemotePciInfo_v2", "nvmlDeviceGetNvLinkRemotePciInfo"});
  find(library, calls.nvlink_remote_kind, {"nvmlDeviceGetNvLinkRemoteDeviceType"});
}

void find_readings(void* library, Calls& calls) {
  find(library, calls.utilization, {"nvmlDeviceGetUtilizationRates"});
  find(library, calls.power_mw, {"nvmlDeviceGetPowerUsage"});
  find(library, calls.energy_mj, {"nvmlDeviceGetTotalEnergyConsumption"});
  find(library, calls.temperature, {"nvmlDeviceGetTemperature"});
  find(library, calls.temperature_tagged, {"nvmlDeviceGetTemperatureV"});
  find(library, calls.process_details, {"nvmlDeviceGetRunningProcessDetailList"});
  find(library, calls.processes3, {"nvmlDeviceGetComputeRunningProcesses_v3"});
  find(library, calls.processes2, {"nvmlDeviceGetComputeRunningProcesses_v2"});
  find(library, calls.processes1, {"nvmlDeviceGetComputeRunningProcesses"});
  find(library, calls.mps_processes3, {"nvmlDeviceGetMPSComputeRunningProcesses_v3"});
  find(library, calls.mps_processes2, {"nvmlDeviceGetMPSComputeRunningProcesses_v2"});
  find(library, calls.mps_processes1, {"nvmlDeviceGetMPSComputeRunningProcesses"});
}

}  // namespace

std::string sentence_of(int code) {
  const auto with_code = [code](std::string_view words) {
    return std::string(words) + " (NVML " + std::to_string(code) + ")";
  };
  switch (code) {
    case not_supported: return with_code("not supported here");
    case no_permission:
      return with_code("no permission; this user needs /dev/nvidiactl and the GPU's file");
    case operating_system: return with_code("the system forbids it");
    case driver_not_loaded: return with_code("the driver is not loaded; try: modprobe nvidia");
    case function_not_found: return with_code("the library lacks the function");
    case gpu_is_lost: return with_code("the GPU is lost; the machine needs a restart");
    case reset_required: return with_code("the GPU needs a reset");
    case library_and_driver_differ:
      return with_code("library and driver differ in version; the machine needs a restart");
    default: return with_code("it answered with an error");
  }
}

Library::~Library() {
  if (started_) ask(calls_.shutdown);
  if (library_ != nullptr) ::dlclose(library_);
}

bool Library::open(const std::string& path) {
  library_ = path.empty() ? nullptr : ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library_ == nullptr) {
    const char* said = path.empty() ? nullptr : ::dlerror();
    const std::string_view why = said == nullptr ? "" : said;
    if (why.find("No such file") == std::string_view::npos && !why.empty())
      trouble_ = "NVIDIA GPUs are unknown: cannot open the library: " + std::string(why);
    return false;
  }
  find_start(library_, calls_);
  if (calls_.init != nullptr && calls_.count != nullptr && calls_.handle != nullptr) {
    find_facts(library_, calls_);
    find_readings(library_, calls_);
    return true;
  }
  trouble_ = "NVIDIA GPUs are unknown: " + path + " is no NVML library";
  ::dlclose(library_);
  library_ = nullptr;
  return false;
}

bool Library::start(const std::string& path) {
  if (started_) return true;
  trouble_.clear();
  if (library_ == nullptr && !open(path)) return false;
  const int code = ask(calls_.init);
  started_ = code == success;
  if (!started_) trouble_ = "NVIDIA GPUs are unknown: NVML could not start: " + sentence_of(code);
  return started_;
}

}  // namespace gangline::nvml
