#include "engine/slurm/pilot/pilot_files.h"

#include <algorithm>
#include <filesystem>

#include "base/text.h"
#include "json/json.h"
#include "os/file.h"

namespace gangline {
namespace {

std::string pilots_directory(const std::string& state_dir) { return state_dir + "/pilots"; }

Error makes_no_sense(const std::string& path) {
  return {ErrorKind::broken, "this file makes no sense", path,
          "was it written by another version of gang?"};
}

/// A name as a part of a file's name.
bool is_plain(std::string_view name) {
  return !name.empty() && name.size() <= 255 && name.find('/') == std::string_view::npos &&
         name.front() != '.';
}

// One thing a line, so that people can read it.
std::string text_of(const PilotKept& pilot) {
  std::string text = "number " + std::to_string(pilot.number) + "\ntag " + pilot.tag + "\n";
  if (!pilot.slurm.empty()) text += "slurm " + pilot.slurm + "\n";
  if (pilot.ending) text += "ending\n";
  if (pilot.renewed) text += "renewed\n";
  for (const auto& [host, name] : pilot.names) text += "node " + host + " " + name + "\n";
  return text + "request " + to_json(pilot.request) + "\n";
}

bool read_line(std::string_view line, PilotKept& pilot) {
  const std::size_t space = line.find(' ');
  const std::string_view key = line.substr(0, space);
  const std::string_view rest = space == std::string_view::npos ? "" : line.substr(space + 1);
  if (key == "number") {
    const auto number = parse_number(rest);
    if (number) pilot.number = *number;
    return number.has_value();
  }
  if (key == "tag") pilot.tag = rest;
  else if (key == "slurm") pilot.slurm = rest;
  else if (key == "ending") pilot.ending = true;
  else if (key == "renewed") pilot.renewed = true;
  else if (key == "node") {
    const auto words = split(rest, ' ');
    if (words.size() != 2 || !is_plain(words[0])) return false;
    pilot.names[std::string(words[0])] = words[1];
  } else if (key == "request") {
    auto request = from_json<PilotRequest>(rest);
    if (!request) return false;
    pilot.request = *std::move(request);
  }
  return true;
}

}  // namespace

PilotFiles::PilotFiles(const std::string& state_dir, std::uint64_t number)
    : directory_(pilots_directory(state_dir) + "/" + std::to_string(number)) {}

Result<void> PilotFiles::make(const PilotKept& pilot) const {
  auto made = make_private_directory(directory_);
  if (!made) return made;
  auto secret = random_bytes(stream_key_bytes);
  if (!secret) return secret.error();
  made = write_file(directory_ + "/key", *secret);
  return made ? keep(pilot) : made;
}

Result<void> PilotFiles::keep(const PilotKept& pilot) const {
  return write_file(directory_ + "/pilot", text_of(pilot));
}

Result<PilotKept> PilotFiles::read() const {
  const std::string path = directory_ + "/pilot";
  const auto text = read_file(path);
  if (!text) return text.error();
  PilotKept pilot;
  for (const std::string_view line : split(*text, '\n'))
    if (!line.empty() && !read_line(line, pilot)) return makes_no_sense(path);
  if (pilot.number == 0 || pilot.tag.empty()) return makes_no_sense(path);
  return pilot;
}

Result<StreamKey> PilotFiles::key(const std::string& tag) const {
  auto secret = read_file(directory_ + "/key", stream_key_bytes);
  if (!secret) return secret.error();
  if (secret->size() != stream_key_bytes) return makes_no_sense(directory_ + "/key");
  return StreamKey{tag, *std::move(secret)};
}

Result<void> PilotFiles::keep_point(const PilotMeetingPoint& point) const {
  return write_file(directory_ + "/where", point.address + " " + std::to_string(point.port) + "\n");
}

Result<PilotMeetingPoint> PilotFiles::point() const {
  const std::string path = directory_ + "/where";
  const auto text = read_file(path, 1 << 12);
  if (!text) return text.error();
  const auto words = split(trim(*text), ' ');
  const auto port = words.size() == 2 ? parse_number(words[1]) : std::nullopt;
  if (!port || *port == 0 || *port > 0xffff) return makes_no_sense(path);
  return PilotMeetingPoint{std::string(words[0]), static_cast<std::uint16_t>(*port)};
}

Result<void> PilotFiles::keep_node(const std::string& host, const Node& node) const {
  if (!is_plain(host)) return makes_no_sense(host);
  const std::string path = directory_ + "/node." + host;
  const std::string text = to_json(node);
  if (const auto before = read_file(path); before && *before == text) return {};
  return write_file(path, text);
}

Result<Node> PilotFiles::node(const std::string& host) const {
  if (!is_plain(host)) return makes_no_sense(host);
  const auto text = read_file(directory_ + "/node." + host);
  if (!text) return text.error();
  return from_json<Node>(*text);
}

std::string PilotFiles::sign(const std::string& host) const {
  return is_plain(host) ? directory_ + "/alive." + host : std::string();
}

void PilotFiles::remove() const {
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

Result<std::uint64_t> new_pilot_number(const std::string& state_dir) {
  if (auto made = make_private_directory(pilots_directory(state_dir)); !made) return made.error();
  const std::string path = pilots_directory(state_dir) + "/newest";
  std::uint64_t newest = 0;
  if (const auto text = read_file(path)) newest = parse_number(trim(*text)).value_or(0);
  for (const std::uint64_t number : pilot_numbers(state_dir)) newest = std::max(newest, number);
  if (auto kept = write_file(path, std::to_string(newest + 1) + "\n"); !kept) return kept.error();
  return newest + 1;
}

std::vector<std::uint64_t> pilot_numbers(const std::string& state_dir) {
  std::vector<std::uint64_t> numbers;
  std::error_code none_there;
  for (const auto& entry :
       std::filesystem::directory_iterator(pilots_directory(state_dir), none_there))
    if (const auto number = parse_number(entry.path().filename().native()))
      numbers.push_back(*number);
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

}  // namespace gangline
