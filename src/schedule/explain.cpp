#include <algorithm>
#include <cstdio>
#include <variant>

#include "base/text.h"
#include "schedule/make_plan.h"
#include "schedule/quota/quotas.h"

namespace gangline {
namespace {

constexpr std::size_t most_holders_told = 3;

/// "14:05 UTC", with the date where it is more than a day away.
std::string about(Time t, Time now) {
  std::string utc = format_utc(t);  // 2026-11-22T14:05:00Z
  if (utc.size() < 16) return utc;
  const std::string clock = utc.substr(11, 5) + " UTC";
  return t - now < hours(24) ? clock : utc.substr(0, 10) + " " + clock;
}

/// An amount of "gpu", "gpu share" or "cpu" (thousandths), "memory" (bytes), "node" or "task".
std::string amount(const std::string& what, std::uint64_t n) {
  if (what == "memory") return format(Bytes{static_cast<std::int64_t>(n)}) + " of memory";
  if (what == "cpu") return describe(CpuAmount{static_cast<std::uint32_t>(n)});
  const std::string share = " share";
  if (what.ends_with(share)) {
    char text[32];
    std::snprintf(text, sizeof text, "%g ", static_cast<double>(n) / 1000.0);
    return text + what.substr(0, what.size() - share.size());
  }
  return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

/// The amount without the name of the thing, where that was said already.
std::string number(const std::string& what, std::uint64_t n) {
  std::string text = amount(what, n);
  return text.substr(0, text.find(' '));
}

std::string device_name(const Snapshot& snapshot, DeviceId id) {
  return snapshot.cluster->nodes[id.node.n].name + ":" + std::to_string(id.index);
}

std::string jobs(const std::vector<JobId>& ids) {
  std::string text = ids.size() == 1 ? "job " : "jobs ";
  for (std::size_t i = 0; i < ids.size(); ++i)
    text += (i == 0 ? "" : i + 1 == ids.size() ? " and " : ", ") + format(ids[i]);
  return text;
}

struct Holding {
  std::uint64_t amount = 0;
  std::size_t gangs = 0;    ///< that hold some of it
  std::optional<Time> end;  ///< of the first of its gangs to end
};

Holding holding_of(JobId job, const std::string& what, const Snapshot& snapshot) {
  Holding holding;
  for (const Holder& holder : snapshot.holders) {
    if (holder.job != job) continue;
    std::uint64_t here = 0;
    for (const NodePart& part : holder.allocation->parts)
      for (const TaskPlace& task : part.tasks) {
        if (what == "cpu") here += cpus_of(task).thousandths;
        if (what == "memory") here += static_cast<std::uint64_t>(task.memory.n);
        const DeviceKind kind =
            what.starts_with(name_of(DeviceKind::fpga)) ? DeviceKind::fpga : DeviceKind::gpu;
        for (const DeviceShare& share : task.devices) {
          const Node& node = snapshot.cluster->nodes[part.node.n];
          if (share.device >= node.devices.size()) continue;
          if (!what.starts_with(name_of(kind)) || node.devices[share.device].kind != kind) continue;
          here += what.ends_with("share") ? static_cast<std::uint64_t>(share.share.thousandths) : 1;
        }
      }
    holding.amount += here;
    if (here == 0) continue;
    ++holding.gangs;
    holding.end = std::min(holding.end.value_or(never), holder.expected_end);
  }
  return holding;
}

std::string sentence(const NoSuchDevice& blocker, const Snapshot&) { return blocker.wanted; }

std::string used_by(const ForeignUse& use) {
  if (use.leased) return " is in use by " + use.holder;
  return " is in use by somebody outside Gangline: " + use.holder;
}

// Others than Gangline's jobs hold devices as well: "; device 5 of a is used by pid 4242 (python3)
// of eve".
std::string foreign_part(const Snapshot& snapshot) {
  std::string text;
  std::size_t told = 0;
  for (const ForeignUse& use : snapshot.foreign) {
    if (use.device.node.n >= snapshot.cluster->nodes.size()) continue;
    if (told++ == most_holders_told) break;
    text += "; device " + device_name(snapshot, use.device) + used_by(use);
  }
  return text;
}

/// Who holds: "job 5 holds", or of `own`, which is the one that waits, "other gangs of it hold".
std::string who_holds(JobId job, std::optional<JobId> own, std::size_t gangs) {
  if (job != own) return "job " + format(job) + " holds";
  return gangs == 1 ? "another gang of this job holds" : "other gangs of this job hold";
}

std::string sentence(const AllTaken& blocker, const Snapshot& snapshot, std::optional<JobId> own) {
  std::string text = amount(blocker.what, blocker.wanted) + " wanted, " +
                     number(blocker.what, blocker.free) + " free";
  std::size_t told = 0;
  for (const JobId job : blocker.holders) {
    if (told == most_holders_told) break;
    const Holding holding = holding_of(job, blocker.what, snapshot);
    text += told++ == 0 ? "; " : ", ";
    if (holding.amount == 0) {
      // It starts in the same plan.
      text += job == own ? "gangs of this job get the rest now"
                         : "job " + format(job) + " gets the rest now";
      continue;
    }
    text += who_holds(job, own, holding.gangs) + " " + number(blocker.what, holding.amount);
    if (blocker.holders.size() > 1) continue;
    const bool several = job == own && holding.gangs > 1;
    if (!holding.end || *holding.end == never)
      text += several ? " and have no time limit" : " and has no time limit";
    else if (*holding.end <= snapshot.now)
      text += several ? " and one is past its time limit" : " and is past its time limit";
    else text += " until about " + about(*holding.end, snapshot.now);
  }
  if (blocker.holders.size() > told)
    text += ", and " + std::to_string(blocker.holders.size() - told) + " or more others hold some";
  if (blocker.holders.size() > 1 && blocker.until != never)
    text += "; enough is expected to be free about " + about(blocker.until, snapshot.now);
  if (blocker.what.starts_with("gpu")) text += foreign_part(snapshot);
  return text;
}

std::string sentence(const Scattered& blocker, const Snapshot&) {
  if (blocker.what == "node")
    return "there is room, but only over " + amount("node", blocker.free) +
           "; under this policy it waits until " + std::to_string(blocker.wanted) +
           (blocker.wanted == 1 ? " holds it" : " hold it");
  if (blocker.what == "task")
    return "enough is free in all, but not side by side: there is room for " +
           std::to_string(blocker.free) + " of " + amount("task", blocker.wanted);
  std::string text = amount(blocker.what, blocker.wanted) + " wanted and " +
                     number(blocker.what, blocker.free) + " free, but scattered: ";
  const bool several = blocker.wanted > blocker.each;
  if (blocker.most >= blocker.each)  // only several tasks can find too little then
    return text + "there is room for " + std::to_string(blocker.fit) + " of " +
           amount("task", blocker.wanted / blocker.each) + " with " +
           number(blocker.what, blocker.each) + " each";
  text += "at most " + number(blocker.what, blocker.most) +
          (blocker.what.ends_with(" share") ? " on one device" : " on one node");
  return several ? text + ", and each task wants " + number(blocker.what, blocker.each) : text;
}

std::string sentence(const PromisedToOther& blocker, const Snapshot& snapshot) {
  const std::string other = "job " + format(blocker.other);
  if (blocker.start == never)
    return "there is room, but " + other +
           " goes first and what is free is kept for it; when it can start is not known";
  return "there is room, but it would delay " + other + ", which is to start by about " +
         about(blocker.start, snapshot.now);
}

std::string sentence(const BehindOther& blocker, const Snapshot&) {
  return "job " + format(blocker.other) + " goes first and waits; this policy lets nobody overtake";
}

std::string sentence(const WaitsForJobs& blocker, const Snapshot&) {
  return "it starts after " + jobs(blocker.jobs) + (blocker.jobs.size() == 1 ? " has" : " have") +
         " ended well";
}

std::string sentence(const InForeignUse& blocker, const Snapshot& snapshot) {
  return "device " + device_name(snapshot, blocker.use.device) + used_by(blocker.use);
}

std::string sentence(const DeviceAway& blocker, const Snapshot& snapshot) {
  return "device " + device_name(snapshot, blocker.device) +
         " was here and is not found now, and there are too few others";
}

std::string sentence(const NodeAway& blocker, const Snapshot& snapshot) {
  return "node " + snapshot.cluster->nodes[blocker.node.n].name +
         " is down, and the others are not enough";
}

std::string sentence(const MakingRoom& blocker, const Snapshot&) {
  const bool one = blocker.stopped.size() == 1;
  const std::string asked =
      jobs(blocker.stopped) + (one ? " was" : " were") + " asked to make room";
  if (blocker.stopped.empty())
    return "there is room for it now: it is tried again in the next plan";
  if (!blocker.for_others) return asked + " for it and those like it";
  return asked + " for others, and what " + (one ? "it leaves" : "they leave") +
         " may be enough for this one as well";
}

std::string sentence(const MpsOfOther& blocker, const Snapshot& snapshot) {
  const auto* people = snapshot.people.get();
  std::string text =
      "MPS serves one person of a GPU at a time: device " + device_name(snapshot, blocker.device) +
      " serves " +
      (people != nullptr && blocker.user < people->size() ? (*people)[blocker.user] : "another") +
      " until ";
  std::vector<JobId> named = blocker.holders;
  if (named.size() > most_holders_told) named.resize(most_holders_told);
  const std::size_t more = blocker.holders.size() - named.size();
  text += jobs(named) + (more > 0 ? " and others" : "") +
          (blocker.holders.size() == 1 ? " ends" : " end") +
          (blocker.until == never ? ", and nobody knows when that is"
                                  : ", about " + about(blocker.until, snapshot.now));
  if (blocker.others > 0)
    text += "; so " + std::string(blocker.others == 1 ? "does " : "do ") +
            std::to_string(blocker.others) + " more with room";
  return text;
}

std::string sentence(const SetAsideForOther& blocker, const Snapshot&) {
  return "there is room, but it would reach into " + blocker.says +
         (blocker.timeless ? "; it has no time limit: with one (--time) it may start earlier" : "");
}

/// What one job holds of a queue's quota.
Holding quota_of(JobId job, const OverQuota& blocker, const Snapshot& snapshot) {
  Holding holding;
  for (const Holder& holder : snapshot.holders) {
    if (holder.job != job) continue;
    const auto here = static_cast<std::uint64_t>(charge_of(*holder.allocation).of(blocker.account));
    holding.amount += here;
    holding.gangs += here > 0 ? 1 : 0;
  }
  return holding;
}

/// What is kept for the waiting gangs of a job.
std::uint64_t kept_quota_of(JobId job, const OverQuota& blocker, const Snapshot& snapshot) {
  for (const WaitingGroup& group : snapshot.waiting)
    if (group.job == job)
      return static_cast<std::uint64_t>(charge_of(*group.request).of(blocker.account));
  return 0;
}

/// Who has what there is of a quota: "; job 3 holds 2, job 4 holds 1, and 2 more; 1 kept for job
/// 7".
std::string who_has(const OverQuota& blocker, const Snapshot& snapshot, std::optional<JobId> own) {
  const auto number = [&](std::uint64_t amount) {
    const std::string text = quota_text(blocker.account, amount);
    return text.substr(0, text.find(' '));
  };
  std::string text;
  std::size_t told = 0;
  for (const JobId job : blocker.holders) {
    if (told == most_holders_told) break;
    const Holding holding = quota_of(job, blocker, snapshot);
    text += told++ == 0 ? "; " : ", ";
    if (holding.amount > 0)
      text += who_holds(job, own, holding.gangs) + " " + number(holding.amount);
    else
      text +=
          job == own ? "gangs of this job get some now" : "job " + format(job) + " gets some now";
  }
  std::size_t kept = 0;
  for (const JobId job : blocker.kept_for) {
    if (told + kept >= most_holders_told) break;
    const std::uint64_t amount = kept_quota_of(job, blocker, snapshot);
    text += (kept++ == 0 ? "; " : ", ") + (amount == 0 ? "some" : number(amount)) +
            " kept for job " + format(job);
  }
  const std::size_t more =
      blocker.holders.size() + blocker.kept_for.size() + blocker.unnamed - told - kept;
  return more == 0 ? text : text + ", and " + std::to_string(more) + " more";
}

std::string sentence(const OverQuota& blocker, const Snapshot& snapshot, std::optional<JobId> own) {
  const bool of_rule = !blocker.rule.empty();
  if (of_rule && blocker.limit == 0) return blocker.rule;
  const std::string held = quota_text(blocker.account, blocker.held);
  std::string text = quota_text(blocker.account, blocker.wanted) + " wanted, and ";
  if (of_rule) text += blocker.rule + ", of which ";
  else {
    const std::string limit = quota_text(blocker.account, blocker.limit);
    text += "of the " + limit.substr(0, limit.find(' ')) + " that queue " +
            snapshot.queues[blocker.queue].name + " may hold at once ";
  }
  text += (blocker.held == 0 ? "none" : held.substr(0, held.find(' '))) +
          (blocker.held == (blocker.account == Account::devices ? 1'000u : 1u) ? " is" : " are") +
          std::string(" held or promised");
  if (blocker.first)
    text += "; job " + format(*blocker.first) + (of_rule ? "" : " of the queue") +
            " goes first and wants more";
  return text + who_has(blocker, snapshot, own);
}

}  // namespace

std::string explain(const Blocker& blocker, const Snapshot& snapshot, std::optional<JobId> own) {
  return std::visit(
      [&](const auto& one) {
        if constexpr (requires { sentence(one, snapshot, own); })
          return sentence(one, snapshot, own);
        else return sentence(one, snapshot);
      },
      blocker);
}

}  // namespace gangline
