#include "launch/model_bytes.h"

#include "base/check.h"

namespace gangline {
namespace {

template <class T, class PackOne>
void pack_list(Packer& to, const std::vector<T>& list, PackOne pack_one) {
  to.u32(static_cast<std::uint32_t>(list.size()));
  for (const T& item : list) pack_one(item);
}

template <class UnpackOne>
auto unpack_list(Unpacker& from, std::size_t least_bytes, UnpackOne unpack_one) {
  std::vector<decltype(unpack_one())> list;
  const std::uint32_t n = from.count(least_bytes);
  for (std::uint32_t i = 0; i < n && from.ok(); ++i) list.push_back(unpack_one());
  return list;
}

/// An enum of the values 0 .. last.
template <class E>
E unpack_enum(Unpacker& from, E last) {
  const std::uint8_t v = from.u8();
  if (v > static_cast<std::uint8_t>(last)) from.fail();
  return from.ok() ? static_cast<E>(v) : E{};
}

template <class T, class PackOne>
void pack_optional(Packer& to, const std::optional<T>& value, PackOne pack_one) {
  to.flag(value.has_value());
  if (value) pack_one(*value);
}

template <class UnpackOne>
auto unpack_optional(Unpacker& from, UnpackOne unpack_one)
    -> std::optional<decltype(unpack_one())> {
  if (!from.flag()) return std::nullopt;
  return unpack_one();
}

void pack_texts(Packer& to, const std::vector<std::string>& texts) {
  pack_list(to, texts, [&](const std::string& text) { to.text(text); });
}
std::vector<std::string> unpack_texts(Unpacker& from) {
  return unpack_list(from, 4, [&] { return from.text(); });
}

void pack_vars(Packer& to, const std::vector<EnvVar>& vars) {
  pack_list(to, vars, [&](const EnvVar& var) {
    to.text(var.first);
    to.text(var.second);
  });
}
std::vector<EnvVar> unpack_vars(Unpacker& from) {
  return unpack_list(from, 8, [&] {
    std::string name = from.text();
    return EnvVar{std::move(name), from.text()};
  });
}

void pack_cpus(Packer& to, const CpuSet& cpus) { to.text(cpus.text()); }
CpuSet unpack_cpus(Unpacker& from) {
  const std::string text = from.text();
  if (text.empty()) return {};
  const auto cpus = CpuSet::parse(text);
  if (!cpus) from.fail();
  return cpus.value_or(CpuSet{});
}

void pack_command(Packer& to, const Command& command) {
  to.flag(command.shell);
  pack_texts(to, command.words);
}
Command unpack_command(Unpacker& from) {
  Command command;
  command.shell = from.flag();
  command.words = unpack_texts(from);
  if (command.words.empty() || (command.shell && command.words.size() != 1)) from.fail();
  return command;
}

void pack_task_request(Packer& to, const TaskRequest& request) {
  pack_optional(to, request.devices, [&](const DeviceRequest& devices) {
    to.u8(static_cast<std::uint8_t>(devices.kind));
    to.u32(devices.count);
    to.i32(devices.share.thousandths);
    to.text(devices.vendor);
    to.text(devices.model);
    to.i64(devices.memory.n);
  });
  to.u32(request.cpus.thousandths);
  to.i64(request.memory.n);
  pack_optional(to, request.rate, [&](std::uint32_t rate) { to.u32(rate); });
}
TaskRequest unpack_task_request(Unpacker& from) {
  TaskRequest request;
  request.devices = unpack_optional(from, [&] {
    DeviceRequest devices;
    devices.kind = unpack_enum(from, DeviceKind::fpga);
    devices.count = from.u32();
    devices.share.thousandths = from.i32();
    devices.vendor = from.text();
    devices.model = from.text();
    devices.memory.n = from.i64();
    return devices;
  });
  request.cpus.thousandths = from.u32();
  request.memory.n = from.i64();
  request.rate = unpack_optional(from, [&] { return from.u32(); });
  return request;
}

void pack_split(Packer& to, const Split& split) {
  to.u8(static_cast<std::uint8_t>(split.kind));
  to.text(split.source);
  to.i64(split.source_size.n);
  to.i64(split.source_modified.us);
  pack_list(to, split.shards, [&](const Shard& shard) {
    to.text(shard.text);
    to.u64(shard.begin);
    to.u64(shard.end);
  });
}
Split unpack_split(Unpacker& from) {
  Split split;
  split.kind = unpack_enum(from, SplitKind::items);
  split.source = from.text();
  split.source_size.n = from.i64();
  split.source_modified.us = from.i64();
  split.shards = unpack_list(from, 20, [&] {
    Shard shard;
    shard.text = from.text();
    shard.begin = from.u64();
    shard.end = from.u64();
    return shard;
  });
  return split;
}

void pack_spec(Packer& to, const JobSpec& spec) {
  to.text(spec.name);
  pack_command(to, spec.command);
  to.u32(spec.resources.tasks);
  pack_list(to, spec.resources.alternatives,
            [&](const TaskRequest& request) { pack_task_request(to, request); });
  pack_optional(to, spec.time, [&](Span time) { to.i64(time.us); });
  to.text(spec.queue);
  to.i32(spec.priority);
  to.u32(spec.retries);
  pack_list(to, spec.retry_on, [&](RetryOn on) { to.u8(static_cast<std::uint8_t>(on)); });
  pack_texts(to, spec.after);
  to.text(spec.dir);
  pack_vars(to, spec.env);
  pack_vars(to, spec.inherited);
  pack_list(to, spec.sweep, [&](const SweepAxis& axis) {
    to.text(axis.name);
    pack_texts(to, axis.values);
  });
  pack_optional(to, spec.split, [&](const Split& split) { pack_split(to, split); });
  pack_optional(to, spec.gather, [&](const Command& command) { pack_command(to, command); });
  to.u8(static_cast<std::uint8_t>(spec.launcher));
  to.i32(spec.stop_signal);
  to.i64(spec.grace.us);
  to.i64(spec.log_limit.n);
  to.u8(spec.mps ? 1 : 0);
}

/// gang_count() has a CHECK for its limit, so what comes from outside is counted here first.
bool has_sane_counts(const JobSpec& spec) {
  std::uint64_t gangs = spec.split ? spec.split->shards.size() : 1;
  if (gangs == 0) return false;
  for (const SweepAxis& axis : spec.sweep) {
    if (axis.values.empty()) return false;
    gangs *= axis.values.size();
    if (gangs > most_gangs_in_a_job) return false;
  }
  return gangs <= most_gangs_in_a_job && spec.stop_signal > 0 && spec.stop_signal < 65 &&
         spec.grace.us >= 0 && spec.log_limit.n >= 0 && !spec.resources.alternatives.empty();
}

JobSpec unpack_spec(Unpacker& from) {
  JobSpec spec;
  spec.name = from.text();
  spec.command = unpack_command(from);
  spec.resources.tasks = from.u32();
  spec.resources.alternatives = unpack_list(from, 13, [&] { return unpack_task_request(from); });
  spec.time = unpack_optional(from, [&] { return Span{from.i64()}; });
  spec.queue = from.text();
  spec.priority = from.i32();
  spec.retries = from.u32();
  spec.retry_on = unpack_list(from, 1, [&] { return unpack_enum(from, RetryOn::time); });
  spec.after = unpack_texts(from);
  spec.dir = from.text();
  spec.env = unpack_vars(from);
  spec.inherited = unpack_vars(from);
  spec.sweep = unpack_list(from, 8, [&] {
    SweepAxis axis;
    axis.name = from.text();
    axis.values = unpack_texts(from);
    return axis;
  });
  spec.split = unpack_optional(from, [&] { return unpack_split(from); });
  spec.gather = unpack_optional(from, [&] { return unpack_command(from); });
  spec.launcher = unpack_enum(from, TeamLauncher::mpi);
  spec.stop_signal = from.i32();
  spec.grace.us = from.i64();
  spec.log_limit.n = from.i64();
  spec.mps = from.u8() != 0;
  if (!has_sane_counts(spec)) from.fail();
  return spec;
}

TaskPlace unpack_place(Unpacker& from) {
  TaskPlace place;
  place.rank = from.u32();
  place.devices = unpack_list(from, 8, [&] {
    DeviceShare share;
    share.device = from.u32();
    share.share.thousandths = from.i32();
    return share;
  });
  place.cpus = unpack_cpus(from);
  place.counted.thousandths = from.u32();
  place.memory.n = from.i64();
  return place;
}

void pack_person(Packer& to, const Person& person) {
  to.u32(person.uid);
  to.u32(person.gid);
  pack_list(to, person.groups, [&](std::uint32_t group) { to.u32(group); });
  to.u32(person.umask);
  pack_list(to, person.limits, [&](const ProcessLimit& limit) {
    to.u32(limit.resource);
    to.i64(limit.soft);
    to.i64(limit.hard);
  });
}
Person unpack_person(Unpacker& from) {
  Person person;
  person.uid = from.u32();
  person.gid = from.u32();
  person.groups = unpack_list(from, 4, [&] { return from.u32(); });
  person.umask = from.u32();
  person.limits = unpack_list(from, 20, [&] {
    ProcessLimit limit;
    limit.resource = from.u32();
    limit.soft = from.i64();
    limit.hard = from.i64();
    return limit;
  });
  return person;
}

/// The variants of EventBody that a launcher reports, by their number in the byte stream.
enum class ReportedEvent : std::uint8_t { started, ended, returned, trimmed };

void pack_kind(Packer& to, ReportedEvent kind) { to.u8(static_cast<std::uint8_t>(kind)); }
void pack_gang(Packer& to, GangId gang) {
  to.u64(gang.job.n);
  to.u32(gang.index);
}
GangId unpack_gang(Unpacker& from) {
  const JobId job{from.u64()};
  return {job, from.u32()};
}

}  // namespace

void pack(Packer& to, const Job& job) {
  to.u64(job.id.n);
  to.text(job.owner);
  to.u32(job.uid);
  to.i64(job.submitted.us);
  pack_spec(to, *job.spec);
  to.u8(job.person ? 1 : 0);
  if (job.person) pack_person(to, *job.person);
}

Job unpack_job(Unpacker& from) {
  Job job;
  job.id.n = from.u64();
  job.owner = from.text();
  job.uid = from.u32();
  job.submitted.us = from.i64();
  job.spec = std::make_shared<const JobSpec>(unpack_spec(from));
  if (from.u8() != 0) job.person = std::make_shared<const Person>(unpack_person(from));
  return job;
}

void pack(Packer& to, const Allocation& allocation) {
  to.u32(allocation.alternative);
  pack_list(to, allocation.parts, [&](const NodePart& part) {
    to.u32(part.node.n);
    pack_list(to, part.tasks, [&](const TaskPlace& place) {
      to.u32(place.rank);
      pack_list(to, place.devices, [&](const DeviceShare& share) {
        to.u32(share.device);
        to.i32(share.share.thousandths);
      });
      pack_cpus(to, place.cpus);
      to.u32(place.counted.thousandths);
      to.i64(place.memory.n);
    });
  });
}

Allocation unpack_allocation(Unpacker& from) {
  Allocation allocation;
  allocation.alternative = from.u32();
  allocation.parts = unpack_list(from, 8, [&] {
    NodePart part;
    part.node.n = from.u32();
    part.tasks = unpack_list(from, 20, [&] { return unpack_place(from); });
    return part;
  });
  return allocation;
}

void pack(Packer& to, const Ending& ending) {
  to.u8(static_cast<std::uint8_t>(ending.cause));
  pack_optional(to, ending.rank, [&](std::uint32_t n) { to.u32(n); });
  pack_optional(to, ending.exit_code, [&](std::int32_t n) { to.i32(n); });
  pack_optional(to, ending.signal, [&](std::int32_t n) { to.i32(n); });
  to.text(ending.detail);
  to.text(ending.last_lines);
  to.i64(ending.cpu_time.us);
  to.i64(ending.peak_memory.n);
}

Ending unpack_ending(Unpacker& from) {
  Ending ending;
  ending.cause = unpack_enum(from, EndCause::preempted);
  ending.rank = unpack_optional(from, [&] { return from.u32(); });
  ending.exit_code = unpack_optional(from, [&] { return from.i32(); });
  ending.signal = unpack_optional(from, [&] { return from.i32(); });
  ending.detail = from.text();
  ending.last_lines = from.text();
  ending.cpu_time.us = from.i64();
  ending.peak_memory.n = from.i64();
  return ending;
}

void pack(Packer& to, const Fence& fence) {
  to.text(fence.name);
  to.flag(fence.holds);
  to.text(fence.how);
}

void pack(Packer& to, const std::vector<Fence>& fences) {
  pack_list(to, fences, [&](const Fence& fence) { pack(to, fence); });
}

std::vector<Fence> unpack_fences(Unpacker& from) {
  return unpack_list(from, 9, [&] {
    Fence fence;
    fence.name = from.text();
    fence.holds = from.flag();
    fence.how = from.text();
    return fence;
  });
}

void pack(Packer& to, const Event& event) {
  to.i64(event.at.us);
  if (const auto* started = std::get_if<GangStarted>(&event.body)) {
    pack_kind(to, ReportedEvent::started);
    pack_gang(to, started->gang);
    to.u32(started->attempt);
    pack(to, started->fences);
  } else if (const auto* ended = std::get_if<GangEnded>(&event.body)) {
    pack_kind(to, ReportedEvent::ended);
    pack_gang(to, ended->gang);
    to.u32(ended->attempt);
    to.i64(ended->started.us);
    pack(to, ended->ending);
  } else if (const auto* returned = std::get_if<TurnsReturned>(&event.body)) {
    pack_kind(to, ReportedEvent::returned);
    to.u64(returned->job.n);
    to.u32(returned->first);
    to.u32(returned->count);
  } else if (const auto* trimmed = std::get_if<LogTrimmed>(&event.body)) {
    pack_kind(to, ReportedEvent::trimmed);
    pack_gang(to, trimmed->gang);
    to.u32(trimmed->rank);
    to.flag(trimmed->error_stream);
    to.i64(trimmed->limit.n);
  } else {
    CHECK(false);
  }
}

Event unpack_event(Unpacker& from) {
  Event event;
  event.at.us = from.i64();
  switch (unpack_enum(from, ReportedEvent::trimmed)) {
    case ReportedEvent::started: {
      const GangId gang = unpack_gang(from);
      const std::uint32_t attempt = from.u32();
      event.body = GangStarted{gang, attempt, unpack_fences(from)};
      break;
    }
    case ReportedEvent::ended: {
      const GangId gang = unpack_gang(from);
      const std::uint32_t attempt = from.u32();
      const Time started{from.i64()};
      event.body = GangEnded{gang, attempt, started, unpack_ending(from)};
      break;
    }
    case ReportedEvent::returned: {
      const JobId job{from.u64()};
      const std::uint32_t first = from.u32();
      event.body = TurnsReturned{job, first, from.u32()};
      break;
    }
    case ReportedEvent::trimmed: {
      const GangId gang = unpack_gang(from);
      const std::uint32_t rank = from.u32();
      const bool error_stream = from.flag();
      event.body = LogTrimmed{gang, rank, error_stream, Bytes{from.i64()}};
      break;
    }
  }
  return event;
}

}  // namespace gangline
