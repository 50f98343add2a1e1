// NVML opened at run time. No symbol but those of init, count and handle is sure to be there.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "devices/nvidia/nvml_abi.h"

namespace gangline::nvml {

/// The calls, each null where the library lacks it. Names of the versions tried: nvml_names.h.
struct Calls {
  using Word = std::uint32_t;
  template <class... Args>
  using Call = std::function<int(Args...)>;

  Call<> init = nullptr, shutdown = nullptr;
  Call<Word*> count = nullptr;
  Call<Word, Handle*> handle = nullptr;

  Call<char*, Word> driver_version = nullptr;
  Call<Handle, char*, Word> name = nullptr, uuid = nullptr;
  Call<Handle, PciAddress*> pci = nullptr;
  Call<Handle, Word*> minor = nullptr;
  Call<Handle, Memory*> memory = nullptr;
  Call<Handle, Memory2*> memory2 = nullptr;
  Call<Handle, Word, unsigned long*, int> memory_affinity = nullptr;
  Call<Handle, Word*> power_limit_mw = nullptr;

  Call<Handle, Word*, Word*> mig_mode = nullptr;  ///< current, pending
  Call<Handle, Word*> most_slices = nullptr;
  Call<Handle, Word, Handle*> slice = nullptr;
  Call<Handle, Word*> gpu_instance = nullptr, compute_instance = nullptr;
  Call<Handle, SliceAttributes*> slice_attributes = nullptr;

  Call<Handle, Handle, int*> ancestor = nullptr;
  Call<Handle, Word, int*> nvlink_active = nullptr;
  Call<Handle, Word, PciAddress*> nvlink_remote = nullptr;
  Call<Handle, Word, int*> nvlink_remote_kind = nullptr;

  Call<Handle, Utilization*> utilization = nullptr;
  Call<Handle, Word*> power_mw = nullptr;
  Call<Handle, unsigned long long*> energy_mj = nullptr;
  Call<Handle, int, Word*> temperature = nullptr;
  Call<Handle, Temperature*> temperature_tagged = nullptr;

  Call<Handle, ProcessList*> process_details = nullptr;
  Call<Handle, Word*, void*> processes3 = nullptr, processes2 = nullptr, processes1 = nullptr;
  Call<Handle, Word*, void*> mps_processes3 = nullptr, mps_processes2 = nullptr,
                             mps_processes1 = nullptr;
};

/// Makes a call, or answers `function_not_found` where the library lacks it.
template <class... Params, class... Args>
int ask(const std::function<int(Params...)>& call, Args... args) {
  return call ? call(args...) : static_cast<int>(function_not_found);
}

/// "the GPU is lost (NVML 15)", with what to do about it where there is something.
std::string sentence_of(int code);

class Library {
 public:
  Library() = default;
  ~Library();
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  /// Opens the library and starts NVML, once. False: `trouble()` says why; it may be tried again.
  bool start(const std::string& path);
  bool started() const { return started_; }
  /// Empty where there simply is no library: then this machine has no NVIDIA driver.
  const std::string& trouble() const { return trouble_; }
  const Calls& calls() const { return calls_; }

 private:
  bool open(const std::string& path);
  bool open_recording(const std::string& path);

  void* library_ = nullptr;
  Calls calls_;
  bool started_ = false;
  std::string trouble_;
};

}  // namespace gangline::nvml
