#include "launch/job_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <functional>
#include <vector>

#include "base/text.h"
#include "os/file.h"

namespace gangline {
namespace {

constexpr std::size_t most_remembered_jobs = 10'000;
constexpr std::uint64_t log_block = 4096;  // holes are cut at multiples of it
constexpr std::uint32_t most_missing_attempts = 8;

std::string padded(std::uint32_t n, std::uint32_t largest) {
  const std::string digits = std::to_string(n);
  const std::size_t width = std::to_string(largest).size();
  return std::string(width > digits.size() ? width - digits.size() : 0, '0') + digits;
}

Time modified(const struct stat& file) {
  return {static_cast<std::int64_t>(file.st_mtim.tv_sec) * 1'000'000 + file.st_mtim.tv_nsec / 1000};
}

/// Copies it from `from` to a file beside its place, which then takes it.
Result<void> write_piece(int from, const PieceToCut& piece) {
  const std::string beside = piece.to + ".new";
  auto file = open_file(beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
  if (!file) return file.error();
  std::vector<char> block(1 << 16);
  std::uint64_t at = piece.begin;
  while (at < piece.end) {
    const std::size_t wanted = std::min<std::uint64_t>(block.size(), piece.end - at);
    const ssize_t n = ::pread(from, block.data(), wanted, static_cast<off_t>(at));
    if (n < 0) return system_error("read", piece.source, errno);
    if (n == 0) return Error{ErrorKind::refused, "it is shorter than it was", piece.source, ""};
    auto written = write_all(file->number(), {block.data(), static_cast<std::size_t>(n)}, beside);
    if (!written) return written;
    at += static_cast<std::uint64_t>(n);
  }
  if (::rename(beside.c_str(), piece.to.c_str()) != 0) return system_error("rename", beside, errno);
  return {};
}

}  // namespace

Result<void> replace_file(const std::string& path, std::string_view bytes) {
  const std::string beside = path + ".new";
  auto file = open_file(beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
  if (!file) return file.error();
  auto written = write_all(file->number(), bytes, beside);
  if (written && ::rename(beside.c_str(), path.c_str()) != 0)
    written = system_error("rename", beside, errno);
  return written;
}

std::string JobFiles::job_directory(JobId job) const {
  return state_dir_ + "/jobs/" + std::to_string(job.n);
}

std::string JobFiles::own_directory(JobId job) const {
  return own_dir_ + "/jobs/" + std::to_string(job.n);
}

std::string JobFiles::log(GangId gang, std::uint32_t attempt, std::uint32_t rank,
                          bool error_stream) const {
  return job_directory(gang.job) + "/logs/" + std::to_string(gang.index) + "." +
         std::to_string(attempt) + "." + std::to_string(rank) + (error_stream ? ".err" : ".out");
}

std::string JobFiles::output(const JobSpec& spec, GangId gang) const {
  if (spec.gather && gang.index == gather_index(spec))
    return outputs_directory(gang.job) + "/gather";
  return outputs_directory(gang.job) + "/" + padded(gang.index, gang_count(spec) - 1);
}

Result<void> JobFiles::make_closed(const std::string& directory) const {
  return make_directories(directory, for_all_ ? 0711 : 0700);
}

/// To the person, where it is another one than we are.
Result<void> JobFiles::give(const std::string& path, const Job& job) const {
  if (!for_all_ || !job.person) return {};
  if (::lchown(path.c_str(), job.person->uid, job.person->gid) != 0)
    return system_error("give to " + job.owner, path, errno);
  return {};
}

Result<std::string> JobFiles::host_file(const Job& job, GangId gang, std::size_t tasks) const {
  const std::string directory = own_directory(gang.job) + "/hosts";
  const std::string path = directory + "/" + std::to_string(gang.index);
  auto written = make_closed(directory);
  if (written) written = replace_file(path, "localhost slots=" + std::to_string(tasks) + "\n");
  if (written) written = give(path, job);
  if (!written) return written.error();
  return path;
}

Result<std::string> JobFiles::script(const Job& job, const std::string& text) const {
  const std::string directory = own_directory(job.id) + "/scripts";
  const std::string path = directory + "/" + std::to_string(std::hash<std::string>{}(text));
  const auto before = read_file(path, text.size());
  if (before && *before == text) return path;
  auto written = make_closed(directory);
  if (written) written = replace_file(path, text);
  if (written) written = give(path, job);
  if (!written) return written.error();
  return path;
}

JobId JobFiles::newest_job() const {
  JobId newest{0};
  std::error_code none_there;
  for (const auto& entry : std::filesystem::directory_iterator(state_dir_ + "/jobs", none_there))
    if (const auto number = parse_number(entry.path().filename().native()))
      newest = std::max(newest, JobId{*number});
  return newest;
}

Result<void> JobFiles::make_directories_of(const Job& job) {
  if (made_.contains(job.id)) return {};
  const std::string directory = job_directory(job.id);
  if (for_all_)
    if (auto made = make_directories(state_dir_ + "/jobs", 0755); !made) return made;
  if (auto made = make_closed(directory + "/logs"); !made) return made;
  const std::string own = own_directory(job.id);
  if (auto made = make_closed(own); !made) return made;
  std::vector<std::string> of_person{directory + "/outputs"};
  if (job.spec->split) of_person.push_back(own + "/shards");
  for (const std::string& part : of_person) {
    auto made = make_directories(part, 0700);
    if (made) made = give(part, job);
    if (!made) return made;
  }
  if (made_.size() >= most_remembered_jobs) made_.erase(made_.begin());
  made_.insert(job.id);
  return {};
}

std::string JobFiles::shard(const Job& job, std::uint32_t index,
                            std::optional<PieceToCut>& piece) const {
  const Split& split = *job.spec->split;
  const std::uint32_t n = shard_of(*job.spec, index);
  const Shard& shard = split.shards[n];
  if (split.kind != SplitKind::lines || shard.begin >= shard.end) return shard.text;
  piece = PieceToCut{
      split.source, split.source_size, split.source_modified,
      shard.begin,  shard.end,         own_directory(job.id) + "/shards/" + std::to_string(n)};
  return piece->to;
}

Result<void> cut_piece(const PieceToCut& piece) {
  struct stat there {};
  if (::stat(piece.to.c_str(), &there) == 0 &&
      static_cast<std::uint64_t>(there.st_size) == piece.end - piece.begin)
    return {};
  auto file = open_file(piece.source, O_RDONLY);
  if (!file) return file.error();
  if (::fstat(file->number(), &there) != 0) return system_error("look at", piece.source, errno);
  if (there.st_size != piece.source_size.n || modified(there) != piece.source_modified)
    return Error{ErrorKind::refused, "the file was changed after the job was submitted",
                 piece.source, "submit the job again"};
  return write_piece(file->number(), piece);
}

Result<LogState> trim_log(const std::string& path, Bytes limit) {
  struct stat there {};
  if (::stat(path.c_str(), &there) != 0 || there.st_size == 0) return LogState::empty;
  if (limit.n <= 0) return LogState::whole;
  // Blocks, not the length: what was dropped before is not counted again.
  const std::int64_t held = std::min<std::int64_t>(there.st_size, there.st_blocks * 512);
  if (held <= limit.n) return LogState::whole;
  auto fd = open_file(path, O_RDWR | O_NOFOLLOW);
  if (!fd) return fd.error();
  const auto half = static_cast<std::uint64_t>(limit.n) / 2;
  const std::uint64_t begin = half / log_block * log_block;
  // A quarter of the newest stays, so that there is room until the next look.
  const auto size = static_cast<std::uint64_t>(there.st_size);
  const std::uint64_t end = (size - std::min(size, half / 2)) / log_block * log_block;
  if (end > begin && ::fallocate(fd->number(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                 static_cast<off_t>(begin), static_cast<off_t>(end - begin)) == 0)
    return LogState::trimmed;
  if (::ftruncate(fd->number(), limit.n) != 0) return system_error("shorten", path, errno);
  return LogState::trimmed;
}

std::string last_lines(const std::string& path, std::size_t most) {
  auto fd = open_file(path, O_RDONLY | O_NOFOLLOW);
  if (!fd) return {};
  struct stat there {};
  if (::fstat(fd->number(), &there) != 0 || there.st_size == 0) return {};
  const auto size = static_cast<std::size_t>(there.st_size);
  const std::size_t wanted = std::min(size, most);
  std::string bytes(wanted, '\0');
  const ssize_t n = ::pread(fd->number(), bytes.data(), wanted, static_cast<off_t>(size - wanted));
  bytes.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  if (wanted < size) {  // begins in the middle of a line
    const auto line = bytes.find('\n');
    if (line != std::string::npos && line + 1 < bytes.size()) bytes.erase(0, line + 1);
  }
  return bytes;
}

Result<LogChunk> read_log_file(const std::string& path, std::uint64_t from, std::uint32_t most) {
  auto fd = open_file(path, O_RDONLY | O_NOFOLLOW);
  if (!fd) return fd.error();
  struct stat there {};
  if (::fstat(fd->number(), &there) != 0) return system_error("look at", path, errno);
  LogChunk chunk;
  chunk.size = static_cast<std::uint64_t>(there.st_size);
  chunk.from = std::min(from, chunk.size);
  std::uint64_t end = chunk.size;
  if (chunk.from < chunk.size) {
    const off_t content = ::lseek(fd->number(), static_cast<off_t>(chunk.from), SEEK_DATA);
    const std::uint64_t begin = content >= 0     ? static_cast<std::uint64_t>(content)
                                : errno == ENXIO ? chunk.size
                                                 : chunk.from;
    chunk.dropped = begin - chunk.from;
    chunk.from = begin;
    const off_t hole = ::lseek(fd->number(), static_cast<off_t>(begin), SEEK_HOLE);
    if (hole >= 0) end = std::min(end, static_cast<std::uint64_t>(hole));
  }
  chunk.bytes.resize(std::min<std::uint64_t>(end - chunk.from, most));
  const ssize_t n =
      ::pread(fd->number(), chunk.bytes.data(), chunk.bytes.size(), static_cast<off_t>(chunk.from));
  if (n < 0) return system_error("read", path, errno);
  chunk.bytes.resize(static_cast<std::size_t>(n));
  return chunk;
}

Result<LogChunk> read_task_log(const JobFiles& files, const LogQuery& query) {
  std::uint32_t attempt = query.attempt;
  if (attempt == 0) {
    // Attempts that could not be started have no log, so a few may be missing in between.
    for (std::uint32_t n = 1, missing = 0; missing < most_missing_attempts; ++n) {
      const std::string path = files.log(query.gang, n, query.rank, query.error_stream);
      const bool there = ::access(path.c_str(), F_OK) == 0;
      missing = there ? 0 : missing + 1;
      if (there) attempt = n;
    }
    attempt = std::max(attempt, 1u);
  }
  const std::string path = files.log(query.gang, attempt, query.rank, query.error_stream);
  const bool quiet = ::access(path.c_str(), F_OK) != 0 &&
                     ::access(files.job_directory(query.gang.job).c_str(), F_OK) == 0;
  // A gang that wrote nothing may have left its log to the next one.
  if (quiet) return LogChunk{};
  return read_log_file(path, query.from, query.most);
}

Result<std::string> read_beginning(const std::string& path, std::size_t most) {
  // Without O_NONBLOCK the opening of a pipe would wait for somebody to write.
  auto file = open_file(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (!file) return file.error();
  struct stat there {};
  if (::fstat(file->number(), &there) != 0) return system_error("read", path, errno);
  if (!S_ISREG(there.st_mode)) return Error{ErrorKind::broken, "this is no plain file", path, ""};
  std::string text(most, '\0');
  std::size_t size = 0;
  while (size < most) {
    const ssize_t n = ::read(file->number(), text.data() + size, most - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error("read", path, errno);
    if (n == 0) break;
    size += static_cast<std::size_t>(n);
  }
  text.resize(size);
  return text;
}

}  // namespace gangline
