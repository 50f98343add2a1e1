#include "launch/lease/leases.h"

#include <dirent.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <set>
#include <vector>

#include "launch/processes.h"

namespace gangline {
namespace {

std::string user_name(std::uint32_t uid) {
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> text(4096);
  if (::getpwuid_r(uid, &entry, text.data(), text.size(), &found) != 0 || found == nullptr)
    return "user " + std::to_string(uid);
  return found->pw_name;
}

bool is_gone(std::int64_t pid) {
  const auto process = read_process(pid);
  return !process || process->zombie;
}

}  // namespace

SharesByUid leased_shares(const Node& node, const NodePart& part) {
  SharesByUid shares;
  for (const TaskPlace& task : part.tasks)
    for (const DeviceShare& share : task.devices)
      if (share.device < node.devices.size() && !node.devices[share.device].uid.empty())
        shares[node.devices[share.device].uid] +=
            static_cast<std::uint64_t>(share.share.thousandths);
  return shares;
}

std::string name_lease_holder(const std::optional<Peer>& holder) {
  if (!holder) return "somebody who holds its lease and does not say who";
  std::string text = "a job of the Gangline service of " + user_name(holder->uid);
  // 0: in another PID namespace.
  if (holder->pid <= 0) return text;
  text += " (launcher " + std::to_string(holder->pid);
  return text + (is_gone(holder->pid) ? ", which is gone)" : ")");
}

Leases::Leases(std::string epoch, std::string scope)
    : epoch_(std::move(epoch)), scope_(std::move(scope)) {}

bool Leases::has_room(const Held& held, GangId gang, std::uint64_t share) {
  std::uint64_t sum = share;
  for (const auto& [other, thousandths] : held.gangs) sum += other == gang ? 0 : thousandths;
  // What a gang asks for itself was looked at by who allotted it.
  return held.gangs.empty() || sum <= static_cast<std::uint64_t>(whole_device.thousandths);
}

Leases::Taken Leases::refuse(GangId gang, const std::string& uid) {
  let_go(gang);
  const auto holder = look_at(lease_name(scope_, uid)).holder;
  const bool ours = holder && is_of_launcher(scope_, *holder, ::geteuid(), epoch_);
  return {ours ? Answer::held_by_ours : Answer::held_by_others,
          {},
          "device " + uid + " is still held by " +
              (ours ? "an earlier gang, or what it left behind" : name_lease_holder(holder))};
}

Leases::Taken Leases::take(GangId gang, const Node& node, const NodePart& part) {
  Taken taken;
  const SharesByUid shares = leased_shares(node, part);
  if (shares.empty()) return taken;
  // By this name others see that tasks of a launcher that is gone are ours. Where it cannot be
  // taken, they are held for somebody else's, which is no danger.
  if (!own_name_.open())
    if (auto own = take_name(launcher_name(scope_, ::getpid(), epoch_)))
      own_name_ = *std::move(own);
  for (const auto& [uid, share] : shares) {
    Held& held = held_[uid];
    if (!held.file.open()) {
      auto file = take_name(lease_name(scope_, uid));
      if (!file) {
        let_go(gang);
        return {Answer::failed, {}, file.error().sentence()};
      }
      if (!file->open()) return refuse(gang, uid);
      held.file = *std::move(file);
    }
    if (!has_room(held, gang, share)) return refuse(gang, uid);
    held.gangs[gang] = share;
    taken.files.push_back(held.file.number());
  }
  if (own_name_.open()) taken.files.push_back(own_name_.number());
  return taken;
}

void Leases::adopt(GangId gang, const Node& node, const NodePart& part) {
  adopted_[gang] = leased_shares(node, part);
  take_adopted();
}

void Leases::take_adopted() {
  for (auto& [gang, shares] : adopted_) {
    std::erase_if(shares, [&, id = gang](const auto& share) {
      const auto& [uid, thousandths] = share;
      auto held = held_.find(uid);
      if (held == held_.end()) {
        auto file = take_name(lease_name(scope_, uid));
        if (!file || !file->open()) return false;
        held = held_.emplace(uid, Held{*std::move(file), {}}).first;
      }
      held->second.gangs[id] = thousandths;
      return true;
    });
  }
  std::erase_if(adopted_, [](const auto& each) { return each.second.empty(); });
}

bool Leases::has_only_lease(std::int64_t pid, GangId gang) const {
  std::set<std::string> ours;
  for (const auto& [uid, held] : held_) {
    struct stat there {};
    if (held.gangs.size() == 1 && held.gangs.contains(gang) &&
        ::fstat(held.file.number(), &there) == 0)
      ours.insert("socket:[" + std::to_string(there.st_ino) + "]");
  }
  if (ours.empty()) return false;
  const std::string path = "/proc/" + std::to_string(pid) + "/fd";
  const std::unique_ptr<DIR, int (*)(DIR*)> files(::opendir(path.c_str()), ::closedir);
  if (!files) return false;
  char target[64];
  while (const dirent* entry = ::readdir(files.get())) {
    const ssize_t n = ::readlinkat(::dirfd(files.get()), entry->d_name, target, sizeof target);
    if (n > 0 && ours.contains(std::string(target, static_cast<std::size_t>(n)))) return true;
  }
  return false;
}

void Leases::let_go(GangId gang) {
  adopted_.erase(gang);
  for (auto held = held_.begin(); held != held_.end();) {
    held->second.gangs.erase(gang);
    held = held->second.gangs.empty() ? held_.erase(held) : std::next(held);
  }
}

}  // namespace gangline
