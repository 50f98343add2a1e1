// The fields of each struct, described once for both ways. For the sources of json/ alone.
#pragma once

#include "json/mapping.h"
#include "model/event.h"
#include "model/job.h"
#include "model/pilot.h"
#include "model/reservation.h"
#include "model/views.h"

namespace gangline {

// Names of enums that only JSON needs.
const char* name_of(SplitKind kind);
const char* name_of(TeamLauncher launcher);

}  // namespace gangline

namespace gangline::mapping {

template <>
struct AllOf<DeviceKind> {
  static constexpr DeviceKind values[] = {DeviceKind::gpu, DeviceKind::fpga};
};
template <>
struct AllOf<SplitKind> {
  static constexpr SplitKind values[] = {SplitKind::files, SplitKind::lines, SplitKind::items};
};
template <>
struct AllOf<RetryOn> {
  static constexpr RetryOn values[] = {RetryOn::lost, RetryOn::failure, RetryOn::memory,
                                       RetryOn::time};
};
template <>
struct AllOf<TeamLauncher> {
  static constexpr TeamLauncher values[] = {TeamLauncher::plain, TeamLauncher::mpi};
};
template <>
struct AllOf<PilotSaidBy> {
  static constexpr PilotSaidBy values[] = {PilotSaidBy::person, PilotSaidBy::service};
};
template <>
struct AllOf<NotifyOn> {
  static constexpr NotifyOn values[] = {NotifyOn::no_end, NotifyOn::failure, NotifyOn::end};
};
template <>
struct AllOf<LinkKind> {
  static constexpr LinkKind values[] = {
      LinkKind::same_board,  LinkKind::nvlink, LinkKind::pcie_switch, LinkKind::pcie_switches,
      LinkKind::host_bridge, LinkKind::numa,   LinkKind::system};
};
template <>
struct AllOf<EndCause> {
  static constexpr EndCause values[] = {
      EndCause::done,       EndCause::failed,     EndCause::out_of_memory,
      EndCause::time_limit, EndCause::stopped,    EndCause::not_started,
      EndCause::lost,       EndCause::dependency, EndCause::preempted};
};
template <>
struct AllOf<GangPhase> {
  static constexpr GangPhase values[] = {GangPhase::waiting, GangPhase::starting,
                                         GangPhase::running, GangPhase::ended};
};
template <>
struct AllOf<PilotPhase> {
  static constexpr PilotPhase values[] = {PilotPhase::asking, PilotPhase::waiting,
                                          PilotPhase::running, PilotPhase::ending,
                                          PilotPhase::ended};
};
template <>
struct AllOf<ErrorKind> {
  static constexpr ErrorKind values[] = {
      ErrorKind::usage,       ErrorKind::refused, ErrorKind::not_found, ErrorKind::denied,
      ErrorKind::unavailable, ErrorKind::disk,    ErrorKind::version,   ErrorKind::broken};
};

template <>
inline constexpr const char* kind_of<NodeSeen> = "node_seen";
template <>
inline constexpr const char* kind_of<ForeignUse> = "foreign_use";
template <>
inline constexpr const char* kind_of<JobSubmitted> = "job_submitted";
template <>
inline constexpr const char* kind_of<StartAsked> = "start_asked";
template <>
inline constexpr const char* kind_of<TurnsReturned> = "turns_returned";
template <>
inline constexpr const char* kind_of<GangStarted> = "gang_started";
template <>
inline constexpr const char* kind_of<GangEnded> = "gang_ended";
template <>
inline constexpr const char* kind_of<StopAsked> = "stop_asked";
template <>
inline constexpr const char* kind_of<RoomAsked> = "room_asked";
template <>
inline constexpr const char* kind_of<WaitingEnded> = "waiting_ended";
template <>
inline constexpr const char* kind_of<Promised> = "promised";
template <>
inline constexpr const char* kind_of<PromiseGivenUp> = "promise_given_up";
template <>
inline constexpr const char* kind_of<LogTrimmed> = "log_trimmed";
template <>
inline constexpr const char* kind_of<GangMeasured> = "gang_measured";

template <class M>
void fields(M& m, Error& v) {
  m("kind", v.kind);
  m("what", v.what);
  m("where", v.where);
  m("hint", v.hint);
}
template <class M>
void fields(M& m, DeviceRequest& v) {
  m("kind", v.kind);
  m("count", v.count);
  m("share", v.share);
  m("vendor", v.vendor);
  m("model", v.model);
  m("memory", v.memory);
}
template <class M>
void fields(M& m, TaskRequest& v) {
  m("devices", v.devices);
  m("cpus", v.cpus);
  m("memory", v.memory);
  m("rate", v.rate);
}
template <class M>
void fields(M& m, ResourceRequest& v) {
  m("tasks", v.tasks);
  m("alternatives", v.alternatives);
}
template <class M>
void fields(M& m, Command& v) {
  m("shell", v.shell);
  m("words", v.words);
}
template <class M>
void fields(M& m, SweepAxis& v) {
  m("name", v.name);
  m("values", v.values);
}
template <class M>
void fields(M& m, Shard& v) {
  m("text", v.text);
  m("begin", v.begin);
  m("end", v.end);
}
template <class M>
void fields(M& m, Split& v) {
  m("kind", v.kind);
  m("source", v.source);
  m("source_size", v.source_size);
  m("source_modified", v.source_modified);
  m("shards", v.shards);
}
template <class M>
void fields(M& m, JobSpec& v) {
  m("name", v.name);
  m("command", v.command);
  m("resources", v.resources);
  m("time", v.time);
  m("queue", v.queue);
  m("priority", v.priority);
  m("retries", v.retries);
  m("retry_on", v.retry_on);
  m("after", v.after);
  m("dir", v.dir);
  m("env", v.env);
  m("inherited", v.inherited);
  m("sweep", v.sweep);
  m("split", v.split);
  m("gather", v.gather);
  m("launcher", v.launcher);
  m("stop_signal", v.stop_signal);
  m("grace", v.grace);
  m("checkpoint", v.checkpoint);
  m("mps", v.mps);
  m("lossy", v.lossy);
  m("pilot", v.pilot);
  m("submit_key", v.submit_key);
  m("pilot_said_by", v.pilot_said_by);
  m("log_limit", v.log_limit);
  m("notify", v.notify);
}
template <class M>
void fields(M& m, ProcessLimit& v) {
  m("resource", v.resource);
  m("soft", v.soft);
  m("hard", v.hard);
}
template <class M>
void fields(M& m, Person& v) {
  m("uid", v.uid);
  m("gid", v.gid);
  m("groups", v.groups);
  m("umask", v.umask);
  m("limits", v.limits);
}
template <class M>
void fields(M& m, Job& v) {
  m("id", v.id);
  m("owner", v.owner);
  m("uid", v.uid);
  m("submitted", v.submitted);
  m("spec", v.spec);
}
template <class M>
void fields(M& m, DeviceShare& v) {
  m("device", v.device);
  m("share", v.share);
}
template <class M>
void fields(M& m, TaskPlace& v) {
  m("rank", v.rank);
  m("devices", v.devices);
  m("cpus", v.cpus);
  m("counted", v.counted);
  m("memory", v.memory);
}
template <class M>
void fields(M& m, NodePart& v) {
  m("node", v.node);
  m("tasks", v.tasks);
}
template <class M>
void fields(M& m, Allocation& v) {
  m("alternative", v.alternative);
  m("parts", v.parts);
}
template <class M>
void fields(M& m, Device& v) {
  m("kind", v.kind);
  m("vendor", v.vendor);
  m("model", v.model);
  m("uid", v.uid);
  m("memory", v.memory);
  m("pci_address", v.pci_address);
  m("numa_node", v.numa_node);
  m("parent", v.parent);
  m("allottable", v.allottable);
  m("present", v.present);
  m("files", v.files);
  m("power_limit", v.power_limit);
  m("ordinal", v.ordinal);
}
template <class M>
void fields(M& m, Link& v) {
  m("a", v.a);
  m("b", v.b);
  m("kind", v.kind);
  m("lanes", v.lanes);
}
template <class M>
void fields(M& m, Cache& v) {
  m("level", v.level);
  m("size", v.size);
  m("count", v.count);
}
template <class M>
void fields(M& m, NumaNode& v) {
  m("n", v.n);
  m("cpus", v.cpus);
  m("memory", v.memory);
}
template <class M>
void fields(M& m, CpuPackage& v) {
  m("name", v.name);
}
template <class M>
void fields(M& m, NetworkPort& v) {
  m("card", v.card);
  m("port", v.port);
  m("layer", v.layer);
  m("pci_address", v.pci_address);
  m("numa_node", v.numa_node);
  m("near", v.near);
  m("distance", v.distance);
}
template <class M>
void fields(M& m, Node& v) {
  m("name", v.name);
  m("cpu_model", v.cpu_model);
  m("cpus", v.cpus);
  m("counted", v.counted);
  m("cores", v.cores);
  m("numa", v.numa);
  m("caches", v.caches);
  m("memory", v.memory);
  m("devices", v.devices);
  m("links", v.links);
  m("packages", v.packages);
  m("ports", v.ports);
  m("up", v.up);
  m("elsewhere", v.elsewhere);
  m("until", v.until);
  m("place", v.place);
  m("driver", v.driver);
  m("notes", v.notes);
}
template <class M>
void fields(M& m, DeviceProcess& v) {
  m("pid", v.pid);
  m("memory", v.memory);
  m("user", v.user);
  m("command", v.command);
}
template <class M>
void fields(M& m, DeviceSample& v) {
  m("busy_percent", v.busy_percent);
  m("memory_used", v.memory_used);
  m("power", v.power);
  m("energy", v.energy);
  m("temperature_celsius", v.temperature_celsius);
  m("processes", v.processes);
  m("state", v.state);
}
template <class M>
void fields(M& m, CpuPackageSample& v) {
  m("energy", v.energy);
  m("power", v.power);
}
template <class M>
void fields(M& m, NetworkPortSample& v) {
  m("state", v.state);
  m("rate", v.rate);
}
template <class M>
void fields(M& m, NodeSample& v) {
  m("at", v.at);
  m("devices", v.devices);
  m("packages", v.packages);
  m("ports", v.ports);
}
template <class M>
void fields(M& m, Ending& v) {
  m("cause", v.cause);
  m("rank", v.rank);
  m("exit_code", v.exit_code);
  m("signal", v.signal);
  m("detail", v.detail);
  m("last_lines", v.last_lines);
  m("cpu_time", v.cpu_time);
  m("peak_memory", v.peak_memory);
}
template <class M>
void fields(M& m, Fence& v) {
  m("name", v.name);
  m("holds", v.holds);
  m("how", v.how);
}
template <class M>
void fields(M& m, NodeSeen& v) {
  m("id", v.id);
  m("node", v.node);
}
template <class M>
void fields(M& m, ForeignUse& v) {
  m("device", v.device);
  m("holder", v.holder);
  m("leased", v.leased);
}
template <class M>
void fields(M& m, JobSubmitted& v) {
  m("job", v.job);
}
template <class M>
void fields(M& m, StartAsked& v) {
  m("job", v.job);
  m("first", v.first);
  m("count", v.count);
  m("attempt", v.attempt);
  m("allocation", v.allocation);
  m("boot", v.boot);
}
template <class M>
void fields(M& m, TurnsReturned& v) {
  m("job", v.job);
  m("first", v.first);
  m("count", v.count);
}
template <class M>
void fields(M& m, GangStarted& v) {
  m("gang", v.gang);
  m("attempt", v.attempt);
  m("fences", v.fences);
  m("where", v.where);
}
template <class M>
void fields(M& m, GangEnded& v) {
  m("gang", v.gang);
  m("attempt", v.attempt);
  m("started", v.started);
  m("ending", v.ending);
  m("again", v.again);
}
template <class M>
void fields(M& m, StopAsked& v) {
  m("job", v.job);
  m("index", v.index);
  m("reason", v.reason);
}
template <class M>
void fields(M& m, RoomAsked& v) {
  m("gang", v.gang);
  m("attempt", v.attempt);
  m("by", v.by);
}
template <class M>
void fields(M& m, WaitingEnded& v) {
  m("job", v.job);
  m("index", v.index);
  m("ending", v.ending);
  m("gangs", v.gangs);
}
template <class M>
void fields(M& m, Promised& v) {
  m("gang", v.gang);
  m("start", v.start);
}
template <class M>
void fields(M& m, PromiseGivenUp& v) {
  m("gang", v.gang);
  m("cause", v.cause);
}
template <class M>
void fields(M& m, GangMeasured& v) {
  m("gang", v.gang);
  m("attempt", v.attempt);
  m("energy", v.energy);
  m("busy_percent", v.busy_percent);
  m("read", v.read);
}
template <class M>
void fields(M& m, LogTrimmed& v) {
  m("gang", v.gang);
  m("rank", v.rank);
  m("error_stream", v.error_stream);
  m("limit", v.limit);
}
template <class M>
void fields(M& m, Event& v) {
  m("at", v.at);
  m("body", v.body);
}

}  // namespace gangline::mapping
