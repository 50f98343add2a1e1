#include "engine/slurm/why/reason.h"

#include "base/text.h"

namespace gangline {
namespace {

struct Said {
  std::string_view slurm;
  const char* words;
};

// Reasons of Slurm 21.08 to 24.11: https://slurm.schedmd.com/job_reason_codes.html
constexpr Said reasons[] = {
    {"None", "Slurm has not looked at it yet"},
    {"Resources", "what it asks for is in use"},
    {"Priority", "others go first"},
    {"Dependency", "it waits for another job"},
    {"DependencyNeverSatisfied",
     "it waits for a job that did not end as it had to, so it never starts"},
    {"JobHeldUser", "its owner holds it back; `scontrol release` lets it go"},
    {"JobHeldAdmin", "an administrator holds it back and can let it go"},
    {"BeginTime", "it may not start before a time that was said"},
    {"JobArrayTaskLimit", "as many gangs of this job run as were said to run at once"},
    {"PartitionTimeLimit", "it asks for more time than its queue allows"},
    {"PartitionNodeLimit", "it asks for more nodes than its queue has or allows"},
    {"PartitionMinNodes", "it asks for fewer nodes than its queue wants"},
    {"PartitionMaxNodes", "it asks for more nodes than its queue allows"},
    {"PartitionDown", "its queue is closed: jobs wait there until an administrator opens it"},
    {"PartitionInactive", "its queue is closed: jobs wait there until an administrator opens it"},
    {"PartitionConfig", "its queue does not allow what it asks for"},
    {"AccountNotAllowed", "its account may not use this queue"},
    {"ReqNodeNotAvail", "a node that it needs is down, drained or reserved"},
    {"NodeDown", "a node that it needs is down"},
    {"FrontEndDown", "the host that starts jobs is down"},
    {"BadConstraints", "no node has what it asks for"},
    {"Licenses", "it waits for a licence that is in use"},
    {"Reservation", "it waits for its reservation to begin"},
    {"ReservationDeleted", "its reservation was deleted"},
    {"ReqResv", "its queue takes only jobs with a reservation"},
    {"Cleaning", "what is left of its last run is being cleared away"},
    {"Prolog", "its nodes are being prepared"},
    {"MaxMemPerLimit", "it asks for more memory on a node, or for a CPU, than is allowed"},
    {"MaxRequeue", "it was started again as often as is allowed"},
    {"JobHoldMaxRequeue", "it was started again as often as is allowed"},
    {"JobLaunchFailure", "it could not be started on its node"},
    {"launch failed requeued held",
     "it could not be started on its node, and is held back; `scontrol release` lets it go"},
    {"job requeued in held state", "it was put back and is held; `scontrol release` lets it go"},
    {"NonZeroExitCode", "its program ended with another code than 0"},
    {"RaisedSignal", "its program was ended by a signal"},
    {"OutOfMemory", "it used more memory than it had asked for"},
    {"TimeLimit", "its time was up"},
    {"InactiveLimit", "nothing was heard from it for too long"},
    {"DeadLine", "it could not have ended by its deadline"},
    {"SystemFailure", "something of Slurm, a disk or the network failed"},
    {"InvalidAccount", "its account does not exist"},
    {"InvalidQOS", "its service class does not exist or is not for you"},
    {"QOSNotAllowed", "its service class may not use this queue"},
    {"QOSJobLimit", "as many jobs of its service class run as may"},
    {"QOSResourceLimit", "it asks for more than its service class allows"},
    {"QOSTimeLimit", "it asks for more time than its service class allows"},
    {"QOSUsageThreshold", "its service class was used too much lately"},
    {"AssociationJobLimit", "as many jobs of its account run as may"},
    {"AssociationResourceLimit", "its account holds as much as it may"},
    {"AssociationTimeLimit", "it asks for more time than its account may"},
    {"AccountingPolicy", "a limit of its account or service class is in the way"},
    {"NodeFailure", "a node of it failed"},
    {"BurstBufferResources", "fast storage that it asks for is in use"},
    {"BurstBufferStageIn", "its files are being copied to fast storage"},
    {"BurstBufferOperation", "fast storage failed; an administrator must look at it"},
    {"PowerNotAvail", "there is not enough electric power for it"},
    {"PowerReserved", "there is not enough electric power for it"},
    {"FedJobLock", "the clusters are agreeing on where it starts"},
    {"SchedDefer", "Slurm looks at it later: too much else is to be done"},
    {"Nodes required for job are DOWN, DRAINED or reserved for jobs in higher priority partitions",
     "nodes that it needs are down, drained or kept for queues that go first"},
};

constexpr Said counted[] = {
    {"SubmitJobs", "jobs handed in"},
    {"SubmitJob", "jobs handed in"},
    {"Jobs", "jobs running"},
    {"Job", "jobs running"},
    {"Cpu", "CPUs"},
    {"CPU", "CPUs"},
    {"GRES", "GPUs or other devices"},
    {"Memory", "memory"},
    {"Mem", "memory"},
    {"Node", "nodes"},
    {"WallDuration", "time"},
    {"Wall", "time"},
    {"BB", "fast storage"},
    {"Billing", "what is paid for"},
    {"License", "licences"},
    {"Energy", "energy"},
};

// "GRESRunMinutes" and the like.
std::string what_is_counted(std::string_view text) {
  const bool minutes = text.find("Minutes") != std::string_view::npos;
  for (const Said& what : counted)
    if (text.starts_with(what.slurm))
      return std::string(what.words) + (minutes ? " times minutes" : "");
  return "something that is counted";
}

struct Family {
  std::string_view front;
  std::string_view back;  // somewhere behind it
  const char* words;
};
constexpr Family families[] = {
    {"AssocGrp", "", "its account has as much as it may together: "},
    {"AssocMax", "PerNode", "it asks for more on one node than its account may: "},
    {"AssocMax", "PerJob", "it asks for more than a job of its account may: "},
    {"AssocMax", "", "you have as much as its account lets one person have: "},
    {"QOSGrp", "", "its service class has as much as it may together: "},
    {"QOSMax", "PerUser", "you have as much as one person may in its service class: "},
    {"QOSMax", "PerAccount", "your account has as much as it may in its service class: "},
    {"QOSMax", "PerNode", "it asks for more on one node than its service class allows: "},
    {"QOSMax", "", "it asks for more than its service class allows: "},
    {"QOSMin", "", "it asks for less than its service class wants: "},
    {"Max", "PerAccount", "your account has as much as it may in its service class: "},
};

std::string words_for(std::string_view reason) {
  const std::string_view word = reason.substr(0, reason.find(", "));
  for (const Said& one : reasons)
    if (one.slurm == reason || one.slurm == word) return one.words;
  for (const Family& family : families) {
    if (!word.starts_with(family.front)) continue;
    const std::string_view rest = word.substr(family.front.size());
    if (rest.find(family.back) == std::string_view::npos) continue;
    return family.words + what_is_counted(rest);
  }
  return "Slurm has a reason of its own";
}

struct SaidNo {
  std::string_view slurm;  // part of what it writes
  ErrorKind kind;
  const char* what;
  const char* hint;
};
constexpr const char* ask_for_account = "ask the administrator for an account that may use it";
constexpr const char* see_nodes = "`gang nodes --on slurm` shows what there is";
constexpr SaidNo said_no[] = {
    {"Unable to contact slurm controller", ErrorKind::unavailable, "Slurm does not answer",
     "does `sinfo` work here? If not, its administrator must look at slurmctld"},
    {"Socket timed out", ErrorKind::unavailable, "Slurm did not answer in time",
     "it is busy or its network is slow; this is tried again"},
    {"Zero Bytes were transmitted", ErrorKind::unavailable, "Slurm broke off its answer",
     "it was restarted or its network failed; this is tried again"},
    {"Connection refused", ErrorKind::unavailable, "Slurm does not answer",
     "does `sinfo` work here? If not, its administrator must look at it"},
    {"Protocol authentication error", ErrorKind::unavailable, "Slurm did not believe who we are",
     "is munge running here, with the cluster's key and the right time?"},
    {"temporarily unable to accept job", ErrorKind::unavailable, "Slurm takes no jobs right now",
     "this is tried again"},
    {"Invalid job id specified", ErrorKind::not_found, "Slurm knows no such job", ""},
    {"Invalid partition name", ErrorKind::refused, "there is no such queue", see_nodes},
    {"Could not establish a configuration source", ErrorKind::unavailable,
     "this machine is not part of a Slurm cluster",
     "log in on one of its login nodes, or ask its administrator"},
    {"not permitted to use this partition", ErrorKind::denied, "its queue is not for your group",
     "choose another queue, or ask the administrator to let your group use it"},
    {"Invalid account", ErrorKind::denied, "your account may not be used, or not in this queue",
     ask_for_account},
    {"Invalid qos", ErrorKind::denied, "its service class is not for you", ask_for_account},
    {"violates accounting/QOS policy", ErrorKind::denied,
     "it is more than your account or service class may have",
     "ask for less, or ask the administrator what you may have"},
    {"Access/permission denied", ErrorKind::denied, "it is not yours, or not allowed to you", ""},
    {"Memory specification can not be satisfied", ErrorKind::refused,
     "no node has the memory that it asks for", see_nodes},
    {"node configuration is not available", ErrorKind::refused,
     "no node that is up has what it asks for", see_nodes},
    {"Invalid feature specification", ErrorKind::refused,
     "no node has the features that it asks for",
     "`constraint` of [on.slurm] in the config file names them; `gang nodes --on slurm` shows what "
     "there is"},
    {"Node count specification invalid", ErrorKind::refused,
     "there are not so many nodes in its queue", see_nodes},
    {"Invalid generic resource", ErrorKind::refused, "there are no such GPUs here", see_nodes},
    {"unsupported by configured SelectType", ErrorKind::refused,
     "this Slurm cannot give GPUs to each task", "ask its administrator for select/cons_tres"},
    {"Invalid --nice value", ErrorKind::denied, "Slurm lets no one go first by their own wish", ""},
    {"time limit is invalid", ErrorKind::refused, "it asks for more time than its queue allows",
     see_nodes},
    {"Invalid job array specification", ErrorKind::refused,
     "the array is larger than this site allows", "ask the administrator for MaxArraySize"},
    {"partition is down", ErrorKind::refused, "its queue is closed", see_nodes},
    {"partition is inactive", ErrorKind::refused, "its queue is closed", see_nodes},
    {"Unable to open file", ErrorKind::not_found, "the script is not there", ""},
};

}  // namespace

Error slurm_error(std::string_view program, std::string_view said) {
  constexpr std::size_t longest = 300;
  said = trim(said);
  std::string shown;
  for (const std::string_view line : split(said.substr(0, longest), '\n'))
    if (!trim(line).empty()) shown += (shown.empty() ? "" : "; ") + printable(trim(line));
  for (const SaidNo& no : said_no)
    if (said.find(no.slurm) != std::string_view::npos)
      return {no.kind, std::string(no.what) + " (" + shown + ")", std::string(program), no.hint};
  return {ErrorKind::refused, shown.empty() ? "it failed and did not say why" : shown,
          said.starts_with(std::string(program) + ":") ? "" : std::string(program), ""};
}

bool is_held(std::string_view reason) {
  return reason == "JobHeldUser" || reason == "JobHeldAdmin" ||
         reason == "job requeued in held state";
}

bool could_start_with_less(std::string_view reason) {
  if (is_held(reason)) return false;
  for (const char* other :
       {"Dependency", "DependencyNeverSatisfied", "BeginTime", "JobArrayTaskLimit", "Reservation",
        "ReservationDeleted", "ReqResv", "Cleaning", "Prolog", "MaxRequeue", "JobHoldMaxRequeue",
        "JobLaunchFailure", "launch failed requeued held", "InvalidAccount", "InvalidQOS",
        "DeadLine"})
    if (reason == other) return false;
  return true;
}

std::string reason_in_words(std::string_view reason) {
  constexpr std::size_t longest = 300;
  reason = trim(reason);
  if (reason.starts_with('(') && reason.ends_with(')') && reason.size() > 1)
    reason = reason.substr(1, reason.size() - 2);
  reason = reason.substr(0, longest);
  if (reason.empty() || reason == "null") return "Slurm has not said why";
  return words_for(reason) + " (" + printable(reason) + ")";
}

}  // namespace gangline
