// What Slurm says of jobs: one call for all of ours, and what is made of its answer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "engine/slurm/why/reason.h"

namespace gangline {

/// The states of Slurm 21.08 and later.
enum class SlurmState : std::uint8_t {
  pending,
  configuring,
  running,
  completing,
  completed,
  failed,
  timeout,
  cancelled,
  node_fail,
  out_of_memory,
  preempted,
  boot_fail,
  deadline,
  requeued,
  requeue_hold,
  special_exit,
  requeue_fed,
  suspended,
  stopped,
  resizing,
  revoked,
  signaling,
  stage_out,
  launch_failed,
  reconfig_fail,
  reservation_deleted,
  power_up_node,
  expediting,
  unknown,  ///< a word that is not in this list
};
const char* name_of(SlurmState state);  ///< as Slurm writes it: "OUT_OF_MEMORY"
SlurmState slurm_state_of(std::string_view word);
/// It has ended and will not run again. Not for `unknown`, nor while it is completing.
bool is_over(SlurmState state);
/// It waits, and has no node.
bool is_waiting(SlurmState state);

/// A range of elements of an array, begin .. end - 1.
struct ElementRange {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  bool operator==(const ElementRange&) const = default;
};

/// A reason: what it was told to wait for did not end well.
constexpr const char* never_satisfied = "DependencyNeverSatisfied";

/// A job, an element of an array, or all elements of it that still wait.
struct SlurmJobSeen {
  std::string id;         ///< what scancel takes: "17", "17_3"; "17" for the waiting of an array
  std::uint64_t job = 0;  ///< of the whole array
  std::uint64_t own = 0;  ///< of this element alone, as SLURM_JOB_ID has it
  std::vector<ElementRange> elements;  ///< empty: no array
  bool elements_cut = false;           ///< there are more than Slurm printed
  SlurmState state = SlurmState::unknown;
  std::string state_word;                     ///< as Slurm wrote it, printable
  std::string reason;                         ///< Slurm's word; empty: none
  std::string nodes;                          ///< "n[1-2]"; empty: none
  std::optional<Time> start;                  ///< real, or when Slurm expects it
  std::optional<Time> end;                    ///< real, or by its time limit
  std::string tag;                            ///< the comment; empty: none
  std::optional<std::int32_t> exit_code;      ///< sacct and scontrol alone
  std::optional<std::int32_t> signal;         ///< the same
  std::optional<std::uint32_t> cancelled_by;  ///< uid; sacct alone
};

// For whoever reads of jobs in another form.
/// "CANCELLED by 2001", "RUNNING".
void set_slurm_state(std::string_view text, SlurmJobSeen& job);
/// "0-2,7", "3", "[0-9%3]"; "": no array. Sets the id too, by `job`. False: it makes no sense.
bool set_slurm_elements(std::string_view text, SlurmJobSeen& job);

// `mark` stands before each line, or between its fields, so that no other job's comment can look
// like one of them: some 16 random letters and digits, the same for a call and the reading of it.

/// All jobs of ours that Slurm still knows, waiting elements of an array as one line.
std::vector<std::string> squeue_words(const std::string& mark);
/// Whether it is squeue's whole answer to that call, and not something else's.
bool is_squeue_answer(std::string_view text, const std::string& mark);
/// Lines that make no sense are passed over.
std::vector<SlurmJobSeen> read_squeue(std::string_view text, const std::string& mark);

/// Of these jobs ("17"; an array with all its elements), also such that were given the same number
/// later.
std::vector<std::string> sacct_words(const std::vector<std::string>& jobs, const std::string& mark);
/// `tag` is also found in the words with which a job was sent, for not each site keeps comments.
std::vector<SlurmJobSeen> read_sacct(std::string_view text, const std::string& mark);

/// "2026-11-27T09:32:29", as Slurm's programs print a time under TZ=UTC, or seconds since 1970.
/// Nothing for "N/A", "NONE", "Unknown" and what is none.
std::optional<Time> read_slurm_time(std::string_view text);
/// "1-02:03:04", "02:03:04", "03:04", "5": days, hours, minutes. Nothing for UNLIMITED and the
/// like.
std::optional<Span> read_slurm_span(std::string_view text);

constexpr std::size_t most_slurm_lines = 1'000'000;

}  // namespace gangline
