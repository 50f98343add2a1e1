#include "launch/mps/mps_daemons.h"

#include <dirent.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "base/text.h"
#include "launch/processes.h"
#include "os/clock.h"

namespace gangline {
namespace {

constexpr Span stays_unneeded = seconds(2);
constexpr Span claim_lasts = seconds(1);
constexpr Span stays_seen = seconds(1);
constexpr Span between_looks = milliseconds(100);

/// Devices of NVIDIA that the task has, by uid.
std::map<std::string, const DeviceShare*> nvidia_devices(const Node& node, const TaskPlace& place) {
  std::map<std::string, const DeviceShare*> devices;
  for (const DeviceShare& share : place.devices) {
    if (share.device >= node.devices.size()) continue;
    const Device& device = node.devices[share.device];
    if (device.vendor == "nvidia" && !device.uid.empty()) devices[device.uid] = &share;
  }
  return devices;
}

std::set<std::string> nvidia_uids(const Node& node, const NodePart& part) {
  std::set<std::string> uids;
  for (const TaskPlace& task : part.tasks)
    for (const auto& [uid, share] : nvidia_devices(node, task)) uids.insert(uid);
  return uids;
}

/// The part with this GPU and nothing else.
NodePart device_alone(const Node& node, const NodePart& part, const std::string& uid) {
  TaskPlace place;
  for (std::uint32_t d = 0; d < node.devices.size(); ++d)
    if (node.devices[d].uid == uid) place.devices = {{d}};
  return {part.node, {std::move(place)}};
}

std::string hex_of(std::uint64_t n) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(n));
  return text;
}

std::string or_somebody(const std::string& owner) { return owner.empty() ? "somebody" : owner; }

}  // namespace

Fence mps_fence(const std::string& owner) {
  return {
      "mps", false,
      "each program has its own memory space (on Volta GPUs and newer) and at most its share of "
      "the GPU's threads and memory, which it can undo; a program that fails badly may end the "
      "others on this GPU; the daemon is " +
          or_somebody(owner) + "'s, runs as them and serves no other user"};
}

MpsDaemons::MpsDaemons(Cgroups& cgroups, MpsSettings settings)
    : cgroups_(cgroups), settings_(std::move(settings)) {}

/// A short name, as a socket of the daemon must fit below it; its end says whose it is.
MpsPlace MpsDaemons::place_of(const std::string& device, std::uint32_t uid) const {
  std::uint64_t sum = 14695981039346656037u;  // FNV-1a
  for (const char c : device) sum = (sum ^ static_cast<unsigned char>(c)) * 1099511628211u;
  const std::string leaf = hex_of(sum) + "-" + std::to_string(uid);
  return {settings_.directory, leaf, "mps-" + leaf + "@" + settings_.epoch};
}

std::vector<std::int64_t> MpsDaemons::processes_of(const Daemon& daemon) const {
  const std::uint32_t uid = settings_.for_all ? daemon.uid : ::geteuid();
  auto all = processes_with_mark(daemon.place.mark, uid);
  for (const std::int64_t pid : Cgroups::members(daemon.groups))
    if (const auto process = read_process(pid); process && !process->zombie) all.push_back(pid);
  return all;
}

MpsControl MpsDaemons::control_of(const Daemon& daemon) const {
  return {daemon.place, daemon.person.get(), "", nullptr, daemon.words.number()};
}

void MpsDaemons::claim(const std::string& device, const Job& job, Span boot) {
  auto& claims = claims_[device];
  const auto own = std::find_if(claims.begin(), claims.end(),
                                [&](const Claim& each) { return each.uid == job.uid; });
  if (own != claims.end()) own->renewed = boot;
  else claims.push_back({job.uid, job.owner, boot});
}

/// Empty: nothing stands in the way of this gang.
std::string MpsDaemons::why_not(const std::string& device, GangId gang, const Job& job, Span boot) {
  auto& claims = claims_[device];
  std::erase_if(claims, [&](const Claim& each) { return boot - each.renewed > claim_lasts; });
  const bool others_first = !claims.empty() && claims.front().uid != job.uid;
  const auto found = daemons_.find(device);
  const auto wait = [&](const std::string& why) {
    claim(device, job, boot);
    return "gang " + format(gang) + " waits for MPS on " + device + ": " + why;
  };
  if (found == daemons_.end())
    return others_first ? wait(or_somebody(claims.front().owner) + " has it next") : "";
  Daemon& daemon = found->second;
  if (daemon.uid != job.uid) {
    if (daemon.gangs.empty() && daemon.state == State::up) begin_ending(daemon, boot);
    return wait("it serves " + or_somebody(daemon.owner) +
                " now, and MPS serves one user of a GPU at a time");
  }
  if (daemon.state == State::ending) return wait("an earlier daemon is ending");
  if (others_first && !daemon.gangs.contains(gang))
    return wait(or_somebody(claims.front().owner) + " has it next");
  return {};
}

MpsDaemons::Got MpsDaemons::need(GangId gang, const Job& job, const Node& node,
                                 const NodePart& part) {
  const Span boot = since_boot();
  if (!looked_for_earlier_) look_for_earlier(boot);
  if (const auto failed = failed_.extract(gang)) return {Answer::failed, failed.mapped()};
  if (!earlier_.empty()) return {Answer::wait, "daemons of MPS of an earlier launcher are ending"};

  // 1. All or none: who waits for one GPU keeps nobody from another.
  const std::set<std::string> devices = nvidia_uids(node, part);
  for (const std::string& device : devices)
    if (auto why = why_not(device, gang, job, boot); !why.empty())
      return {Answer::wait, std::move(why)};

  // 2. Begin what is missing.
  bool ready = true;
  for (const std::string& device : devices) {
    std::erase_if(claims_[device], [&](const Claim& each) { return each.uid == job.uid; });
    const auto [place, fresh] = daemons_.try_emplace(device);
    Daemon& daemon = place->second;
    daemon.gangs.insert(gang);
    bool is_there = !fresh;
    if (is_there && daemon.state == State::up && boot - daemon.seen > stays_seen) {
      is_there = !processes_of(daemon).empty();
      daemon.seen = boot;
    }
    if (!is_there)
      if (const auto begun = start(device, job, node, part, daemon); !begun) {
        const std::string why = begun.error().sentence();
        if (fresh) daemons_.erase(place);
        end(gang);
        return {Answer::failed, why};
      }
    ready = ready && daemon.state == State::up;
  }
  return {ready ? Answer::ready : Answer::wait};
}

Result<void> MpsDaemons::start(const std::string& device, const Job& job, const Node& node,
                               const NodePart& part, Daemon& daemon) {
  daemon.place = place_of(device, job.uid);
  daemon.uid = job.uid;
  daemon.owner = job.owner;
  if (settings_.for_all) daemon.person = job.person;
  const Person* person = daemon.person.get();
  if (settings_.for_all && person == nullptr)
    return Error{ErrorKind::denied, "whose MPS daemon it is to be was not said", "", ""};
  if (auto made = make_mps_place(daemon.place, person); !made) return made;
  RaisedFences raised;
  if (settings_.for_all)
    raised = cgroups_.raise(node, device_alone(node, part, device), daemon.place.mark);
  daemon.words = make_words();
  MpsControl control = control_of(daemon);
  control.device = device;
  if (!raised.doors.empty()) control.doors = &raised.doors.front();
  const auto pid = start_mps_daemon(control);
  Cgroups::close_doors(raised);
  if (!pid) {
    Cgroups::lower(raised.groups);
    return pid.error();
  }
  daemon.groups = std::move(raised.groups);
  daemon.starter = *pid;
  daemon.state = State::starting;
  daemon.until = since_boot() + settings_.longest_start;
  return {};
}

void MpsDaemons::adopt(GangId gang, const Job& job, const Node& node, const NodePart& part) {
  for (const std::string& device : nvidia_uids(node, part)) {
    Daemon& daemon = daemons_[device];
    daemon.state = State::up;
    daemon.place = place_of(device, job.uid);
    daemon.uid = job.uid;
    daemon.owner = job.owner;
    if (settings_.for_all) daemon.person = job.person;
    daemon.groups = cgroups_.find(daemon.place.mark);
    daemon.gangs.insert(gang);
  }
}

void MpsDaemons::end(GangId gang) {
  failed_.erase(gang);
  for (auto& [device, daemon] : daemons_)
    if (daemon.gangs.erase(gang) > 0 && daemon.gangs.empty()) daemon.unneeded_since = since_boot();
}

bool MpsDaemons::is_child(std::int64_t pid) const {
  return std::any_of(daemons_.begin(), daemons_.end(), [&](const auto& each) {
    return each.second.starter == pid || each.second.asker == pid;
  });
}

bool MpsDaemons::child_ended(std::int64_t pid, bool by_signal, int status) {
  const Span boot = since_boot();
  for (auto& [device, daemon] : daemons_) {
    if (daemon.asker == pid) daemon.asker = 0;
    if (daemon.starter != pid) continue;
    daemon.starter = 0;
    if (daemon.state != State::starting) return false;
    if (by_signal) fail(device, daemon, "was ended by signal " + std::to_string(status), boot);
    else if (status != 0) fail(device, daemon, "ended with code " + std::to_string(status), boot);
    else if (processes_of(daemon).empty()) fail(device, daemon, "ended at once", boot);
    else daemon.state = State::up;
    daemon.seen = boot;
    daemon.unneeded_since = boot;
    daemon.words.reset();
    return true;
  }
  // It may be the last process of a daemon, which becomes our child when its starter ends.
  return forget_ended(boot);
}

bool MpsDaemons::forget_ended(Span boot) {
  const auto before = daemons_.size();
  for (auto each = daemons_.begin(); each != daemons_.end();) {
    const bool over = each->second.state == State::ending && has_ended(each->second, boot);
    each = over ? daemons_.erase(each) : std::next(each);
  }
  return daemons_.size() != before;
}

void MpsDaemons::fail(const std::string& device, Daemon& daemon, const std::string& how,
                      Span boot) {
  const std::string words = read_words(daemon.words);
  const Error why{ErrorKind::refused,
                  "MPS could not be started: " + std::string(mps_control) + " " + how +
                      (words.empty() ? "" : ": " + words),
                  device, "its log is in " + daemon.place.path() + "; or leave mps out"};
  for (const GangId gang : daemon.gangs) failed_[gang] = why.sentence();
  daemon.gangs.clear();
  daemon.state = State::ending;
  daemon.until = boot;
  kill(daemon);
}

void MpsDaemons::begin_ending(Daemon& daemon, Span boot) {
  daemon.state = State::ending;
  daemon.until = boot + settings_.longest_end;
  daemon.words.reset();
  if (settings_.for_all && !daemon.person) {
    // Of an earlier launcher, and as whom to ask is not known whole.
    for (const std::int64_t pid : processes_of(daemon))
      signal_with_mark(pid, daemon.place.mark, daemon.uid, SIGTERM);
    return;
  }
  if (const auto asker = ask_mps_daemon_to_quit(control_of(daemon))) daemon.asker = *asker;
  else daemon.until = boot;
}

void MpsDaemons::kill(Daemon& daemon) {
  daemon.killed = true;
  for (const std::int64_t child : {daemon.starter, daemon.asker})
    if (child > 0) ::kill(static_cast<pid_t>(child), SIGKILL);
  const std::uint32_t uid = settings_.for_all ? daemon.uid : ::geteuid();
  for (const std::int64_t pid : processes_with_mark(daemon.place.mark, uid))
    signal_with_mark(pid, daemon.place.mark, uid, SIGKILL);
  Cgroups::end_all(daemon.groups);
}

bool MpsDaemons::has_ended(Daemon& daemon, Span boot) {
  if (boot >= daemon.until) kill(daemon);
  const bool gone = daemon.starter == 0 && daemon.asker == 0 && processes_of(daemon).empty();
  // What even SIGKILL does not end sits in the driver; nobody can do more.
  const bool enough = boot >= daemon.until + settings_.longest_end;
  if (!gone && !enough) return false;
  return Cgroups::lower(daemon.groups) || enough;
}

/// Those of earlier launchers, of which no adopted gang is left.
void MpsDaemons::look_for_earlier(Span boot) {
  looked_for_earlier_ = true;
  std::set<std::string> known;
  for (const auto& [device, daemon] : daemons_) known.insert(daemon.place.leaf);
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(settings_.directory.c_str()), ::closedir);
  if (!dir) return;
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string leaf = entry->d_name;
    const auto uid = parse_number(leaf.substr(leaf.find('-') + 1));
    if (leaf.starts_with(".") || !uid || known.contains(leaf)) continue;
    Daemon daemon;
    daemon.place = {settings_.directory, leaf, "mps-" + leaf + "@" + settings_.epoch};
    daemon.uid = static_cast<std::uint32_t>(*uid);
    daemon.groups = cgroups_.find(daemon.place.mark);
    if (processes_of(daemon).empty() && Cgroups::lower(daemon.groups)) continue;
    begin_ending(daemon, boot);
    earlier_.push_back(std::move(daemon));
  }
}

void MpsDaemons::tick(Span boot) {
  if (!looked_for_earlier_) look_for_earlier(boot);
  std::erase_if(earlier_, [&](Daemon& daemon) {
    daemon.asker = 0;  // its end is not told here; it has the mark as well
    return has_ended(daemon, boot);
  });
  for (auto& [device, daemon] : daemons_) {
    if (daemon.state == State::starting && boot >= daemon.until)
      fail(device, daemon, "did not come up in " + format(settings_.longest_start), boot);
    if (daemon.state == State::up && daemon.gangs.empty() &&
        boot - daemon.unneeded_since >= stays_unneeded)
      begin_ending(daemon, boot);
  }
  forget_ended(boot);
}

std::optional<Span> MpsDaemons::next_look() const {
  std::optional<Span> next;
  const auto by = [&](Span at) { next = next ? std::min(*next, at) : at; };
  if (!earlier_.empty()) by(since_boot() + between_looks);
  for (const auto& [device, daemon] : daemons_) {
    if (daemon.state == State::starting) by(daemon.until);
    if (daemon.state == State::ending) by(since_boot() + between_looks);
    if (daemon.state == State::up && daemon.gangs.empty())
      by(daemon.unneeded_since + stays_unneeded);
  }
  return next;
}

bool MpsDaemons::end_unneeded() {
  const Span boot = since_boot();
  if (!looked_for_earlier_) look_for_earlier(boot);
  for (auto& [device, daemon] : daemons_)
    if (daemon.state != State::ending && daemon.gangs.empty()) begin_ending(daemon, boot);
  return daemons_.empty() && earlier_.empty();
}

std::vector<EnvVar> MpsDaemons::variables(const Job& job, const Node& node,
                                          const TaskPlace& place) const {
  const auto devices = nvidia_devices(node, place);
  // A client has one daemon, and each of ours has one GPU.
  if (devices.size() != 1) return {};
  const auto& [uid, share] = *devices.begin();
  std::vector<EnvVar> variables{{"CUDA_MPS_PIPE_DIRECTORY", place_of(uid, job.uid).path()}};
  if (share->share == whole_device) return variables;
  const auto thousandths = static_cast<std::uint64_t>(share->share.thousandths);
  variables.emplace_back("CUDA_MPS_ACTIVE_THREAD_PERCENTAGE",
                         std::to_string(std::max<std::uint64_t>(1, thousandths / 10)));
  const auto memory = static_cast<std::uint64_t>(node.devices[share->device].memory.n);
  if (memory > 0)
    variables.emplace_back("CUDA_MPS_PINNED_DEVICE_MEM_LIMIT",
                           "0=" + std::to_string((memory >> 20) * thousandths / 1000) + "M");
  return variables;
}

}  // namespace gangline
