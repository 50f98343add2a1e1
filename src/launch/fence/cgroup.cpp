#include "launch/fence/cgroup.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>

#include "base/text.h"
#include "launch/fence/delegated_group.h"
#include "launch/fence/device_filter.h"
#include "launch/fence/group_mounts.h"
#include "launch/fence/group_places.h"
#include "os/file.h"

namespace gangline {
namespace {

// Of version 1, against processes that fork while they are being ended.
constexpr int most_kill_rounds = 50;
constexpr const char* controller_names[] = {"memory", "cpuset", "devices"};

/// Files of control groups take what is written to them, each write for itself.
Result<void> write_value(const std::string& path, const std::string& value) {
  auto file = open_file(path, O_WRONLY | O_APPEND);
  if (!file) return file.error();
  if (::write(file->number(), value.data(), value.size()) != static_cast<ssize_t>(value.size()))
    return system_error("write '" + value + "' to", path, errno);
  return {};
}

bool has_word(std::string_view text, char separator, std::string_view word) {
  for (const std::string_view each : split(trim(text), separator))
    if (each == word) return true;
  return false;
}

/// The number behind `key` in lines of "key number".
std::uint64_t number_after(const std::string& path, std::string_view key) {
  const auto text = read_file(path);
  if (!text) return 0;
  for (const std::string_view line : split(*text, '\n'))
    if (line.starts_with(key) && line.size() > key.size() && line[key.size()] == ' ')
      return parse_number(line.substr(key.size() + 1)).value_or(0);
  return 0;
}

/// Device files of the node that this task is not to open.
std::vector<std::string> denied_files(const std::string& root, const Node& node,
                                      const TaskPlace& place) {
  std::set<std::string> allowed;
  const auto allow = [&](const Device& device) {
    allowed.insert(device.files.begin(), device.files.end());
  };
  for (const DeviceShare& share : place.devices) {
    if (share.device >= node.devices.size()) continue;
    const Device& device = node.devices[share.device];
    allow(device);
    if (device.parent && *device.parent < node.devices.size()) allow(node.devices[*device.parent]);
  }
  std::vector<std::string> denied;
  std::set<std::string> seen;
  for (const Device& device : node.devices)
    for (const std::string& file : device.files)
      if (!allowed.contains(file) && seen.insert(file).second &&
          ::access((root + file).c_str(), F_OK) == 0)
        denied.push_back(root + file);
  return denied;
}

/// Whether no device is left that this task is to be kept from.
bool may_use_all(const Node& node, const TaskPlace& place) {
  std::set<std::uint32_t> usable;
  for (const DeviceShare& share : place.devices) {
    if (share.device >= node.devices.size()) continue;
    usable.insert(share.device);
    if (const auto parent = node.devices[share.device].parent) usable.insert(*parent);
  }
  for (std::uint32_t i = 0; i < node.devices.size(); ++i)
    if (node.devices[i].present && !usable.contains(i)) return false;
  return true;
}

Fence open_fence(const char* name, const std::string& how, const std::string& why_not) {
  return {name, false, why_not.empty() ? how : how + " (" + why_not + ")"};
}

}  // namespace

Cgroups::Cgroups(std::string root, std::function<CpuSet(const CpuSet&)> usable,
                 std::string why_unbound)
    : root_(std::move(root)),
      usable_cpus_(std::move(usable)),
      why_unbound_(std::move(why_unbound)) {
  while (!root_.empty() && root_.back() == '/') root_.pop_back();
  find_places();
}

void Cgroups::find_places() {
  const auto mounts_text = read_file(root_ + "/proc/self/mountinfo");
  const auto groups_text = read_file(root_ + "/proc/self/cgroup");
  if (!mounts_text || !groups_text) return;
  const auto own = read_own_groups(*groups_text);
  for (const GroupMount& mount : read_group_mounts(*mounts_text)) {
    for (std::size_t i = 0; i < places_.size(); ++i) {
      const bool first_version =
          mount.type == "cgroup" && has_word(mount.options, ',', controller_names[i]);
      const bool second_version = mount.type == "cgroup2";
      // Where both are mounted, a controller is in one of them, and the first version says so.
      if (!first_version && !(second_version && places_[i].version == 0)) continue;
      const auto group = own.find(first_version ? controller_names[i] : "");
      if (group == own.end()) continue;
      places_[i].version = first_version ? 1 : 2;
      places_[i].directory = group_directory(root_, mount, group->second);
    }
  }
}

Result<void> Cgroups::make_ready(const Place& place, Controller controller) const {
  // A device filter of version 2 is a program and needs no controller.
  if (place.version == 1 || controller == Controller::devices) return {};
  const std::string name = controller_names[static_cast<std::size_t>(controller)];
  const std::string file = place.directory + "/cgroup.subtree_control";
  const auto given = read_file(file);
  if (given && has_word(*given, ' ', name)) return {};
  // Refused where processes are in the group itself, unless it is the topmost.
  return write_value(file, "+" + name);
}

Cgroups::Place* Cgroups::usable(Controller controller) {
  Place& place = places_[static_cast<std::size_t>(controller)];
  if (place.version == 0) return nullptr;
  if (!place.tried) {
    place.tried = true;
    place.ready = ::access(place.directory.c_str(), W_OK) == 0;
    if (!place.ready) return nullptr;
    const auto made = make_ready(place, controller);
    place.ready = made.ok();
    const auto there = read_file(place.directory + "/cgroup.controllers");
    const std::string name = controller_names[static_cast<std::size_t>(controller)];
    if (!made && there && !has_word(*there, ' ', name))
      place.why_not = "the control group that this user has gives no " + name;
    else if (!made) place.why_not = made.error().sentence();
  }
  return place.ready ? &place : nullptr;
}

/// Why there is no place for groups of this controller, for who has no such fence.
Error Cgroups::no_place(Controller controller) const {
  static constexpr const char* of[] = {"memory", "CPUs", "devices"};
  const auto number = static_cast<std::size_t>(controller);
  const std::string plain = std::string("no control group for ") + of[number] + " may be made here";
  if (!delegated_.empty() && !places_[number].why_not.empty())
    return {ErrorKind::denied,
            places_[number].why_not + (why_no_group_.empty() ? "" : "; " + why_no_group_), "", ""};
  if (!delegated_.empty() || why_no_group_.empty()) return {ErrorKind::denied, plain, "", ""};
  return {ErrorKind::denied, plain + ": " + why_no_group_, "", ""};
}

void Cgroups::use_delegated_group(const std::string& why_no_group) {
  why_no_group_ = why_no_group;
  if (!in_delegated_group(root_)) return;
  delegated_ = own_group_of_version_2(root_)->directory;
  always_ = true;
}

std::vector<std::string> Cgroups::directories() const {
  std::set<std::string> all;
  if (!delegated_.empty()) all.insert(delegated_);
  for (const Place& place : places_)
    if (place.version != 0) all.insert(place.directory);
  return {all.begin(), all.end()};
}

Result<std::string> Cgroups::make_group(const Place& place, const std::string& name,
                                        Drafts& drafts) const {
  const std::string path = place.directory + "/" + group_prefix + name;
  const auto same = [&](const Draft& draft) { return draft.path == path; };
  if (std::any_of(drafts.begin(), drafts.end(), same)) return path;
  if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST)
    return system_error("make a control group", path, errno);
  drafts.push_back({path, place.version, {}, false});
  return path;
}

Result<void> Cgroups::limit_memory(Bytes memory, const std::string& name, Drafts& drafts) {
  const Place* place = usable(Controller::memory);
  if (place == nullptr) return no_place(Controller::memory);
  auto path = make_group(*place, name, drafts);
  if (!path) return path.error();
  const std::string bytes = std::to_string(memory.n);
  // Swap beyond the limit would make it none; where there is no swap there is no such file.
  if (place->version == 1) {
    auto written = write_value(*path + "/memory.limit_in_bytes", bytes);
    if (written) (void)write_value(*path + "/memory.memsw.limit_in_bytes", bytes).ok();
    return written;
  }
  auto written = write_value(*path + "/memory.max", bytes);
  if (written) (void)write_value(*path + "/memory.swap.max", "0").ok();
  if (written) (void)write_value(*path + "/memory.oom.group", "1").ok();
  return written;
}

Result<void> Cgroups::limit_cpus(const CpuSet& cpus, const std::string& name, Drafts& drafts) {
  const Place* place = usable(Controller::cpuset);
  if (place == nullptr || cpus.empty()) return no_place(Controller::cpuset);
  auto path = make_group(*place, name, drafts);
  if (!path) return path.error();
  if (place->version == 1) {
    // A new group of version 1 has no memory nodes, and nothing enters it before it has.
    const auto nodes = read_file(place->directory + "/cpuset.mems");
    if (!nodes) return nodes.error();
    auto written = write_value(*path + "/cpuset.mems", std::string(trim(*nodes)));
    if (!written) return written;
  }
  return write_value(*path + "/cpuset.cpus", cpus.text());
}

Result<void> Cgroups::limit_devices(const std::vector<std::string>& denied, const std::string& name,
                                    Drafts& drafts) {
  const Place* place = usable(Controller::devices);
  if (place == nullptr) return no_place(Controller::devices);
  std::vector<DeviceNumber> numbers;
  for (const std::string& file : denied) {
    auto number = number_of_device(file);
    if (!number) return number.error();
    numbers.push_back(*number);
  }
  auto path = make_group(*place, name, drafts);
  if (!path) return path.error();
  if (place->version == 2) {
    auto closed = deny_devices(*path, numbers);
    if (!closed && !delegated_.empty())
      return Error{ErrorKind::denied, "only root can close device files to a program", "", ""};
    return closed;
  }
  for (const DeviceNumber& number : numbers) {
    auto written = write_value(*path + "/devices.deny", std::string(number.block ? "b " : "c ") +
                                                            std::to_string(number.major) + ":" +
                                                            std::to_string(number.minor) + " rwm");
    if (!written) return written;
  }
  return {};
}

/// Groups of one task. One that is not fully set up is removed, not entered: nothing gets into a
/// cpuset of version 1 without CPUs. In version 2, where all controllers share one group, each that
/// failed only does not limit.
void Cgroups::raise_task(const TaskPlace& task, const std::vector<std::string>& denied,
                         const std::string& name, RaisedFences& raised, WhyNot& why_not) {
  Drafts drafts;
  // It is for the end of the gang as well, whatever it can limit.
  if (!delegated_.empty()) (void)make_group({2, delegated_}, name, drafts).ok();
  const auto note = [&](std::size_t controller, const Result<void>& made) {
    if (!made && why_not[controller].empty()) why_not[controller] = made.error().sentence();
  };
  const auto set_up = [&](Controller controller, const Result<void>& made) {
    const auto number = static_cast<std::size_t>(controller);
    note(number, made);
    const std::string own = places_[number].directory + "/" + group_prefix + name;
    for (Draft& draft : drafts) {
      if (draft.path != own) continue;
      draft.limits[number] = made.ok();
      draft.broken = draft.broken || !made;
    }
  };
  if (task.memory.n > 0) set_up(Controller::memory, limit_memory(task.memory, name, drafts));
  if (!denied.empty()) set_up(Controller::devices, limit_devices(denied, name, drafts));
  set_up(Controller::cpuset, limit_cpus(raised.cpus.back(), name, drafts));

  for (const Draft& draft : drafts) {
    const bool limits =
        std::any_of(draft.limits.begin(), draft.limits.end(), [](bool each) { return each; });
    Result<Fd> door = Error{ErrorKind::broken, "another limit in its control group failed", "", ""};
    const bool holds_all = !delegated_.empty() && draft.path.starts_with(delegated_);
    if (draft.version == 2 ? limits || holds_all : !draft.broken)
      door = open_file(draft.path + "/cgroup.procs", O_WRONLY);
    if (door) {
      raised.groups.back().push_back(draft.path);
      raised.doors.back().push_back(door->release());
      continue;
    }
    for (std::size_t i = 0; i < controllers; ++i)
      if (draft.limits[i]) note(i, door.error());
    ::rmdir(draft.path.c_str());
  }
}

std::string Cgroups::group_of(Controller controller) const {
  const auto number = static_cast<std::size_t>(controller);
  return std::string(controller_names[number]) + " control group (v" +
         std::to_string(places_[number].version) + ")";
}

/// Whose group it is may change its limits, and all programs of theirs may.
Fence Cgroups::limited_fence(const char* name, const char* how, Controller controller) const {
  if (delegated_.empty()) return {name, true, group_of(controller)};
  return {name, false, std::string(how) + group_of(controller) + "; a program can undo it"};
}

Fence Cgroups::cpu_fence(const NodePart& part, const RaisedFences& raised, bool grouped,
                         const std::string& why_not) const {
  CpuSet unusable;
  bool unbound = false;
  for (std::size_t i = 0; i < part.tasks.size(); ++i) {
    unusable = unusable | part.tasks[i].cpus.minus(raised.cpus[i]);
    unbound = unbound || raised.cpus[i].empty();
  }
  const bool counted = std::all_of(part.tasks.begin(), part.tasks.end(), [](const auto& place) {
    return place.cpus.empty() && place.counted.thousandths > 0;
  });
  if (counted) return {"cpus", false, "counted, not bound: which are its own is not said here"};
  const std::string cannot =
      "CPU " + unusable.text() + " cannot be used now: offline, or not in this user's cpuset";
  const bool holds = grouped && why_not.empty() && unusable.empty();
  if (!why_unbound_.empty() && !holds) return {"cpus", false, "not bound; " + why_unbound_};
  if (!unusable.empty() && unbound) return {"cpus", false, "not bound; " + cannot};
  if (!unusable.empty()) return {"cpus", false, "bound to the others; " + cannot};
  if (holds) return limited_fence("cpus", "kept to them by ", Controller::cpuset);
  return open_fence("cpus", "bound to them; a program can undo it", why_not);
}

RaisedFences Cgroups::raise(const Node& node, const NodePart& part, const std::string& name) {
  RaisedFences raised;
  const bool memory = std::any_of(part.tasks.begin(), part.tasks.end(),
                                  [](const TaskPlace& place) { return place.memory.n > 0; });
  std::vector<std::vector<std::string>> denied;
  bool devices = false;
  for (const TaskPlace& place : part.tasks) {
    denied.push_back(denied_files(root_, node, place));
    devices = devices || !denied.back().empty();
  }

  WhyNot why_not;
  const bool grouped = memory || devices || always_;
  for (std::size_t i = 0; i < part.tasks.size(); ++i) {
    const TaskPlace& place = part.tasks[i];
    raised.cpus.push_back(usable_cpus_(place.cpus));
    if (!grouped) continue;
    raised.groups.emplace_back();
    raised.doors.emplace_back();
    raise_task(place, denied[i], name + "." + std::to_string(place.rank), raised, why_not);
  }

  const auto& [no_memory, no_cpus, no_devices] = why_not;
  raised.fences.push_back(cpu_fence(part, raised, grouped, no_cpus));
  if (memory && no_memory.empty())
    raised.fences.push_back(limited_fence("memory", "limited by ", Controller::memory));
  else if (memory) raised.fences.push_back(open_fence("memory", "counted, not limited", no_memory));
  raised.hides_devices = devices && no_devices.empty();
  const bool all_have_all = std::all_of(part.tasks.begin(), part.tasks.end(),
                                        [&](const auto& each) { return may_use_all(node, each); });
  if (raised.hides_devices)
    raised.fences.push_back(limited_fence("devices", "closed by ", Controller::devices));
  else if (!node.devices.empty() && all_have_all)
    raised.fences.push_back(
        {"devices", true,
         "there is nothing to keep it from: each task may use all devices of this machine"});
  else if (!node.devices.empty())
    raised.fences.push_back(
        open_fence("devices", "*_VISIBLE_DEVICES only; a program can ignore it", no_devices));
  return raised;
}

void Cgroups::close_doors(RaisedFences& raised) {
  for (const CgroupDoors& doors : raised.doors)
    for (const int door : doors) ::close(door);
  raised.doors.clear();
}

bool Cgroups::out_of_memory(const std::vector<std::string>& groups) {
  return std::any_of(groups.begin(), groups.end(), [](const std::string& group) {
    return number_after(group + "/memory.oom_control", "oom_kill") > 0 ||
           number_after(group + "/memory.events", "oom_kill") > 0;
  });
}

std::vector<std::int64_t> Cgroups::members(const std::vector<std::vector<std::string>>& groups) {
  std::set<std::int64_t> pids;
  for (const auto& of_task : groups)
    for (const std::string& group : of_task) {
      const auto text = read_file(group + "/cgroup.procs");
      if (!text) continue;
      for (const std::string_view line : split(*text, '\n'))
        if (const auto pid = parse_number(line)) pids.insert(static_cast<std::int64_t>(*pid));
    }
  return {pids.begin(), pids.end()};
}

void Cgroups::end_all(const std::vector<std::vector<std::string>>& groups) {
  for (const auto& of_task : groups)
    for (const std::string& group : of_task) {
      // Version 2 since Linux 5.14: in one step, so that nobody gets away by forking.
      if (write_value(group + "/cgroup.kill", "1")) continue;
      std::set<std::int64_t> before;
      for (int round = 0; round < most_kill_rounds; ++round) {
        const auto now = members({{group}});
        const std::set<std::int64_t> pids(now.begin(), now.end());
        if (pids.empty() || pids == before) break;
        for (const std::int64_t pid : pids) ::kill(static_cast<pid_t>(pid), SIGKILL);
        before = pids;
      }
    }
}

bool Cgroups::lower(const std::vector<std::vector<std::string>>& groups) {
  bool gone = true;
  for (const auto& of_task : groups)
    for (const std::string& group : of_task)
      if (::rmdir(group.c_str()) != 0 && errno != ENOENT) gone = false;
  if (gone) return true;
  end_all(groups);
  return false;
}

std::vector<std::vector<std::string>> Cgroups::find_all(
    const std::function<std::optional<std::uint64_t>(const std::string& group)>& rank_of) const {
  std::map<std::uint64_t, std::set<std::string>> by_rank;
  std::vector<std::string> places = directories();
  places.insert(places.end(), earlier_.begin(), earlier_.end());
  for (const std::string& place : places)
    for (const std::string& group : groups_in(place))
      if (const auto rank = rank_of(group)) by_rank[*rank].insert(place + "/" + group);
  std::vector<std::vector<std::string>> groups;
  for (const auto& [rank, paths] : by_rank) groups.emplace_back(paths.begin(), paths.end());
  return groups;
}

std::vector<std::vector<std::string>> Cgroups::find(const std::string& name) const {
  const std::string wanted = group_prefix + name + ".";
  return find_all([&](const std::string& group) -> std::optional<std::uint64_t> {
    if (!group.starts_with(wanted)) return std::nullopt;
    return parse_number(std::string_view(group).substr(wanted.size()));
  });
}

std::vector<std::vector<std::string>> Cgroups::find_of_lane(std::uint64_t lane,
                                                            const std::string& epoch) const {
  return find_all([&](const std::string& group) -> std::optional<std::uint64_t> {
    const auto name = parse_group_name(group);
    if (!name || name->lane != lane || name->epoch != epoch) return std::nullopt;
    return name->rank;
  });
}

}  // namespace gangline
