#include "engine/slurm/open_sending.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <random>

#include "base/text.h"
#include "os/clock.h"
#include "os/file.h"

namespace gangline {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_sendings_of_a_job = 100'000;

std::string told_file(const SendingFiles& files) { return files.directory() + "/told"; }

std::string forgotten_file(const SendingFiles& files) { return files.directory() + "/forgotten"; }

/// One line behind those that are there.
Result<void> append_line(const std::string& path, const std::string& line) {
  const auto file = open_file(path, O_WRONLY | O_CREAT | O_APPEND);
  if (!file) return file.error();
  return write_all(file->number(), line + "\n", path);
}

void read_numbers_of(OpenSending& sending) {
  const auto text = read_file(sending.files.sent());
  if (!text) return;
  for (const std::string_view line : split(*text, '\n'))
    if (parse_number(line)) sending.numbers.emplace_back(line);
  sending.times_sent = static_cast<std::uint32_t>(sending.numbers.size());
}

void read_forgotten(OpenSending& sending) {
  const auto text = read_file(forgotten_file(sending.files));
  if (text)
    sending.times_forgotten =
        static_cast<std::uint32_t>(std::count(text->begin(), text->end(), '\n'));
}

void read_told(OpenSending& sending) {
  const auto text = read_file(told_file(sending.files));
  if (!text) return;
  for (const std::string_view line : split(*text, '\n'))
    for (const std::string_view word : split(line, ' '))
      if (const auto index = parse_number(word))
        if (*index <= most_gangs_in_a_job && sending.has(static_cast<std::uint32_t>(*index)))
          sending.gang(static_cast<std::uint32_t>(*index)).start_told = true;
}

bool contains(const std::vector<ElementRange>& ranges, std::uint32_t element) {
  return std::any_of(ranges.begin(), ranges.end(), [&](const ElementRange& range) {
    return range.begin <= element && element < range.end;
  });
}

}  // namespace

std::string random_word() {
  std::random_device device;
  std::string word;
  for (int i = 0; i < 2; ++i) {
    char text[9];
    std::snprintf(text, sizeof text, "%08x", device());
    word += text;
  }
  return word;
}

std::string OpenSending::name_in_slurm(std::uint32_t index) const {
  if (numbers.empty()) return {};
  return is_array() ? numbers.back() + "_" + std::to_string(index - order.first) : numbers.back();
}

bool OpenSending::is_suspended(std::uint32_t index) const {
  return contains(suspended, index - order.first);
}

const SentWait* OpenSending::wait_of(std::uint32_t index) const {
  for (const SentWait& wait : waits)
    if (wait.elements.empty() || contains(wait.elements, index - order.first)) return &wait;
  return nullptr;
}

Result<std::unique_ptr<OpenSending>> make_sending(const SendingOrder& order) {
  const std::string tag = std::string(tag_front) + random_word();
  const SendingFiles files = SendingFiles::of(order.state_dir, order.job.id, tag);
  if (auto made = make_private_directory(files.directory()); !made) return made.error();
  if (auto written = write_order(files, order); !written) return written.error();
  return std::make_unique<OpenSending>(files, tag, order);
}

std::vector<std::unique_ptr<OpenSending>> find_sendings(const std::string& state_dir, JobId job) {
  std::vector<std::unique_ptr<OpenSending>> found;
  std::error_code none;
  const std::string directory =
      fs::path(SendingFiles::of(state_dir, job, "x").directory()).parent_path();
  for (const auto& entry : fs::directory_iterator(directory, none)) {
    const std::string tag = entry.path().filename();
    const SendingFiles files(entry.path());
    auto order = read_order(files);
    if (!order || order->job.id != job || found.size() >= most_sendings_of_a_job) continue;
    auto sending = std::make_unique<OpenSending>(files, tag, *std::move(order));
    read_numbers_of(*sending);
    read_told(*sending);
    read_forgotten(*sending);
    sending->doubtful = sending->numbers.empty();
    // What goes by sbatch has a script.
    sending->by_srun = !fs::exists(files.script(), none);
    found.push_back(std::move(sending));
  }
  return found;
}

Result<void> note_number(OpenSending& sending, const std::string& number) {
  if (std::find(sending.numbers.begin(), sending.numbers.end(), number) != sending.numbers.end())
    return {};
  sending.numbers.push_back(number);
  return append_line(sending.files.sent(), number);
}

Result<void> note_forgotten(OpenSending& sending) {
  ++sending.times_forgotten;
  return append_line(forgotten_file(sending.files), format_utc(now()));
}

Result<void> note_told(OpenSending& sending, const std::vector<std::uint32_t>& gangs) {
  std::string line;
  for (const std::uint32_t index : gangs) {
    sending.gang(index).start_told = true;
    line += (line.empty() ? "" : " ") + std::to_string(index);
  }
  return append_line(told_file(sending.files), line);
}

}  // namespace gangline
