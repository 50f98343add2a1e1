// What is asked of Slurm, by whichever way it answers: its programs, or slurmrestd.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/slurm/sbatch_script.h"
#include "engine/slurm/site/node_use.h"
#include "engine/slurm/site/site.h"
#include "engine/slurm/squeue.h"
#include "engine/slurm/why/holders.h"

namespace gangline {

/// What came of handing a script over.
struct SlurmSent {
  enum class How : std::uint8_t {
    taken,
    refused,     ///< Slurm said no, and would again
    in_vain,     ///< what it was to wait for is over and forgotten, or failed
    never_came,  ///< it is not in Slurm for certain, and may be sent again
    unknown,     ///< it may be there: its tag tells
  };
  How how = How::unknown;
  std::string number = {};  ///< Slurm's, where it was taken
  Error why = {};           ///< where it was not
};

/// Out of what Slurm complained of, in its own words: never `taken`.
SlurmSent::How how_not_sent(std::string_view complaint);

/// What is taken back or told to end.
enum class SlurmStop : std::uint8_t {
  cancel,       ///< all of it, also what waits
  term_script,  ///< SIGTERM to the script of a batch job alone
  term_steps,   ///< SIGTERM to what srun started
  kill_all,     ///< SIGKILL to script and steps
  kill_steps,   ///< SIGKILL to what srun started
};
struct SlurmStopped {
  std::string number;                        ///< of the job, or of the whole array
  std::vector<std::uint32_t> elements = {};  ///< in rising order; empty: no array, or all of it
};

/// What Slurm is and has.
struct SlurmSeen {
  SlurmSite site;
  std::vector<SlurmNodeSeen> nodes;
};

/// No call waits, but ask_site; each `heard` is called once, later, unless this is destroyed
/// before. An Error of what is asked for means that nothing was learned, never that there is
/// nothing.
class Slurm {
 public:
  template <class T>
  using Heard = std::function<void(Result<T>)>;

  virtual ~Slurm() = default;

  /// For people: "Slurm's programs", "slurmrestd at http://head:6820 (v0.0.38)".
  virtual std::string way() const = 0;
  /// Waited for.
  virtual Result<SlurmSeen> ask_site() = 0;
  virtual void ask_nodes(Heard<std::vector<SlurmNodeSeen>> heard) = 0;
  virtual void ask_partitions(Heard<std::vector<SlurmPartition>> heard) = 0;
  /// All jobs of ours that Slurm still knows, waiting elements of an array as one.
  virtual void ask_queue(Heard<std::vector<SlurmJobSeen>> heard) = 0;
  /// What accounts have of these numbers, also such that were given again later.
  virtual void ask_accounts(std::vector<std::string> numbers,
                            Heard<std::vector<SlurmJobSeen>> heard) = 0;
  /// What everybody's jobs hold, as far as it is shown to us.
  virtual void ask_holders(Heard<std::vector<SlurmHolder>> heard) = 0;
  /// How long the queue must not be asked again, since that was much to say.
  virtual Span rest_after_queue() const { return Span{0}; }

  /// The script at this path, whose #SBATCH lines say what the job wants.
  virtual void submit(const std::string& script, const std::string& tag,
                      std::function<void(SlurmSent)> heard) = 0;
  virtual void stop(std::vector<SlurmStopped> jobs, SlurmStop how, std::function<void()> told) = 0;

  /// Whether a job of one task can be started at once or not at all (srun --immediate).
  virtual bool starts_at_once() const = 0;
  /// `words` of srun_words(). It goes on without us; `ended` is called when it has.
  virtual void start_at_once(std::vector<std::string> words, std::string output_file,
                             std::function<void()> ended) = 0;
  /// Whether it says when a job would start that is not sent.
  virtual bool tests() const = 0;
  virtual void test(const std::string& script,
                    std::function<void(std::optional<TestedStart>)> heard) = 0;
};

}  // namespace gangline
