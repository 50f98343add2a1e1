#include "launch/lease/leases.h"

#include <pwd.h>
#include <unistd.h>

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

std::set<std::string> leased_uids(const Node& node, const NodePart& part) {
  std::set<std::string> uids;
  for (const TaskPlace& task : part.tasks)
    for (const DeviceShare& share : task.devices)
      if (share.device < node.devices.size() && !node.devices[share.device].uid.empty())
        uids.insert(node.devices[share.device].uid);
  return uids;
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

Leases::Taken Leases::take(GangId gang, const Node& node, const NodePart& part) {
  Taken taken;
  const std::set<std::string> uids = leased_uids(node, part);
  if (uids.empty()) return taken;
  // By this name others see that tasks of a launcher that is gone are ours. Where it cannot be
  // taken, they are held for somebody else's, which is no danger.
  if (!own_name_.open())
    if (auto own = take_name(launcher_name(scope_, ::getpid(), epoch_)))
      own_name_ = *std::move(own);
  for (const std::string& uid : uids) {
    Held& held = held_[uid];
    if (!held.file.open()) {
      const std::string name = lease_name(scope_, uid);
      auto file = take_name(name);
      if (file && file->open()) {
        held.file = *std::move(file);
      } else {
        let_go(gang);
        held_.erase(uid);
        if (!file) return {Answer::failed, {}, file.error().sentence()};
        const auto holder = look_at(name).holder;
        const bool ours = holder && is_of_launcher(scope_, *holder, ::geteuid(), epoch_);
        return {ours ? Answer::held_by_ours : Answer::held_by_others,
                {},
                "device " + uid + " is held by " +
                    (ours ? "what an earlier gang left behind" : name_lease_holder(holder))};
      }
    }
    held.gangs.insert(gang);
    taken.files.push_back(held.file.number());
  }
  if (own_name_.open()) taken.files.push_back(own_name_.number());
  return taken;
}

void Leases::adopt(GangId gang, const Node& node, const NodePart& part) {
  const std::set<std::string> uids = leased_uids(node, part);
  if (uids.empty()) return;
  adopted_[gang] = uids;
  take_adopted();
}

void Leases::take_adopted() {
  for (auto& [gang, uids] : adopted_) {
    std::erase_if(uids, [&, id = gang](const std::string& uid) {
      Held& held = held_[uid];
      if (!held.file.open())
        if (auto file = take_name(lease_name(scope_, uid))) held.file = *std::move(file);
      if (held.file.open()) held.gangs.insert(id);
      else held_.erase(uid);
      return held_.contains(uid);
    });
  }
  std::erase_if(adopted_, [](const auto& each) { return each.second.empty(); });
}

void Leases::let_go(GangId gang) {
  adopted_.erase(gang);
  for (auto held = held_.begin(); held != held_.end();) {
    held->second.gangs.erase(gang);
    held = held->second.gangs.empty() ? held_.erase(held) : std::next(held);
  }
}

}  // namespace gangline
