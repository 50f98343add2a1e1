#include "engine/slurm/gpus/uuids.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>

#include "base/text.h"
#include "devices/probe.h"

namespace gangline {
namespace {

constexpr std::string_view file_of_gpu = "nvidia";
constexpr std::uint64_t most_minors = 1'024;

std::optional<std::uint32_t> minor_in(std::string_view name) {
  if (!name.starts_with(file_of_gpu)) return std::nullopt;
  const auto number = parse_number(name.substr(file_of_gpu.size()));
  if (!number || *number >= most_minors) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

/// access() asks the control group too, and opens nothing. A group says EPERM, the file's mode
/// EACCES.
GpuFile::State state_of(const std::string& path) {
  if (::access(path.c_str(), R_OK | W_OK) == 0) return GpuFile::State::open;
  return errno == EPERM ? GpuFile::State::closed_by_group : GpuFile::State::closed;
}

/// Those that are open to this process, in NVML's order, which is that of the PCI bus. Empty: NVML
/// knows other ones than there are files, or counts them in another order than Slurm may.
std::vector<const Device*> open_gpus(const std::vector<GpuFile>& files, const Node& found) {
  std::vector<std::uint32_t> minors;
  for (const GpuFile& file : files)
    if (file.state == GpuFile::State::open) minors.push_back(file.minor);
  std::vector<const Device*> gpus;
  std::vector<std::uint32_t> in_order;
  for (const Device& device : found.devices) {
    if (device.vendor != "nvidia" || device.kind != DeviceKind::gpu || device.parent) continue;
    if (!device.present || device.files.empty()) return {};
    const std::string& path = device.files.front();
    const auto minor = minor_in(std::string_view(path).substr(path.rfind('/') + 1));
    if (!minor) return {};
    if (!std::binary_search(minors.begin(), minors.end(), *minor)) continue;
    if (!device.allottable) return {};  // cut into slices, which have names of their own
    in_order.push_back(*minor);
    gpus.push_back(&device);
  }
  if (in_order != minors) return {};
  return gpus;
}

std::optional<std::vector<std::size_t>> numbers_in(const std::vector<std::string>& told) {
  std::vector<std::size_t> numbers;
  for (const std::string& one : told) {
    const auto number = parse_number(one);
    if (!number || *number >= most_minors) return std::nullopt;
    numbers.push_back(*number);
  }
  return numbers;
}

}  // namespace

std::vector<GpuFile> gpu_files_here(const std::string& root) {
  std::vector<GpuFile> files;
  std::error_code unknown;
  const std::filesystem::path dev = std::filesystem::path(root) / "dev";
  for (std::filesystem::directory_iterator at(dev, unknown), end; !unknown && at != end;
       at.increment(unknown))
    if (const auto minor = minor_in(at->path().filename().string()))
      files.push_back({*minor, state_of(at->path().string())});
  std::sort(files.begin(), files.end(),
            [](const GpuFile& a, const GpuFile& b) { return a.minor < b.minor; });
  return files;
}

std::vector<std::string> uuids_of(const std::vector<std::string>& told,
                                  const std::vector<GpuFile>& files, const Node& found) {
  const auto numbers = numbers_in(told);
  if (!numbers || numbers->empty()) return {};
  bool fenced = false;
  for (const GpuFile& file : files) {
    if (file.state == GpuFile::State::closed) return {};
    fenced = fenced || file.state == GpuFile::State::closed_by_group;
  }
  const auto gpus = open_gpus(files, found);
  // 1. Behind a fence they are counted anew. One that is open and was not told of belongs to nobody
  // of Slurm's, and may have been counted or not.
  if (fenced && gpus.size() != told.size()) return {};
  // 2. Else they are counted on the node, and all of them have to be there.
  if (!fenced && (files.empty() || files.back().minor + 1 != gpus.size())) return {};
  std::vector<std::string> uuids;
  for (const std::size_t number : *numbers) {
    if (number >= gpus.size()) return {};
    if (std::find(uuids.begin(), uuids.end(), gpus[number]->uid) != uuids.end()) return {};
    uuids.push_back(gpus[number]->uid);
  }
  return uuids;
}

std::vector<std::string> by_uuid(const std::vector<std::string>& told, const std::string& root,
                                 const std::vector<std::string>& probe, Span deadline) {
  if (probe.empty() || !numbers_in(told)) return told;
  const auto files = gpu_files_here(root);
  if (files.empty()) return told;
  auto uuids = uuids_of(told, files, probe_node(probe, deadline).node);
  return uuids.empty() ? told : uuids;
}

std::vector<std::string> probe_of_this_program() {
  std::error_code unknown;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", unknown);
  if (unknown) return {};
  return {program.string(), "internal-probe"};
}

}  // namespace gangline
