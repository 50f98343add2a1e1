#include "engine/slurm/sending.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/pack.h"
#include "base/text.h"
#include "json/json.h"
#include "launch/model_bytes.h"
#include "os/file.h"

namespace gangline {
namespace {

constexpr std::uint32_t order_version = 1;
constexpr std::size_t largest_order = largest_split + (32u << 20);
constexpr std::size_t largest_note = 1 << 20;

Error makes_no_sense(const std::string& path) {
  return {ErrorKind::broken, "this file makes no sense", path,
          "was it written by another version of gang?"};
}

std::string numbers_text(const std::vector<std::uint32_t>& numbers) {
  std::string text;
  for (const std::uint32_t n : numbers) text += (text.empty() ? "" : ",") + std::to_string(n);
  return text.empty() ? "-" : text;
}

bool read_numbers(std::string_view text, std::vector<std::uint32_t>& numbers) {
  if (text == "-") return true;
  for (const std::string_view part : split(text, ',')) {
    const auto n = parse_number(part);
    if (!n || *n > 0xffff) return false;
    numbers.push_back(static_cast<std::uint32_t>(*n));
  }
  return true;
}

// One thing a line, so that people can read it: "slurm 17_3 0 1764000000000000", then "node n1 2
// 0,1,2,3" for each node, then "fences" with the fences as JSON.
std::string text_of(const Claim& claim) {
  std::string text = claim.withdrawn ? "withdrawn" : "slurm";
  text += " " + (claim.slurm_job.empty() ? "-" : claim.slurm_job) + " " +
          std::to_string(claim.restarts) + " " + std::to_string(claim.at.us) + "\n";
  for (const NodeGiven& node : claim.nodes)
    text += "node " + node.name + " " + std::to_string(node.tasks) + " " + numbers_text(node.gpus) +
            "\n";
  return text + "fences " + to_json(claim.fences) + "\n";
}

bool read_first_line(std::string_view line, Claim& claim) {
  const auto words = split(line, ' ');
  if (words.size() != 4 || (words[0] != "slurm" && words[0] != "withdrawn")) return false;
  const auto restarts = parse_number(words[2]), at = parse_number(words[3]);
  if (!restarts || !at) return false;
  claim.withdrawn = words[0] == "withdrawn";
  claim.slurm_job = words[1] == "-" ? "" : std::string(words[1]);
  claim.restarts = static_cast<std::uint32_t>(*restarts);
  claim.at = Time{static_cast<std::int64_t>(*at)};
  return true;
}

bool read_line(std::string_view line, Claim& claim) {
  if (line.starts_with("fences ")) {
    auto fences = from_json<std::vector<Fence>>(line.substr(7));
    if (!fences) return false;
    claim.fences = *std::move(fences);
    return true;
  }
  const auto words = split(line, ' ');
  if (words.size() != 4 || words[0] != "node") return false;
  NodeGiven node;
  node.name = words[1];
  const auto tasks = parse_number(words[2]);
  if (!tasks || *tasks > most_tasks_in_a_gang || !read_numbers(words[3], node.gpus)) return false;
  node.tasks = static_cast<std::uint32_t>(*tasks);
  claim.nodes.push_back(std::move(node));
  return true;
}

std::optional<Claim> claim_from(std::string_view text) {
  Claim claim;
  bool first = true;
  for (const std::string_view line : split(text, '\n')) {
    if (line.empty()) continue;
    if (!(first ? read_first_line(line, claim) : read_line(line, claim))) return std::nullopt;
    first = false;
  }
  if (first) return std::nullopt;
  return claim;
}

/// Empty: there is no such file.
Result<std::optional<std::string>> read_if_there(const std::string& path) {
  auto text = read_file(path, largest_note);
  if (text) return std::optional(*std::move(text));
  if (text.error().kind == ErrorKind::not_found) return std::optional<std::string>();
  return text.error();
}

}  // namespace

SendingFiles SendingFiles::of(const std::string& state_dir, JobId job, const std::string& tag) {
  return SendingFiles(state_dir + "/jobs/" + format(job) + "/slurm/" + tag);
}

Result<void> write_order(const SendingFiles& files, const SendingOrder& order) {
  Packer packer;
  packer.u32(order_version);
  pack(packer, order.job);
  packer.u32(order.first);
  packer.u32(order.count);
  packer.u32(order.attempt);
  packer.u32(order.alternative);
  packer.text(order.state_dir);
  packer.text(order.id);
  return write_file(files.order(), packer.bytes());
}

Result<SendingOrder> read_order(const SendingFiles& files) {
  auto bytes = read_file(files.order(), largest_order);
  if (!bytes) return bytes.error();
  Unpacker unpacker(*bytes);
  if (unpacker.u32() != order_version) return makes_no_sense(files.order());
  SendingOrder order;
  order.job = unpack_job(unpacker);
  order.first = unpacker.u32();
  order.count = unpacker.u32();
  order.attempt = unpacker.u32();
  order.alternative = unpacker.u32();
  order.state_dir = unpacker.text();
  order.id = unpacker.text();
  if (!unpacker.ok() || !unpacker.at_end() || !order.job.spec) return makes_no_sense(files.order());
  return order;
}

Result<bool> make_claim(const std::string& path, const Claim& claim) {
  // A link fails where something stands already, on a shared disk as well.
  const std::string draft = path + "." + std::to_string(claim.at.us) + "." +
                            std::to_string(::getpid()) + (claim.withdrawn ? "w" : "s");
  if (auto written = write_file(draft, text_of(claim)); !written) return written.error();
  const bool linked = ::link(draft.c_str(), path.c_str()) == 0;
  const int number = errno;
  ::unlink(draft.c_str());
  if (linked) return true;
  if (number != EEXIST) return system_error("make", path, number);
  const auto there = read_claim(path);
  if (!there) return there.error();
  return *there == claim;
}

Result<std::optional<Claim>> read_claim(const std::string& path) {
  const auto text = read_if_there(path);
  if (!text) return text.error();
  if (!*text) return std::optional<Claim>();
  auto claim = claim_from(**text);
  if (!claim) return makes_no_sense(path);
  return claim;
}

Result<void> renew_sign(const std::string& path, std::uint64_t count) {
  const auto file = open_file(path, O_WRONLY);
  if (!file) return file.error();
  return write_all(file->number(), std::to_string(count) + "\n", path);
}

std::optional<std::uint64_t> read_sign(const std::string& path) {
  const auto text = read_file(path, largest_note);
  return text ? parse_number(trim(*text)) : std::nullopt;
}

void see_afresh(const SendingFiles& files) {
  // NFS remembers for half a minute which files there are, until this machine makes one itself.
  const std::string path = files.directory() + "/look";
  if (write_file(path, "")) ::unlink(path.c_str());
}

Result<void> write_end(const std::string& path, const EndNote& end) {
  return write_file(path, std::to_string(end.started.us) + " " + std::to_string(end.at.us) + "\n" +
                              to_json(end.ending) + "\n");
}

Result<std::optional<EndNote>> read_end(const std::string& path) {
  const auto text = read_if_there(path);
  if (!text) return text.error();
  if (!*text) return std::optional<EndNote>();
  const std::string_view all = **text;
  const std::size_t line = all.find('\n');
  const auto times = split(all.substr(0, line), ' ');
  if (line == std::string_view::npos || times.size() != 2) return makes_no_sense(path);
  const auto started = parse_number(times[0]), at = parse_number(times[1]);
  auto ending = from_json<Ending>(all.substr(line + 1));
  if (!started || !at || !ending) return makes_no_sense(path);
  return std::optional(EndNote{Time{static_cast<std::int64_t>(*started)},
                               Time{static_cast<std::int64_t>(*at)}, *std::move(ending)});
}

}  // namespace gangline
