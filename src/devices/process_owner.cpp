#include "devices/process_owner.h"

#include <pwd.h>
#include <sys/types.h>

#include <array>
#include <optional>

#include "base/text.h"
#include "devices/sysfs/see.h"

namespace gangline {
namespace {

constexpr std::size_t most_bytes = 64 << 10;
constexpr std::size_t most_users = 4096;

// proc(5): the line "Uid:" holds the real, effective, saved and file system user.
std::optional<std::uint32_t> real_user(std::string_view status) {
  for (const std::string_view line : split(status, '\n')) {
    if (!line.starts_with("Uid:")) continue;
    const auto uid = parse_number(split(trim(line.substr(4)), '\t').front());
    if (!uid || *uid > 0xffffffffu) return std::nullopt;
    return static_cast<std::uint32_t>(*uid);
  }
  return std::nullopt;
}

std::string name_in(std::string_view passwd, std::uint32_t uid) {
  for (const std::string_view line : split(passwd, '\n')) {
    const auto fields = split(line, ':');
    if (fields.size() >= 3 && parse_number(fields[2]) == uid) return std::string(fields[0]);
  }
  return {};
}

std::string name_by_system(std::uint32_t uid) {
  std::array<char, 16384> space{};
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(uid, &entry, space.data(), space.size(), &found) != 0 || found == nullptr)
    return {};
  return found->pw_name;
}

}  // namespace

std::string ProcessOwners::user_name(std::uint32_t uid) {
  const auto known = users_.find(uid);
  if (known != users_.end()) return known->second;
  std::string name;
  if (root_ == "/") {
    name = name_by_system(uid);
  } else if (const auto passwd = see_file(root_ + "/etc/passwd")) {
    name = name_in(*passwd, uid);
  }
  if (name.empty()) name = std::to_string(uid);
  if (users_.size() >= most_users) users_.clear();
  return users_[uid] = name;
}

ProcessOwners::Owner ProcessOwners::read(std::int64_t pid) {
  Owner owner;
  const std::string directory = root_ + "/proc/" + std::to_string(pid);
  if (const auto status = see_file(directory + "/status", most_bytes))
    if (const auto uid = real_user(*status)) owner.user = user_name(*uid);
  if (const auto command = see_file(directory + "/comm", most_bytes))
    owner.command = std::string(trim(*command));
  return owner;
}

void ProcessOwners::name(DeviceProcess& process) {
  auto now = now_.find(process.pid);
  if (now == now_.end()) {
    const auto before = before_.find(process.pid);
    now = now_.emplace(process.pid, before != before_.end() ? before->second : read(process.pid))
              .first;
  }
  process.user = now->second.user;
  process.command = now->second.command;
}

void ProcessOwners::forget_others() {
  before_ = std::move(now_);
  now_.clear();
}

}  // namespace gangline
