#include "devices/record/invented.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <optional>

#include "base/text.h"

namespace gangline {
namespace {

constexpr std::uint64_t first_pid = 1001;
constexpr std::uint32_t first_user = 2001;
constexpr std::uint64_t first_serial = 0x7000000000000001;
constexpr std::size_t shortest_host_name = 3;  // a shorter one would be found by chance
constexpr std::string_view groups_below = "/sys/fs/cgroup";

// Names of control groups that every machine has, and controllers of version 1.
constexpr std::string_view known_groups[] = {"user.slice",
                                             "system.slice",
                                             "init.scope",
                                             "machine.slice",
                                             "app.slice",
                                             "session.slice",
                                             "background.slice",
                                             "kubepods",
                                             "kubepods.slice",
                                             "docker",
                                             "lxc",
                                             "..",
                                             "memory",
                                             "cpu",
                                             "cpuset",
                                             "cpu,cpuacct",
                                             "cpuacct,cpu",
                                             "cpuacct",
                                             "unified",
                                             "systemd",
                                             "devices",
                                             "freezer",
                                             "pids",
                                             "blkio",
                                             "hugetlb",
                                             "kubepods-burstable.slice",
                                             "kubepods-besteffort.slice",
                                             "burstable",
                                             "besteffort"};
constexpr std::string_view group_kinds[] = {".slice", ".scope", ".service", ".mount"};

bool is_hex(char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; }
bool is_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::string lower(std::string_view text) {
  std::string low(text);
  for (char& c : low) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return low;
}

/// Groups of hexadecimal digits with a separator between them: how long such a thing is.
struct Pattern {
  std::array<std::size_t, 20> digits;  ///< of each group; 0: no more
  char separator;

  /// Its length at the front of `text`, which must not go on in the same way; 0: it is not there.
  std::size_t length_in(std::string_view text) const {
    std::size_t at = 0;
    for (std::size_t group = 0; group < digits.size() && digits[group] != 0; ++group) {
      if (group > 0 && (at >= text.size() || text[at++] != separator)) return 0;
      for (std::size_t i = 0; i < digits[group]; ++i)
        if (at >= text.size() || !is_hex(text[at++])) return 0;
    }
    const bool goes_on = at < text.size() &&
                         (is_name(text[at]) ||
                          (text[at] == separator && at + 1 < text.size() && is_hex(text[at + 1])));
    return goes_on ? 0 : at;
  }
};

constexpr Pattern uuid_pattern{{8, 4, 4, 4, 12}, '-'};
constexpr Pattern gid_pattern{{4, 4, 4, 4, 4, 4, 4, 4}, ':'};
constexpr Pattern guid_pattern{{4, 4, 4, 4}, ':'};
constexpr Pattern port_pattern{{2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2},
                               ':'};  // IP over InfiniBand
constexpr Pattern eui_pattern{{2, 2, 2, 2, 2, 2, 2, 2}, ':'};
constexpr Pattern mac_pattern{{2, 2, 2, 2, 2, 2}, ':'};

bool is_nothing(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return !is_hex(c) || c == '0'; }) ||
         std::ranges::all_of(text, [](char c) { return !is_hex(c) || c == 'f' || c == 'F'; });
}

/// The value for a key, made by `make(how many there were)` the first time.
template <class Map, class Make>
std::string entry(Map& map, std::string_view key, Make make) {
  const auto found = map.find(key);
  if (found != map.end()) return found->second;
  return map.emplace(std::string(key), make(map.size() + 1)).first->second;
}

std::string printed(const char* form, std::size_t a, std::size_t b = 0, std::size_t c = 0) {
  char text[96];
  // NOLINTNEXTLINE(clang-diagnostic-format-nonliteral): forms of this file
  std::snprintf(text, sizeof text, form, a, b, c);
  return text;
}

}  // namespace

Invented::Invented(std::string host_name, const std::vector<std::uint64_t>& pids) {
  const std::string first = host_name.substr(0, host_name.find('.'));
  for (std::string name : {std::move(host_name), first})
    if (name.size() >= shortest_host_name && name != "localhost")
      host_names_.push_back(std::move(name));
  next_pid_ = first_pid;
  meet_pids(pids);
}

std::string Invented::uuid(std::string_view uuid) {
  if (is_nothing(uuid)) return std::string(uuid);
  return entry(uuids_, lower(uuid),
               [](std::size_t n) { return printed("00000000-0000-4000-8000-%012zx", n); });
}

std::string Invented::mac(std::string_view mac) {
  if (is_nothing(mac)) return std::string(mac);
  return entry(macs_, lower(mac), [&](std::size_t n) {
    std::string text = printed("02:00:00:00:%02zx:%02zx", n >> 8 & 0xff, n & 0xff);
    while (text.size() < mac.size()) text.insert(2, ":00");
    return text;
  });
}

// Of a GID, the first half says which net it is in, the second is a GUID or an IP address.
std::string Invented::guid(std::string_view guid) {
  constexpr std::size_t half = 19;
  if (guid.size() > half)
    return (guid.starts_with("fe80:0000:0000:0000") ? std::string(guid.substr(0, half))
                                                    : this->guid(guid.substr(0, half))) +
           ":" + this->guid(guid.substr(half + 1));
  if (is_nothing(guid)) return std::string(guid);
  return entry(guids_, lower(guid), [](std::size_t n) {
    return printed("0200:0000:%04zx:%04zx", n >> 16 & 0xffff, n & 0xffff);
  });
}

bool Invented::is_host_at(std::string_view text, std::size_t at, std::size_t& length) const {
  for (const std::string& name : host_names_) {
    if (!text.substr(at).starts_with(name)) continue;
    const std::size_t end = at + name.size();
    if (end < text.size() && is_name(text[end])) continue;
    length = name.size();
    return true;
  }
  return false;
}

std::string Invented::replaced(std::string_view text, bool hosts) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const bool begins = at == 0 || !is_name(text[at - 1]);
    const std::string_view rest = text.substr(at);
    std::size_t length = 0;
    if (!begins) {
      out += text[at++];
      continue;
    }
    if ((length = uuid_pattern.length_in(rest)) > 0) out += uuid(rest.substr(0, length));
    else if ((length = gid_pattern.length_in(rest)) > 0) out += guid(rest.substr(0, length));
    else if ((length = guid_pattern.length_in(rest)) > 0) out += guid(rest.substr(0, length));
    else if ((length = port_pattern.length_in(rest)) > 0) out += mac(rest.substr(0, length));
    else if ((length = eui_pattern.length_in(rest)) > 0) out += mac(rest.substr(0, length));
    else if ((length = mac_pattern.length_in(rest)) > 0) out += mac(rest.substr(0, length));
    else if (hosts && is_host_at(text, at, length)) out += invented_host;
    else {
      out += text[at];
      length = 1;
    }
    at += length;
  }
  return out;
}

std::string Invented::text(std::string_view text) { return replaced(text, true); }

std::string Invented::group_part(std::string_view part) {
  if (part.empty() || std::ranges::find(known_groups, part) != std::end(known_groups))
    return std::string(part);
  std::string kind;
  for (const std::string_view end : group_kinds)
    if (part.ends_with(end)) kind = end;
  return entry(groups_, part, [&](std::size_t n) { return printed("group%zu", n) + kind; });
}

std::string Invented::group(std::string_view path) {
  std::string out;
  for (const std::string_view part : split(path, '/')) {
    out += group_part(part);
    out += '/';
  }
  out.pop_back();
  return out;
}

std::string Invented::path(std::string_view path) {
  std::string out;
  std::string_view before;
  const bool in_groups = path.starts_with(groups_below);
  const auto parts = split(path, '/');
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string_view part = parts[i];
    const bool last = i + 1 == parts.size();
    if (i > 0) out += '/';
    // Below the mount, the last is a file: "memory.max".
    if (in_groups && i > 3 &&
        !(last && part.find('.') != std::string_view::npos &&
          std::ranges::none_of(group_kinds,
                               [&](std::string_view kind) { return part.ends_with(kind); })))
      out += group_part(part);
    else if (before == "proc" && is_number(part))
      out += std::to_string(pid(parse_number(part).value_or(0)));
    else out += replaced(part, false);
    before = part;
  }
  return out;
}

std::uint64_t Invented::pid(std::uint64_t pid) {
  const auto [entry, fresh] = pids_.try_emplace(pid, next_pid_);
  if (fresh) ++next_pid_;
  return entry->second;
}

void Invented::meet_pids(std::vector<std::uint64_t> pids) {
  std::ranges::sort(pids);
  for (const std::uint64_t each : pids) pid(each);
}

std::uint32_t Invented::user(std::uint32_t uid) {
  if (uid == 0) return 0;
  const auto count = static_cast<std::uint32_t>(users_.size());
  return users_.try_emplace(uid, first_user + count).first->second;
}

std::string Invented::passwd() const {
  std::string text = "root:x:0:0::/:/bin/sh\n";
  for (std::size_t i = 0; i < users_.size(); ++i)
    text += printed("user%zu:x:%zu:%zu::/:/bin/sh\n", i + 1, first_user + i, first_user + i);
  return text;
}

std::string Invented::program(std::string_view name) {
  return entry(programs_, name, [](std::size_t n) { return printed("program%zu", n); });
}

std::uint64_t Invented::serial(std::uint64_t number) {
  if (number == 0) return 0;
  return serials_.try_emplace(number, first_serial + serials_.size()).first->second;
}

}  // namespace gangline
