// The records of the launcher's journal: each is one thing that happened, and together they say all
// that a launcher knows.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/pack.h"
#include "launch/range_set.h"
#include "launch/start/meeting.h"
#include "model/allocation.h"
#include "model/event.h"

namespace gangline {

/// News are numbered from 1 in one life of the state directory, which the epoch names.
struct EpochRecord {
  std::string epoch;
  std::uint64_t next_news = 1;
};
/// The store that all of this was ordered for. None: by a service that did not tell.
struct StoreRecord {
  std::string name;
};
/// A launcher began to run under this boot of the machine.
struct BootRecord {
  std::string boot;
};
/// Turns that were ordered. `part`: which part of the allocation is this node's.
struct OrderRecord {
  std::uint64_t lane = 0;  ///< a new number
  JobId job;
  std::uint32_t attempt = 1;
  std::uint32_t part = 0;
  std::vector<Range> turns;
  std::shared_ptr<const Allocation> allocation;  ///< never null
  /// Of a gang with parts elsewhere, where it meets; null: here.
  std::shared_ptr<const Meeting> meeting = nullptr;
};
/// What keeps the gangs of a lane to their allocation, from here on: written before the first of
/// them begins, and where it changes.
struct FencesRecord {
  std::uint64_t lane = 0;
  std::vector<Fence> fences;
};
/// Written by the task itself as its last act before exec: from here on the gang has started.
struct BeganRecord {
  std::uint64_t lane = 0;
  GangId gang;
  std::uint32_t attempt = 1;
  std::uint32_t rank = 0;
  std::uint64_t news = 0;  ///< number of the GangStarted that the first task brings
  Time at;
  Span boot_before{0};  ///< since_boot() before the process was made …
  Span boot_after{0};   ///< … and when it wrote this: it is known by its start between the two
  std::int64_t pid = 0;
};
/// A child that ended, whoever it was. The first record for a task counts.
struct ExitRecord {
  std::int64_t pid = 0;
  bool by_signal = false;
  std::int32_t status = 0;  ///< exit code or signal
  Span boot{0};             ///< since_boot() when it was seen
  Time at;
  Span cpu_time{0};
  Bytes peak_memory{0};
};
/// `status` of an exit that nobody saw.
constexpr std::int32_t exit_not_seen = -1;
struct StopRecord {
  GangId gang;
  EndCause cause = EndCause::stopped;
  std::string reason;
  bool at_once = false;
  std::optional<std::uint32_t> rank;  ///< whose failure brought it about
  Span boot{0};
};
/// Its tasks are over, or (with `started` 0) it never ran and never will.
struct EndedRecord {
  GangId gang;
  std::uint32_t attempt = 1;
  Time started{0};
  Time at;
  Ending ending;
  std::uint64_t news = 0;
};
struct ReturnedRecord {
  JobId job;
  Range range;
  std::uint64_t news = 0;
  Time at;
};
struct TrimmedRecord {
  GangId gang;
  std::uint32_t rank = 0;
  bool error_stream = false;
  Bytes limit{0};
  std::uint64_t news = 0;
  Time at;
};
/// Gangs that were begun once with this attempt and must never be again. Only in a new segment.
struct KnownRecord {
  JobId job;
  std::uint32_t attempt = 1;
  Range range;
};
/// News that nobody has acknowledged. Only in a new segment.
struct NewsRecord {
  std::uint64_t number = 0;
  Event event;
};

using Record = std::variant<EpochRecord, BootRecord, OrderRecord, FencesRecord, BeganRecord,
                            ExitRecord, StopRecord, EndedRecord, ReturnedRecord, TrimmedRecord,
                            KnownRecord, NewsRecord, StoreRecord>;

void pack(Packer& to, const Record& record);
std::optional<Record> unpack_record(std::string_view payload);
/// The record as it is written to the journal.
std::string framed_record(const Record& record);

/// A BeganRecord that a child completes after clone, where nothing may be allocated.
class BeganFrame {
 public:
  explicit BeganFrame(const BeganRecord& record);
  /// Fills in what only the child knows. Allocates nothing.
  std::string_view complete(std::int64_t pid, Span boot_after);

 private:
  std::array<char, 128> bytes_{};
  std::size_t size_ = 0;
};

}  // namespace gangline
