// Where the files of a job lie below the state directory, and how they are made and kept small.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "model/job.h"
#include "model/views.h"

namespace gangline {

/// A piece of a file of lines that is to be a file of its own.
struct PieceToCut {
  std::string source;
  Bytes source_size{0};  ///< and when it was changed last, as the job was submitted
  Time source_modified{0};
  std::uint64_t begin = 0, end = 0;
  std::string to;
};
/// Does it, unless it is done. An Error if the source is not any more what it was.
Result<void> cut_piece(const PieceToCut& piece);

/// STATE/jobs/<job>/{logs,outputs,shards,hosts,scripts}/… and STATE/launcher/.
class JobFiles {
 public:
  /// `for_all`: of a launcher that runs as root. What is the person's of a job then belongs to
  /// them; they may pass through all other directories, but change none.
  /// `own_dir`: where what a launcher alone needs lies, if its state is kept by machines that share
  /// the rest; empty: there too.
  explicit JobFiles(std::string state_dir, bool for_all = false, const std::string& own_dir = {})
      : state_dir_(std::move(state_dir)),
        own_dir_(own_dir.empty() ? state_dir_ : own_dir),
        for_all_(for_all) {}

  std::string launcher_directory() const { return own_dir_ + "/launcher"; }
  std::string job_directory(JobId job) const;
  std::string log(GangId gang, std::uint32_t attempt, std::uint32_t rank, bool error_stream) const;
  /// Numbers of gangs are padded with zeros to one width, so that names sort as the gangs do.
  std::string output(const JobSpec& spec, GangId gang) const;
  std::string outputs_directory(JobId job) const { return job_directory(job) + "/outputs"; }
  std::string card(JobId job) const { return own_directory(job) + "/card"; }
  /// Written for a gang of so many tasks; its path.
  Result<std::string> host_file(const Job& job, GangId gang, std::size_t tasks) const;
  /// A script for the shell, written once for all tasks that run it; its path.
  Result<std::string> script(const Job& job, const std::string& text) const;
  /// The highest number of a job that has left files here; 0: none has.
  JobId newest_job() const;

  /// The directories of a job; made once in the life of this object.
  Result<void> make_directories_of(const Job& job);
  /// What `{shard}` stands for, and what is to be cut first.
  std::string shard(const Job& job, std::uint32_t index, std::optional<PieceToCut>& piece) const;

 private:
  std::string own_directory(JobId job) const;
  Result<void> make_closed(const std::string& directory) const;
  Result<void> give(const std::string& path, const Job& job) const;

  std::string state_dir_, own_dir_;
  bool for_all_ = false;
  std::set<JobId> made_;
};

/// Whole or not at all, whatever becomes of this process. Not synced: for what only a launcher that
/// comes after this one under the same boot needs.
Result<void> replace_file(const std::string& path, std::string_view bytes);

enum class LogState : std::uint8_t { empty, whole, trimmed };
/// Keeps the head and the newest part of a log that holds more than `limit` bytes on disk and drops
/// what is between. `trimmed` if it did so now.
Result<LogState> trim_log(const std::string& path, Bytes limit);
/// The last lines of a log, at most `most` bytes; empty if there is nothing.
std::string last_lines(const std::string& path, std::size_t most);
/// What a task wrote, of the newest attempt where the query names none; empty if it wrote nothing.
/// At most `most` bytes of a file that a task may have made: no link is followed, and nothing but a
/// plain file is read.
Result<std::string> read_beginning(const std::string& path, std::size_t most);

Result<LogChunk> read_task_log(const JobFiles& files, const LogQuery& query);
/// A piece of a log. Bytes that were dropped are said, not given as zeros.
Result<LogChunk> read_log_file(const std::string& path, std::uint64_t from, std::uint32_t most);

}  // namespace gangline
