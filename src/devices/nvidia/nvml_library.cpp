#include "devices/nvidia/nvml_library.h"

#include <dlfcn.h>

#include <initializer_list>
#include <memory>
#include <string_view>

#include "devices/nvidia/nvml_names.h"
#include "devices/nvidia/nvml_record.h"
#include "devices/nvidia/nvml_replay.h"
#include "devices/record/recording.h"
#include "devices/sysfs/witness.h"

namespace gangline::nvml {
namespace {

// A function by the first of its names that the library has; written down by the witness, if there
// is one.
struct Symbols {
  void* library;
  Witness* witness;
  std::shared_ptr<HandleNumbers> numbers = std::make_shared<HandleNumbers>();

  template <class... Args>
  void operator()(std::function<int(Args...)>& call, std::initializer_list<const char*> names) {
    using Function = int (*)(Args...);
    for (const char* name : names) {
      const auto function = reinterpret_cast<Function>(::dlsym(library, name));
      if (function == nullptr) continue;
      call = function;
      if (witness != nullptr) call = recorded(name, call, numbers, *witness);
      return;
    }
  }
};

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

bool Library::open_recording(const std::string& path) {
  auto replay = Replay::read(path);
  if (!replay) trouble_ = "NVIDIA GPUs are unknown: " + replay.error().sentence();
  else trouble_ = replay->trouble();
  return replay && replay->fill(calls_);
}

bool Library::open(const std::string& path) {
  if (is_recording_file(path)) return open_recording(path);
  Witness* witness = present_witness();
  library_ = path.empty() ? nullptr : ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library_ == nullptr) {
    const char* said = path.empty() ? nullptr : ::dlerror();
    const std::string_view why = said == nullptr ? "" : said;
    const bool missing = why.find("No such file") != std::string_view::npos || why.empty();
    if (!missing)
      trouble_ = "NVIDIA GPUs are unknown: cannot open the library: " + std::string(why);
    if (witness != nullptr) witness->remarks(missing ? library_missing : library_broken);
    return false;
  }
  Symbols symbols{library_, witness};
  find_start(calls_, symbols);
  if (calls_.init && calls_.count && calls_.handle) {
    find_facts(calls_, symbols);
    find_readings(calls_, symbols);
    return true;
  }
  trouble_ = "NVIDIA GPUs are unknown: " + path + " is no NVML library";
  if (witness != nullptr) witness->remarks(library_broken);
  calls_ = {};
  ::dlclose(library_);
  library_ = nullptr;
  return false;
}

bool Library::start(const std::string& path) {
  if (started_) return true;
  trouble_.clear();
  if (!calls_.init && !open(path)) return false;
  const int code = ask(calls_.init);
  started_ = code == success;
  if (!started_) trouble_ = "NVIDIA GPUs are unknown: NVML could not start: " + sentence_of(code);
  return started_;
}

}  // namespace gangline::nvml
