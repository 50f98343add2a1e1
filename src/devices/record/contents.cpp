#include "devices/record/contents.h"

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "devices/cpu/read_cpus.h"
#include "devices/sysfs/read.h"

namespace gangline {
namespace {

using Keep = std::string (*)(std::string_view bytes, Invented& invented, SeenNumbers& seen);

/// Lines that begin with one of these, and end the line or go on with a separator as ':' or space.
std::string lines_with(std::string_view bytes, std::initializer_list<std::string_view> keys) {
  std::string out;
  for (const std::string_view line : split(bytes, '\n'))
    if (std::ranges::any_of(keys, [&](std::string_view key) { return line.starts_with(key); }))
      out.append(line).append("\n");
  return out;
}

std::string as_it_is(std::string_view bytes, Invented& invented, SeenNumbers&) {
  return invented.text(bytes);
}

// cpuinfo says much of each CPU, and on some machines a serial number; hwloc reads these.
std::string cpus(std::string_view bytes, Invented&, SeenNumbers&) {
  std::string out;
  for (const std::string_view line : split(bytes, '\n')) {
    if (line.empty()) out += out.ends_with("\n\n") || out.empty() ? "" : "\n";
    else
      out += lines_with(line, {"processor", "vendor_id", "cpu family", "model", "stepping",
                               "physical id", "core id", "siblings", "cpu cores", "CPU ",
                               "Processor", "cpu\t", "machine", "platform"});
  }
  return out;
}

std::string mounts(std::string_view bytes, Invented&, SeenNumbers&) {
  std::string out;
  for (const std::string_view line : split(bytes, '\n')) {
    const auto words = split(line, ' ');
    if (words.size() >= 3 && words[1].starts_with("/sys/fs/cgroup") &&
        (words[2].starts_with("cgroup") || words[2] == "cpuset"))
      out.append(line).append("\n");
  }
  return out;
}

std::string groups(std::string_view bytes, Invented& invented, SeenNumbers&) {
  std::string out;
  for (const std::string_view line : split(bytes, '\n')) {
    if (line.empty()) continue;
    const std::size_t path = line.find('/');
    const std::size_t front = path == std::string_view::npos ? line.size() : path;
    out.append(line.substr(0, front));
    if (front < line.size()) out += invented.group(line.substr(front));
    out += '\n';
  }
  return out;
}

std::string host(std::string_view, Invented&, SeenNumbers&) {
  return std::string(invented_host) + "\n";
}

// Users are told from /proc/PID/status; the recorder writes a list of its own.
std::string users(std::string_view, Invented& invented, SeenNumbers&) { return invented.passwd(); }

std::string os_release(std::string_view bytes, Invented&, SeenNumbers&) {
  return lines_with(bytes, {"ID=", "VERSION_ID=", "PRETTY_NAME="});
}

std::string pci_ids(std::string_view bytes, Invented&, SeenNumbers& seen) {
  std::string out, vendor;
  for (const std::string_view line : split(bytes, '\n')) {
    if (line.empty() || line.starts_with('#') || line.starts_with("\t\t")) continue;
    const bool inside = line.starts_with('\t');
    const auto number = hex_in(line.substr(inside ? 1 : 0, 4));
    if (!inside) vendor = number && seen.contains(*number) ? std::string(line) + "\n" : "";
    else if (number && seen.contains(*number) && !vendor.empty()) {
      if (!out.ends_with(vendor) && out.find("\n" + vendor) == std::string::npos &&
          !out.starts_with(vendor))
        out += vendor;
      out.append(line).append("\n");
    }
  }
  return out;
}

std::string amdgpu_ids(std::string_view bytes, Invented&, SeenNumbers& seen) {
  std::string out;
  for (const std::string_view line : split(bytes, '\n')) {
    const auto number = hex_in(trim(line.substr(0, line.find(','))));
    if (number && seen.contains(*number)) out.append(line).append("\n");
  }
  return out;
}

struct PathRule {
  std::string_view path;
  Keep keep;
};
constexpr PathRule rules[] = {
    {"/proc/meminfo", as_it_is},
    {"/proc/cpuinfo", cpus},
    {"/proc/mounts", mounts},
    {"/proc/self/mounts", mounts},
    {"/proc/self/cgroup", groups},
    {"/proc/self/cpuset", groups},
    {affinity_file, as_it_is},
    {"/proc/sys/kernel/hostname", host},
    {"/proc/sys/kernel/osrelease", as_it_is},
    {"/proc/driver/nvidia/version", as_it_is},
    {"/proc/driver/nvidia-caps/mig-minors", as_it_is},
    {"/proc/driver/nvidia-caps/sys-minors", as_it_is},
    {"/etc/os-release", os_release},
    {"/etc/passwd", users},
    {"/usr/share/hwdata/pci.ids", pci_ids},
    {"/usr/share/misc/pci.ids", pci_ids},
    {"/usr/share/libdrm/amdgpu.ids", amdgpu_ids},
    {"/opt/amdgpu/share/libdrm/amdgpu.ids", amdgpu_ids},
};

std::string hex_digits(std::uint64_t number, std::size_t width) {
  std::string digits;
  for (; number > 0; number >>= 4) digits.insert(digits.begin(), "0123456789abcdef"[number & 15]);
  if (digits.size() < width) digits.insert(0, width - digits.size(), '0');
  return digits;
}

std::string hex_serial(std::string_view bytes, Invented& invented) {
  const std::string_view digits = trim(bytes);
  const auto number = hex_in(digits);
  if (!number) return digits.empty() ? "" : "invented\n";
  return hex_digits(invented.serial(*number), digits.size()) + "\n";
}

/// Lines "unique_id N" among the properties that KFD tells of a node.
std::string properties(std::string_view bytes, Invented& invented, SeenNumbers& seen) {
  std::string out;
  for (const std::string_view line : split(bytes, '\n')) {
    if (line.empty()) continue;
    const std::size_t space = line.find(' ');
    const auto number =
        space == std::string_view::npos ? std::nullopt : parse_number(trim(line.substr(space)));
    const std::string_view key = line.substr(0, space);
    if (number && key == "unique_id")
      out += "unique_id " + std::to_string(invented.serial(*number));
    else out += invented.text(line);
    if (number && (key == "device_id" || key == "vendor_id")) seen.insert(*number);
    out += '\n';
  }
  return out;
}

bool is_binary(std::string_view bytes) {
  return !is_utf8(bytes) || std::ranges::any_of(bytes, [](char c) {
    return static_cast<unsigned char>(c) < ' ' && c != '\n' && c != '\t';
  });
}

std::optional<std::string> of_kernel(std::string_view path, std::string_view bytes,
                                     Invented& invented, SeenNumbers& seen) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  if (name == "unique_id") return hex_serial(bytes, invented);
  if (name.find("serial") != std::string_view::npos || name.find("asset_tag") == 0)
    return trim(bytes).empty() ? "" : "invented\n";
  if (name == "pid") {
    const auto pid = parse_number(trim(bytes));
    return pid ? std::to_string(invented.pid(*pid)) + "\n" : "";
  }
  if (path.find("/kfd/") != std::string_view::npos && name == "properties")
    return properties(bytes, invented, seen);
  if (name == "vendor" || name == "device" || name == "revision")
    if (const auto number = hex_in(trim(bytes))) seen.insert(*number);
  if (is_binary(bytes)) return std::string(bytes);
  return invented.text(bytes);
}

/// Of a process: whose it is, and which devices it has open.
std::optional<std::string> of_process(std::string_view name, std::string_view bytes,
                                      Invented& invented) {
  if (name == "comm") return invented.program(trim(bytes)) + "\n";
  if (name.starts_with("fdinfo/"))
    return lines_with(bytes, {"drm-pdev:", "drm-client-id:", "drm-total-", "drm-resident-",
                              "drm-engine-", "drm-cycles-", "drm-driver:"});
  if (name != "status") return std::nullopt;
  for (const std::string_view line : split(bytes, '\n')) {
    if (!line.starts_with("Uid:")) continue;
    const auto uid = parse_number(split(trim(line.substr(4)), '\t').front());
    if (!uid || *uid > 0xffffffff) break;
    const std::string user = std::to_string(invented.user(static_cast<std::uint32_t>(*uid)));
    return "Uid:\t" + user + "\t" + user + "\t" + user + "\t" + user + "\n";
  }
  return "";
}

}  // namespace

std::optional<std::string> content_kept(std::string_view path, std::string_view bytes,
                                        Invented& invented, SeenNumbers& seen) {
  for (const PathRule& rule : rules)
    if (rule.path == path) return rule.keep(bytes, invented, seen);
  if (path.starts_with("/sys/")) return of_kernel(path, bytes, invented, seen);
  constexpr std::string_view proc = "/proc/";
  if (!path.starts_with(proc)) return std::nullopt;
  const std::string_view below = path.substr(proc.size());
  const std::size_t slash = below.find('/');
  if (slash == std::string_view::npos || !parse_number(below.substr(0, slash))) return std::nullopt;
  return of_process(below.substr(slash + 1), bytes, invented);
}

std::string names_kept(std::string_view path, std::string_view names, Invented& invented) {
  std::vector<std::uint64_t> pids;
  for (const std::string_view name : split(names, '\n'))
    if (const auto pid = parse_number(name); pid && path.ends_with("/proc")) pids.push_back(*pid);
  invented.meet_pids(std::move(pids));
  const std::string front = std::string(path) + "/";
  std::vector<std::string> kept;
  for (const std::string_view name : split(names, '\n'))
    if (!name.empty())
      kept.push_back(invented.path(front + std::string(name)).substr(invented.path(front).size()));
  std::ranges::sort(kept);
  std::string out;
  for (const std::string& name : kept) out += name + "\n";
  return out;
}

}  // namespace gangline
