// Histories of jobs, whatever system wrote them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "replay/history.h"
#include "replay/input/request.h"

namespace gangline {

class Input;

struct HowToRead {
  std::string format;  ///< name of a format; empty: what the content says
  std::string queue;   ///< only the jobs of this queue, partition or virtual cluster; empty: all
  /// What formats that know no GPUs (SWF, Batsim) mean by a processor.
  Processors processors = Processors::cpus;
  /// Slurm: the size of what was given to a job, not of what it asked for.
  bool as_given = false;
  /// openb: a file arrivals_*.csv with the order in which its rows arrive, each one second after
  /// the one before, and never leave; and the column of it, as "42" or "seed42".
  std::string arrivals;
  std::string seed = "42";
};

/// One kind of file. A new one is a row in formats.cpp and a file.
struct HistoryFormat {
  std::string_view name;
  std::string_view help;  ///< one line
  /// Whether the beginning of a file, at least `Input::head_size` bytes of it, looks like this.
  bool (*looks_like)(std::string_view head);
  /// Jobs in the order of the file.
  Result<History> (*read)(Input& input, const HowToRead& how);
};
std::span<const HistoryFormat> history_formats();

/// Reads a file, packed with gzip or not. What can be read is read: an entry that makes no sense is
/// counted with its reason. Errors: the file cannot be read, is of no known format, none of its
/// entries can be used.
Result<History> read_history(const std::string& path, const HowToRead& how = {});
/// The same over bytes in memory; `name` stands in errors.
Result<History> read_history_text(std::string_view bytes, const std::string& name,
                                  const HowToRead& how = {});

}  // namespace gangline
