// What goes into a call of NVML and what comes out of it, as words for a recording and back:
// `d1 96` and `"NVIDIA H100 80GB HBM3"`, `total=85520809984 free=…`. What a struct's words are is
// said once, for both ways.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstring>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "devices/nvidia/nvml_abi.h"
#include "devices/nvidia/processes.h"

namespace gangline::nvml {

/// Handles are addresses in the library; in words they are d1, d2, … by when they were first seen.
class HandleNumbers {
 public:
  std::size_t number_of(Handle handle) {
    return numbers_.try_emplace(handle, numbers_.size() + 1).first->second;
  }

 private:
  std::map<Handle, std::size_t> numbers_;
};

/// Turns values into words.
class WordWriter {
 public:
  static constexpr bool reads = false;

  /// `entry_size`: of the process list that is written; 0: to be seen from its bytes.
  explicit WordWriter(HandleNumbers& numbers, std::uint32_t entry_size = 0)
      : numbers_(numbers), entry_size_(entry_size) {}

  template <std::integral T>
  void number(const char* key, const T& n) {
    begin(key);
    text_ += std::to_string(n);
  }
  void handle(Handle handle);
  /// At most `room` bytes, up to the first 0.
  void chars(const char* key, const char* text, std::size_t room);
  std::uint32_t entry_size(std::span<const unsigned char> room, std::uint32_t count) const {
    return entry_size_ != 0 ? entry_size_ : static_cast<std::uint32_t>(stride_seen(room, count));
  }
  const std::string& text() const { return text_; }

 private:
  void begin(const char* key);

  HandleNumbers& numbers_;
  std::uint32_t entry_size_;
  std::string text_;
};

/// Fills values from words. After the first that does not fit, nothing more is set.
class WordReader {
 public:
  static constexpr bool reads = true;

  /// `slots`: a handle is the address of one, by its number from 1 on.
  WordReader(std::string_view text, std::vector<char>& slots);

  template <std::integral T>
  void number(const char* key, T& n) {
    const auto read = next_number(key, std::is_signed_v<T>);
    if (!read || !std::in_range<T>(*read)) good_ = false;
    else n = static_cast<T>(*read);
  }
  void number(const char* key, std::uint64_t& n) { n = next_unsigned(key).value_or(n); }
  void number(const char* key, unsigned long long& n) { n = next_unsigned(key).value_or(n); }
  void handle(Handle& handle);
  void chars(const char* key, char* text, std::size_t room);
  /// Read with the rest.
  static std::uint32_t entry_size(std::span<const unsigned char>, std::uint32_t) { return 0; }
  bool good() const { return good_; }

 private:
  std::optional<std::string> next(const char* key);
  std::optional<std::int64_t> next_number(const char* key, bool may_be_negative);
  std::optional<std::uint64_t> next_unsigned(const char* key);

  std::vector<std::string> words_;
  std::size_t at_ = 0;
  std::vector<char>& slots_;
  bool good_ = true;
};

// The words of each struct, by an Io that is a writer or a reader.

template <class Io>
void words_of(Io& io, PciAddress& pci) {
  io.number("domain", pci.domain);
  io.number("bus", pci.bus);
  io.number("device", pci.device);
  io.number("id", pci.device_id);
  io.number("subsystem", pci.subsystem_id);
  io.chars("short", pci.bus_id_short, sizeof pci.bus_id_short);
  io.chars("address", pci.bus_id, sizeof pci.bus_id);
}

template <class Io>
void words_of(Io& io, Memory& memory) {
  io.number("total", memory.total);
  io.number("free", memory.free);
  io.number("used", memory.used);
}

template <class Io>
void words_of(Io& io, Memory2& memory) {
  io.number("total", memory.total);
  io.number("reserved", memory.reserved);
  io.number("free", memory.free);
  io.number("used", memory.used);
}

template <class Io>
void words_of(Io& io, Utilization& use) {
  io.number("gpu", use.gpu_percent);
  io.number("memory", use.memory_percent);
}

template <class Io>
void words_of(Io& io, SliceAttributes& slice) {
  io.number("multiprocessors", slice.multiprocessors);
  io.number("gpu_slices", slice.gpu_slices);
  io.number("compute_slices", slice.compute_slices);
  io.number("memory_mib", slice.memory_mib);
}

template <class Io>
void words_of(Io& io, Temperature& temperature) {
  io.number("celsius", temperature.celsius);
}

/// An entry of any process list; the shorter ones lack what comes last.
template <class Io>
void words_of(Io& io, Process32& process) {
  io.number("pid", process.pid);
  io.number("used", process.used_memory);
  io.number("gi", process.gpu_instance);
  io.number("ci", process.compute_instance);
}

/// What a call is given: handles and numbers, and of structs what the caller fills in.
template <class T>
void write_given(WordWriter& io, T value) {
  if constexpr (std::is_same_v<T, Handle>) io.handle(value);
  else if constexpr (std::integral<T>) io.number("", value);
  else if constexpr (std::is_same_v<T, Memory2*>) io.number("version", value->version);
  else if constexpr (std::is_same_v<T, Temperature*>) io.number("sensor", value->sensor);
  else if constexpr (std::is_same_v<T, ProcessList*>) {
    io.number("mode", value->mode);
    io.number("room", value->count);
  }
}

/// What a call fills: everything that a pointer leads to.
template <class Io, class T>
void words_filled(Io& io, T value) {
  if constexpr (std::is_same_v<T, Handle*>) io.handle(*value);
  else if constexpr (std::is_same_v<T, Handle> || std::integral<T>) return;
  else if constexpr (std::integral<std::remove_pointer_t<T>>) io.number("", *value);
  else words_of(io, *value);
}

// A call's arguments before and after it: `given`, `room_in` (how many entries there is room for),
// `filled`. First those that are one value each; forms that belong together follow.

template <class... Args>
void given(WordWriter& io, Args... args) {
  (write_given(io, args), ...);
}
template <class... Args>
std::uint32_t room_in(Args...) {
  return 0;
}
template <class Io, class... Args>
void filled(Io& io, int code, std::uint32_t, Args... args) {
  if (code == success) (words_filled(io, args), ...);
}

/// Text, of the driver or of a device.
inline void given(WordWriter& io, char*, std::uint32_t room) { io.number("room", room); }
inline void given(WordWriter& io, Handle device, char*, std::uint32_t room) {
  io.handle(device);
  io.number("room", room);
}
template <class Io>
void filled(Io& io, int code, std::uint32_t, char* text, std::uint32_t room) {
  if (code == success) io.chars("", text, room);
}
template <class Io>
void filled(Io& io, int code, std::uint32_t, Handle, char* text, std::uint32_t room) {
  if (code == success) io.chars("", text, room);
}

/// A set of bits in words of the machine. All above those that are told are 0.
inline void given(WordWriter& io, Handle device, std::uint32_t room, unsigned long*, int scope) {
  io.handle(device);
  io.number("room", room);
  io.number("scope", scope);
}
template <class Io>
void filled(Io& io, int code, std::uint32_t, Handle, std::uint32_t room, unsigned long* words,
            int) {
  if (code != success) return;
  std::uint32_t count = Io::reads ? 0 : room;
  while (count > 0 && words[count - 1] == 0) --count;
  io.number("words", count);
  for (std::uint32_t i = 0; i < room; ++i)
    if (i < count) io.number("", words[i]);
}

/// The list of processes that says its version.
inline std::uint32_t room_in(Handle, ProcessList* list) { return list->count; }
template <class Io>
void filled(Io& io, int code, std::uint32_t room, Handle, ProcessList* list) {
  if (code != success && code != insufficient_size) return;
  io.number("count", list->count);
  if (code != success || list->count > room) return;
  for (std::uint32_t i = 0; i < list->count; ++i) words_of(io, list->entries[i]);
}

/// The older lists: entries of 16, 24 or 32 bytes in a room that processes.cpp made: of entry_room
/// bytes for each, untouched.
inline void given(WordWriter& io, Handle device, std::uint32_t* count, void*) {
  io.handle(device);
  io.number("room", *count);
}
inline std::uint32_t room_in(Handle, std::uint32_t* count, void*) { return *count; }
template <class Io>
void filled(Io& io, int code, std::uint32_t room, Handle, std::uint32_t* count, void* entries) {
  if (code != success && code != insufficient_size) return;
  io.number("count", *count);
  if (code != success || *count > room) return;
  auto* bytes = static_cast<unsigned char*>(entries);
  std::uint32_t size = io.entry_size({bytes, std::size_t{room} * entry_room}, *count);
  io.number("size", size);
  size = std::min<std::uint32_t>(size, entry_room);
  for (std::uint32_t i = 0; i < *count; ++i) {
    Process32 entry{};
    if (!Io::reads) std::memcpy(&entry, bytes + std::size_t{i} * size, size);
    words_of(io, entry);
    if (Io::reads) std::memcpy(bytes + std::size_t{i} * size, &entry, size);
  }
}

}  // namespace gangline::nvml
