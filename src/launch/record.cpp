#include "launch/record.h"

#include <cstring>

#include "base/check.h"
#include "launch/journal.h"
#include "launch/model_bytes.h"

namespace gangline {
namespace {

/// The first byte of a record. The numbers stand in journals, so they never change their meaning.
enum class RecordKind : std::uint8_t {
  epoch = 1,
  boot,
  order,
  fences,
  began,
  exit,
  stop,
  ended,
  returned,
  trimmed,
  known,
  news,
  store,
};

constexpr std::size_t most_turn_ranges = most_gangs_in_a_job;

void put_gang(Packer& to, GangId gang) {
  to.u64(gang.job.n);
  to.u32(gang.index);
}
GangId take_gang(Unpacker& from) {
  const JobId job{from.u64()};
  return {job, from.u32()};
}

void put_range(Packer& to, Range range) {
  to.u32(range.begin);
  to.u32(range.end);
}
Range take_range(Unpacker& from) {
  const std::uint32_t begin = from.u32();
  const std::uint32_t end = from.u32();
  if (begin > end) from.fail();
  return {begin, end};
}

struct PackRecord {
  Packer& to;

  void kind(RecordKind kind) const { to.u8(static_cast<std::uint8_t>(kind)); }

  void operator()(const EpochRecord& record) const {
    kind(RecordKind::epoch);
    to.text(record.epoch);
    to.u64(record.next_news);
  }
  void operator()(const BootRecord& record) const {
    kind(RecordKind::boot);
    to.text(record.boot);
  }
  void operator()(const OrderRecord& record) const {
    kind(RecordKind::order);
    to.u64(record.lane);
    to.u64(record.job.n);
    to.u32(record.attempt);
    to.u32(record.part);
    to.u32(static_cast<std::uint32_t>(record.turns.size()));
    for (const Range& turns : record.turns) put_range(to, turns);
    pack(to, *record.allocation);
    // Journals that were written before there was one end here.
    if (record.meeting) pack(to, *record.meeting);
  }
  void operator()(const FencesRecord& record) const {
    kind(RecordKind::fences);
    to.u64(record.lane);
    pack(to, record.fences);
  }
  void operator()(const BeganRecord& record) const {
    kind(RecordKind::began);
    to.u64(record.lane);
    put_gang(to, record.gang);
    to.u32(record.attempt);
    to.u32(record.rank);
    to.u64(record.news);
    to.i64(record.at.us);
    to.i64(record.boot_before.us);
    // The child fills in the last two, so nothing may follow them.
    to.i64(record.boot_after.us);
    to.i64(record.pid);
  }
  void operator()(const ExitRecord& record) const {
    kind(RecordKind::exit);
    to.i64(record.pid);
    to.flag(record.by_signal);
    to.i32(record.status);
    to.i64(record.boot.us);
    to.i64(record.at.us);
    to.i64(record.cpu_time.us);
    to.i64(record.peak_memory.n);
  }
  void operator()(const StopRecord& record) const {
    kind(RecordKind::stop);
    put_gang(to, record.gang);
    to.u8(static_cast<std::uint8_t>(record.cause));
    to.text(record.reason);
    to.flag(record.at_once);
    to.flag(record.rank.has_value());
    to.u32(record.rank.value_or(0));
    to.i64(record.boot.us);
  }
  void operator()(const EndedRecord& record) const {
    kind(RecordKind::ended);
    put_gang(to, record.gang);
    to.u32(record.attempt);
    to.i64(record.started.us);
    to.i64(record.at.us);
    pack(to, record.ending);
    to.u64(record.news);
  }
  void operator()(const ReturnedRecord& record) const {
    kind(RecordKind::returned);
    to.u64(record.job.n);
    put_range(to, record.range);
    to.u64(record.news);
    to.i64(record.at.us);
  }
  void operator()(const TrimmedRecord& record) const {
    kind(RecordKind::trimmed);
    put_gang(to, record.gang);
    to.u32(record.rank);
    to.flag(record.error_stream);
    to.i64(record.limit.n);
    to.u64(record.news);
    to.i64(record.at.us);
  }
  void operator()(const KnownRecord& record) const {
    kind(RecordKind::known);
    to.u64(record.job.n);
    to.u32(record.attempt);
    put_range(to, record.range);
  }
  void operator()(const NewsRecord& record) const {
    kind(RecordKind::news);
    to.u64(record.number);
    pack(to, record.event);
  }
  void operator()(const StoreRecord& record) const {
    kind(RecordKind::store);
    to.text(record.name);
  }
};

OrderRecord take_order(Unpacker& from) {
  OrderRecord record;
  record.lane = from.u64();
  record.job.n = from.u64();
  record.attempt = from.u32();
  record.part = from.u32();
  const std::uint32_t ranges = from.count(8);
  if (ranges > most_turn_ranges) from.fail();
  for (std::uint32_t i = 0; i < ranges && from.ok(); ++i) record.turns.push_back(take_range(from));
  record.allocation = std::make_shared<const Allocation>(unpack_allocation(from));
  if (record.part >= record.allocation->parts.size()) from.fail();
  if (from.ok() && !from.at_end())
    record.meeting = std::make_shared<const Meeting>(unpack_meeting(from));
  return record;
}

BeganRecord take_began(Unpacker& from) {
  BeganRecord record;
  record.lane = from.u64();
  record.gang = take_gang(from);
  record.attempt = from.u32();
  record.rank = from.u32();
  record.news = from.u64();
  record.at.us = from.i64();
  record.boot_before.us = from.i64();
  record.boot_after.us = from.i64();
  record.pid = from.i64();
  return record;
}

ExitRecord take_exit(Unpacker& from) {
  ExitRecord record;
  record.pid = from.i64();
  record.by_signal = from.flag();
  record.status = from.i32();
  record.boot.us = from.i64();
  record.at.us = from.i64();
  record.cpu_time.us = from.i64();
  record.peak_memory.n = from.i64();
  return record;
}

StopRecord take_stop(Unpacker& from) {
  StopRecord record;
  record.gang = take_gang(from);
  const std::uint8_t cause = from.u8();
  if (cause > static_cast<std::uint8_t>(EndCause::preempted)) from.fail();
  record.cause = from.ok() ? static_cast<EndCause>(cause) : EndCause::stopped;
  record.reason = from.text();
  record.at_once = from.flag();
  const bool has_rank = from.flag();
  const std::uint32_t rank = from.u32();
  if (has_rank) record.rank = rank;
  record.boot.us = from.i64();
  return record;
}

EndedRecord take_ended(Unpacker& from) {
  EndedRecord record;
  record.gang = take_gang(from);
  record.attempt = from.u32();
  record.started.us = from.i64();
  record.at.us = from.i64();
  record.ending = unpack_ending(from);
  record.news = from.u64();
  return record;
}

ReturnedRecord take_returned(Unpacker& from) {
  ReturnedRecord record;
  record.job.n = from.u64();
  record.range = take_range(from);
  record.news = from.u64();
  record.at.us = from.i64();
  return record;
}

TrimmedRecord take_trimmed(Unpacker& from) {
  TrimmedRecord record;
  record.gang = take_gang(from);
  record.rank = from.u32();
  record.error_stream = from.flag();
  record.limit.n = from.i64();
  record.news = from.u64();
  record.at.us = from.i64();
  return record;
}

std::optional<Record> take_record(Unpacker& from) {
  switch (static_cast<RecordKind>(from.u8())) {
    case RecordKind::epoch: {
      std::string epoch = from.text();
      return EpochRecord{std::move(epoch), from.u64()};
    }
    case RecordKind::boot: return BootRecord{from.text()};
    case RecordKind::order: return take_order(from);
    case RecordKind::fences: {
      const std::uint64_t lane = from.u64();
      return FencesRecord{lane, unpack_fences(from)};
    }
    case RecordKind::began: return take_began(from);
    case RecordKind::exit: return take_exit(from);
    case RecordKind::stop: return take_stop(from);
    case RecordKind::ended: return take_ended(from);
    case RecordKind::returned: return take_returned(from);
    case RecordKind::trimmed: return take_trimmed(from);
    case RecordKind::known: {
      const JobId job{from.u64()};
      const std::uint32_t attempt = from.u32();
      return KnownRecord{job, attempt, take_range(from)};
    }
    case RecordKind::news: {
      const std::uint64_t number = from.u64();
      return NewsRecord{number, unpack_event(from)};
    }
    case RecordKind::store: return StoreRecord{from.text()};
  }
  return std::nullopt;
}

}  // namespace

void pack(Packer& to, const Record& record) { std::visit(PackRecord{to}, record); }

std::optional<Record> unpack_record(std::string_view payload) {
  Unpacker from(payload);
  auto record = take_record(from);
  if (!from.ok() || !from.at_end()) return std::nullopt;
  return record;
}

std::string framed_record(const Record& record) {
  Packer packer;
  pack(packer, record);
  return framed(packer.bytes());
}

BeganFrame::BeganFrame(const BeganRecord& record) {
  const std::string frame = framed_record(record);
  CHECK(frame.size() <= bytes_.size());
  std::memcpy(bytes_.data(), frame.data(), frame.size());
  size_ = frame.size();
}

std::string_view BeganFrame::complete(std::int64_t pid, Span boot_after) {
  const std::int64_t last_two[] = {boot_after.us, pid};
  char* at = bytes_.data() + size_ - sizeof last_two;
  for (const std::int64_t value : last_two)
    for (int i = 0; i < 8; ++i)
      *at++ = static_cast<char>((static_cast<std::uint64_t>(value) >> (8 * i)) & 0xff);
  seal_frame(bytes_.data(), size_);
  return {bytes_.data(), size_};
}

}  // namespace gangline
