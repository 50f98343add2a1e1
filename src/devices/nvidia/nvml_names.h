// What each call is named in the library. A name without a version is the oldest form of the call,
// and is tried only where its arguments are the same or a prefix of ours.
#pragma once

#include "devices/nvidia/nvml_library.h"

namespace gangline::nvml {

/// `find(call, {names})` sets the call by the first of the names that there is. Without the calls
/// of find_start a library is none.
template <class Find>
void find_start(Calls& calls, Find& find) {
  find(calls.init, {"nvmlInit_v2", "nvmlInit"});
  find(calls.shutdown, {"nvmlShutdown"});
  find(calls.count, {"nvmlDeviceGetCount_v2", "nvmlDeviceGetCount"});
  find(calls.handle, {"nvmlDeviceGetHandleByIndex_v2", "nvmlDeviceGetHandleByIndex"});
}

template <class Find>
void find_facts(Calls& calls, Find& find) {
  find(calls.driver_version, {"nvmlSystemGetDriverVersion"});
  find(calls.name, {"nvmlDeviceGetName"});
  find(calls.uuid, {"nvmlDeviceGetUUID"});
  find(calls.pci, {"nvmlDeviceGetPciInfo_v3", "nvmlDeviceGetPciInfo_v2"});
  find(calls.minor, {"nvmlDeviceGetMinorNumber"});
  find(calls.memory, {"nvmlDeviceGetMemoryInfo"});
  find(calls.memory2, {"nvmlDeviceGetMemoryInfo_v2"});
  find(calls.memory_affinity, {"nvmlDeviceGetMemoryAffinity"});
  find(calls.power_limit_mw, {"nvmlDeviceGetEnforcedPowerLimit"});
  find(calls.mig_mode, {"nvmlDeviceGetMigMode"});
  find(calls.most_slices, {"nvmlDeviceGetMaxMigDeviceCount"});
  find(calls.slice, {"nvmlDeviceGetMigDeviceHandleByIndex"});
  find(calls.gpu_instance, {"nvmlDeviceGetGpuInstanceId"});
  find(calls.compute_instance, {"nvmlDeviceGetComputeInstanceId"});
  find(calls.slice_attributes, {"nvmlDeviceGetAttributes_v2"});
  find(calls.ancestor, {"nvmlDeviceGetTopologyCommonAncestor"});
  find(calls.nvlink_active, {"nvmlDeviceGetNvLinkState"});
  find(calls.nvlink_remote,
       {"nvmlDeviceGetNvLinkRemotePciInfo_v2", "nvmlDeviceGetNvLinkRemotePciInfo"});
  find(calls.nvlink_remote_kind, {"nvmlDeviceGetNvLinkRemoteDeviceType"});
}

template <class Find>
void find_readings(Calls& calls, Find& find) {
  find(calls.utilization, {"nvmlDeviceGetUtilizationRates"});
  find(calls.power_mw, {"nvmlDeviceGetPowerUsage"});
  find(calls.energy_mj, {"nvmlDeviceGetTotalEnergyConsumption"});
  find(calls.temperature, {"nvmlDeviceGetTemperature"});
  find(calls.temperature_tagged, {"nvmlDeviceGetTemperatureV"});
  find(calls.process_details, {"nvmlDeviceGetRunningProcessDetailList"});
  find(calls.processes3, {"nvmlDeviceGetComputeRunningProcesses_v3"});
  find(calls.processes2, {"nvmlDeviceGetComputeRunningProcesses_v2"});
  find(calls.processes1, {"nvmlDeviceGetComputeRunningProcesses"});
  find(calls.mps_processes3, {"nvmlDeviceGetMPSComputeRunningProcesses_v3"});
  find(calls.mps_processes2, {"nvmlDeviceGetMPSComputeRunningProcesses_v2"});
  find(calls.mps_processes1, {"nvmlDeviceGetMPSComputeRunningProcesses"});
}

}  // namespace gangline::nvml
