// What a recording that somebody sent may say: any text is refused, or gives a tree that no link
// leads out of and an NVML that can be asked.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "devices/nvidia/nvml_replay.h"
#include "devices/nvidia/processes.h"
#include "devices/record/recording.h"
#include "devices/record/tree.h"

namespace {

using gangline::RecordedTree;

void check_tree(const RecordedTree& tree) {
  for (const auto& [place, entry] : tree.entries()) {
    CHECK(place.starts_with('/') && place.find("/../") == std::string::npos);
    const std::string parent = place.substr(0, place.rfind('/'));
    const auto above = tree.entries().find(parent);
    CHECK(parent.empty() ||
          (above != tree.entries().end() && above->second.kind == RecordedTree::Kind::directory));
    if (entry.kind == RecordedTree::Kind::link && entry.content.starts_with('/'))
      CHECK(gangline::is_open_device(place, entry.content));
  }
}

void ask_all(const gangline::nvml::Replay& replay) {
  gangline::nvml::Calls calls;
  if (!replay.fill(calls)) return;
  std::uint32_t count = 0;
  static_cast<void>(gangline::nvml::ask(calls.count, &count));
  gangline::nvml::Handle handle = nullptr;
  static_cast<void>(gangline::nvml::ask(calls.handle, 0u, &handle));
  char name[16];
  static_cast<void>(gangline::nvml::ask(calls.name, handle, name, 16u));
  gangline::nvml::PciAddress pci{};
  static_cast<void>(gangline::nvml::ask(calls.pci, handle, &pci));
  unsigned long words[4] = {};
  static_cast<void>(gangline::nvml::ask(calls.memory_affinity, handle, 4u, words, 0));
  static_cast<void>(gangline::nvml::read_processes(calls, handle));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  // The sum at the end would keep all that is tried from being read.
  std::string body = std::string(gangline::recording_title) + "\npart facts\n";
  body.append(reinterpret_cast<const char*>(bytes), size);
  if (!body.ends_with('\n')) body += '\n';
  // A call that hangs would do so here.
  if (body.find("= hangs") != std::string::npos) return 0;
  const std::string text = body + gangline::last_line(body);
  const auto recording = gangline::read_recording(text, "fuzz");
  if (!recording) return 0;
  static_cast<void>(gangline::summary_of(*recording));
  if (const auto tree = RecordedTree::of(*recording, "fuzz")) check_tree(*tree);
  if (const auto replay = gangline::nvml::Replay::from(text, "fuzz")) ask_all(*replay);
  return 0;
}
