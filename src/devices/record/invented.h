// Names that stand for real ones in a recording. What is equal stays equal, and the order of
// process numbers stays as it is; nothing leads back.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gangline {

class Invented {
 public:
  /// `host_name` is replaced wherever it stands as a word; `pids`: those that run now.
  Invented(std::string host_name, const std::vector<std::uint64_t>& pids);

  /// UUIDs, MAC addresses, GUIDs and the host name in a text.
  std::string text(std::string_view text);
  /// A path below the root: pids of processes and names of control groups too. The host name stays
  /// where it is in one, because it may be a word as "cpu" as well.
  std::string path(std::string_view path);
  /// The path of a control group as /proc/self/cgroup tells it.
  std::string group(std::string_view path);

  std::uint64_t pid(std::uint64_t pid);
  /// Several at once that nobody knew: they keep their order.
  void meet_pids(std::vector<std::uint64_t> pids);
  std::uint32_t user(std::uint32_t uid);
  std::string program(std::string_view name);
  /// A serial number that is a number, as AMD's unique_id. 0, which is none, stays 0.
  std::uint64_t serial(std::uint64_t number);
  /// /etc/passwd of the users told until now.
  std::string passwd() const;

 private:
  std::string replaced(std::string_view text, bool hosts);
  std::string uuid(std::string_view uuid);
  std::string mac(std::string_view mac);
  std::string guid(std::string_view guid);
  std::string group_part(std::string_view part);
  bool is_host_at(std::string_view text, std::size_t at, std::size_t& length) const;

  std::vector<std::string> host_names_;  ///< the longest first
  std::map<std::uint64_t, std::uint64_t> pids_, serials_;
  std::uint64_t next_pid_ = 0;
  std::map<std::uint32_t, std::uint32_t> users_;
  std::map<std::string, std::string, std::less<>> programs_, uuids_, macs_, guids_, groups_;
};

/// The name that stands for the host.
constexpr std::string_view invented_host = "recorded";

}  // namespace gangline
