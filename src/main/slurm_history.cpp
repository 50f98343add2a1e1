#include "main/slurm_history.h"

#include <unistd.h>

#include <cstring>

#include "engine/slurm/site/site.h"
#include "engine/slurm/slurm_calls.h"
#include "os/program.h"

extern char** environ;  // NOLINT: POSIX's own name

namespace gangline {
namespace {

constexpr Span longest_answer = minutes(5);
constexpr std::size_t most_bytes = std::size_t{1} << 30;

Result<std::string> said(std::vector<std::string> words) {
  std::vector<EnvVar> ours;
  for (char** entry = environ; *entry != nullptr; ++entry)
    if (const char* equals = std::strchr(*entry, '='); equals != nullptr && equals != *entry)
      ours.emplace_back(std::string(*entry, static_cast<std::size_t>(equals - *entry)), equals + 1);
  const std::string program = words.front();
  ProgramCall call{std::move(words)};
  for (const EnvVar& one : environment_for_slurm(ours))
    call.environment.push_back(one.first + "=" + one.second);
  call.deadline = longest_answer;
  call.most_output = most_bytes;
  return said_by(program, run_program(call));
}

// Free text last: a name may have anything in it.
constexpr const char* columns =
    "--format=JobID,User,Partition,Submit,Eligible,Start,End,ElapsedRaw,State,TimelimitRaw,NNodes,"
    "NCPUS,ReqTRES,AllocTRES,Priority,NodeList,JobName";

}  // namespace

Result<std::string> slurm_jobs(Span since) {
  auto text =
      said({"sacct", "--allusers", "--allocations", "--parsable2", "--noconvert",
            "--starttime=now-" + std::to_string(since.us / 1'000'000) + "seconds", columns});
  if (text || text.error().what.find("disabled") == std::string::npos) return text;
  return Error{ErrorKind::refused, "this Slurm keeps no accounts of its jobs", "sacct",
               "ask the administrator for slurmdbd (AccountingStorageType)"};
}

Result<std::string> slurm_nodes() { return said({"scontrol", "show", "node", "-o"}); }

}  // namespace gangline
