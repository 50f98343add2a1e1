// Writes down each call of NVML for the witness (devices/sysfs/witness.h).
#pragma once

#include <memory>
#include <string_view>

#include "devices/nvidia/nvml_words.h"
#include "devices/sysfs/witness.h"
#include "os/clock.h"

namespace gangline::nvml {

/// Lines for a library that gives no calls: none is there, or what is there does not open.
constexpr std::string_view library_missing = "nvml-library missing";
constexpr std::string_view library_broken = "nvml-library broken";
/// And one for each function that it has: "nvml-has nvmlInit_v2".
constexpr std::string_view library_has = "nvml-has ";

/// The size of an entry of the process list of this name; 0: it has to be seen.
constexpr std::uint32_t entry_size_of(std::string_view function) {
  if (function.ends_with("_v3")) return 0;
  return function.ends_with("_v2") ? sizeof(Process24) : sizeof(Process16);
}

/// `call`, with the witness told of each. The witness outlives it.
template <class... Args>
std::function<int(Args...)> recorded(const char* name, std::function<int(Args...)> call,
                                     std::shared_ptr<HandleNumbers> numbers, Witness& witness) {
  witness.remarks(std::string(library_has) + name);
  return [name, call = std::move(call), numbers = std::move(numbers), &witness](Args... args) {
    WordWriter before(*numbers);
    given(before, args...);
    const std::uint32_t room = room_in(args...);
    witness.calls(name, before.text());
    const Span begin = since_boot();
    const int code = call(args...);
    const Span took = since_boot() - begin;
    WordWriter after(*numbers, entry_size_of(name));
    filled(after, code, room, args...);
    witness.answered(code, after.text(), took);
    return code;
  };
}

}  // namespace gangline::nvml
