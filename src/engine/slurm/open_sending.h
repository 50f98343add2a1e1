// What the service knows of one sending that is not over: which of its gangs wait in Slurm, run or
// have ended. All of it can be read again from the files of the sending.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"
#include "engine/slurm/awaited.h"
#include "engine/slurm/sending.h"
#include "engine/slurm/squeue.h"

namespace gangline {

enum class SentPhase : std::uint8_t { waiting, begun, ended };

struct SentGang {
  SentPhase phase = SentPhase::waiting;
  bool seen_to_run = false;  ///< this service saw that Slurm had it so
  Time begun_at{0};
  bool start_told = false;  ///< and stored by whoever was told
  /// Slurm says that it is over, or knows nothing of it, since then; what it came to is not seen.
  std::optional<Time> gone_since = {};
  std::optional<StopOrder> stop = {};
  Time stop_sent{0};          ///< the newest call that asks Slurm for it
  std::uint64_t claimed = 0;  ///< Slurm's number of the job, or array, that runs it
  /// Its sign of life as it was read last, and when it was first read so, since boot.
  std::uint64_t sign = 0;
  Span sign_changed{0};
  std::uint32_t sign_round = 0;
};

/// Elements of an array that wait for the same reason.
struct SentWait {
  std::vector<ElementRange> elements;  ///< empty: all
  std::string reason;                  ///< Slurm's word
  std::optional<Time> expected;
};

struct OpenSending {
  OpenSending(SendingFiles where, std::string name, SendingOrder what)
      : files(std::move(where)),
        tag(std::move(name)),
        order(std::move(what)),
        gangs(order.count),
        open(order.count) {}

  SendingFiles files;
  std::string tag;
  SendingOrder order;
  std::vector<SentGang> gangs;            ///< from order.first on
  std::uint32_t open = 0;                 ///< gangs that have not ended
  std::vector<std::string> numbers = {};  ///< Slurm's, the newest last; none: not known yet
  /// Those that Slurm said in its newest answers to be ours, and when it did. Slurm gives
  /// numbers again to other jobs, so an older one means nothing.
  std::map<std::string, Time> fresh = {};
  std::uint32_t times_sent = 0;
  std::uint32_t times_forgotten = 0;  ///< by Slurm, after it had taken it
  bool to_send = false;               ///< it stands in the list of those
  bool asking = false;                ///< a call is under way that sends it
  bool doubtful = false;          ///< whether Slurm took it is not known: it is looked for first
  Time doubted_at{0};             ///< the first look that could have found it; 0: none yet
  bool held = false;              ///< sent held back: somebody put back its last run, and holds it
  bool sent_here = false;         ///< by this service, which has looked for it since then
  bool by_srun = false;           ///< it was sent by an srun, which ends with the gang
  Time sent_at{0};                ///< the newest answer of Slurm that it has it
  std::vector<JobId> after = {};  ///< StartOrder::after
  std::vector<Awaited> awaited = {};      ///< what Slurm was told of that
  std::vector<Awaited> never_ends = {};   ///< of which Slurm said that it will not end well
  std::set<std::uint64_t> replaced = {};  ///< numbers under which it waited for that
  bool ended_badly = false;               ///< one of its gangs
  std::string trouble = {};               ///< why it is not sent; empty: it is, or is about to be
  std::vector<SentWait> waits = {};       ///< from the newest look
  std::vector<ElementRange> suspended = {};  ///< the same; of one that is no array: {0, 1}

  const std::string& newest_number() const {
    static const std::string none;
    return numbers.empty() ? none : numbers.back();
  }
  bool holds(GangId gang, std::uint32_t attempt) const {
    return gang.job == order.job.id && attempt == order.attempt && has(gang.index);
  }
  bool has(std::uint32_t index) const {
    return index >= order.first && index - order.first < order.count;
  }
  SentGang& gang(std::uint32_t index) { return gangs[index - order.first]; }
  const SentGang& gang(std::uint32_t index) const { return gangs[index - order.first]; }
  GangId id_of(std::uint32_t index) const { return {order.job.id, index}; }
  bool is_array() const { return order.count > 1; }
  bool is_suspended(std::uint32_t index) const;
  /// Why it waits in Slurm, from the newest look. Null: it does not, or was not seen there.
  const SentWait* wait_of(std::uint32_t index) const;
  /// What scancel takes for one gang of it.
  std::string name_in_slurm(std::uint32_t index) const;
};

/// Some random letters and digits.
std::string random_word();
/// Each tag of a sending begins so, and so does the name of its directory.
inline constexpr std::string_view tag_front = "gangline-";

/// A new one with its directory, order and tag on disk, before anybody is asked for anything.
Result<std::unique_ptr<OpenSending>> make_sending(const SendingOrder& order);
/// Those of a job that were made by earlier services, with what their files say. One that makes no
/// sense is passed over.
std::vector<std::unique_ptr<OpenSending>> find_sendings(const std::string& state_dir, JobId job);

/// Notes on disk that Slurm has it under this number.
Result<void> note_number(OpenSending& sending, const std::string& number);
/// Notes on disk that Slurm forgot it once more, so that the next service knows it as well.
Result<void> note_forgotten(OpenSending& sending);
/// Notes on disk which starts were told and stored, so that they are not told again.
Result<void> note_told(OpenSending& sending, const std::vector<std::uint32_t>& gangs);

}  // namespace gangline
