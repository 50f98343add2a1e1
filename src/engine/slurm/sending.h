// What the service and our programs on the nodes tell each other about one Slurm job or array:
// files on a disk that all of them see, each written whole or not at all.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "model/event.h"
#include "model/job.h"

namespace gangline {

/// What is to run: gangs first .. first + count - 1 of a job, with this attempt.
struct SendingOrder {
  Job job;
  std::uint32_t first = 0;
  std::uint32_t count = 1;
  std::uint32_t attempt = 1;
  std::uint32_t alternative = 0;  ///< of the request, that was translated
  std::string state_dir;          ///< below which JobFiles lie
  std::string id;                 ///< of the state directory, for GANG_ID
};

/// STATE/jobs/<job>/slurm/<tag>/… Made by the service before Slurm is asked for anything.
class SendingFiles {
 public:
  explicit SendingFiles(std::string directory) : directory_(std::move(directory)) {}
  static SendingFiles of(const std::string& state_dir, JobId job, const std::string& tag);

  const std::string& directory() const { return directory_; }
  std::string order() const { return directory_ + "/order"; }
  std::string script() const { return directory_ + "/script.sh"; }
  std::string sent() const { return directory_ + "/sent"; }  ///< Slurm's number of it
  std::string claim(std::uint32_t gang) const { return of_gang(gang, "claim"); }
  std::string end(std::uint32_t gang) const { return of_gang(gang, "end"); }
  /// While the program that runs the gang lives, it writes another number here, again and again.
  /// Without this file it has nothing to live for: the service has given the gang up.
  std::string sign(std::uint32_t gang) const { return of_gang(gang, "alive"); }
  /// What one task of the gang came to, as its end.
  std::string task_end(std::uint32_t gang, std::uint32_t rank) const {
    return of_gang(gang, "rank-" + std::to_string(rank));
  }

 private:
  std::string of_gang(std::uint32_t gang, const std::string& what) const {
    return directory_ + "/" + std::to_string(gang) + "." + what;
  }
  std::string directory_;
};

Result<void> write_order(const SendingFiles& files, const SendingOrder& order);
Result<SendingOrder> read_order(const SendingFiles& files);

/// A node that Slurm gave a gang, and how many of its tasks run there, in the order of ranks.
struct NodeGiven {
  std::string name;
  std::uint32_t tasks = 1;
  std::vector<std::uint32_t> gpus;  ///< numbers on that node, as Slurm counts them
  bool operator==(const NodeGiven&) const = default;
};

/// Who may run a gang. Exactly one claim of a gang in a sending is ever made: whoever comes second,
/// because Slurm started a job twice or the service gave it up, finds the first.
struct Claim {
  bool withdrawn = false;  ///< by the service: it must not run any more
  std::string slurm_job;   ///< "17" or "17_3"
  std::uint32_t restarts = 0;
  Time at;
  std::vector<NodeGiven> nodes;
  std::vector<Fence> fences;
  bool operator==(const Claim&) const = default;
};
/// True: it is ours now, or was with the same words. False: somebody else's stands there.
Result<bool> make_claim(const std::string& path, const Claim& claim);
/// Empty: nobody has made one.
Result<std::optional<Claim>> read_claim(const std::string& path);

constexpr Span sign_period = seconds(2);
/// In its place, so that others see it at once through what they remember of a shared disk. An
/// Error of ErrorKind::not_found: the file was taken away.
Result<void> renew_sign(const std::string& path, std::uint64_t count);
/// Empty: there is none.
std::optional<std::uint64_t> read_sign(const std::string& path);
/// Makes this machine look anew at what is in the directory, where it is on another's disk.
void see_afresh(const SendingFiles& files);

/// How a gang or one of its tasks ended.
struct EndNote {
  Time started{0};  ///< 0: it never ran
  Time at;
  Ending ending;
};
Result<void> write_end(const std::string& path, const EndNote& end);
/// Empty: it has not ended, or that cannot be seen yet.
Result<std::optional<EndNote>> read_end(const std::string& path);

}  // namespace gangline
