// What a Slurm cluster has, as `gang profile add slurm` finds it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"

namespace gangline {

struct SurveyedGpus {
  std::string model;  ///< as Slurm calls them; empty: they have no type
  std::uint64_t count = 0;
};

struct SurveyedPartition {
  std::string name;
  bool is_default = false;
  bool up = true;
  std::uint64_t nodes = 0;
  std::vector<SurveyedGpus> gpus;
  std::optional<Span> max_time;  ///< empty: no limit
};

/// Something that this site does not have or let do.
struct SiteLack {
  std::string what;  ///< a sentence
  std::string ask;   ///< what to ask the administrator for, or to do
};

enum class SharedDisk : std::uint8_t { yes, no, unknown };
inline const char* name_of(SharedDisk shared) {
  return shared == SharedDisk::yes ? "yes" : shared == SharedDisk::no ? "no" : "unknown";
}

struct SlurmSurvey {
  std::string version;  ///< "22.05.8"
  std::string cluster;  ///< its name
  std::vector<SurveyedPartition> partitions;
  std::string account, qos;                  ///< of jobs that say none; empty: not known
  std::vector<std::string> accounts, qoses;  ///< that this person may use, as far as it is told
  std::vector<std::string> mpi;              ///< `srun --mpi=list`
  std::string mpi_default;                   ///< "none", "pmix"
  std::string partition;                     ///< for jobs without a queue; empty: there is none
  std::string state;                         ///< directory of jobs and logs
  std::string disk;                          ///< kind of file system it is on: "nfs"
  SharedDisk shared = SharedDisk::unknown;   ///< by that kind, or by the node that was asked
  std::string tried_on;                      ///< that node; empty: none was
  std::vector<SiteLack> lacks;
};

/// What `gang profile add` did with it.
struct ProfileAdded {
  SlurmSurvey survey;
  std::string file;     ///< the config file
  std::string section;  ///< what is, or would be, written to it
  bool written = false;
};

}  // namespace gangline
