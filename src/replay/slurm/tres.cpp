#include "replay/slurm/tres.h"

#include <algorithm>

#include "base/text.h"
#include "replay/input/amounts.h"
#include "replay/input/draft.h"
#include "replay/input/row.h"

namespace gangline {
namespace {

constexpr std::size_t most_models = 64;

bool add_gpus(std::string_view model, std::int64_t count, Tres& tres) {
  if (model.empty()) {
    tres.gpus = tres.gpus.value_or(0) + count;
    return *tres.gpus <= most_of_a_kind;
  }
  std::int64_t& of_model = tres.gpus_of_model[kept_text(model)];
  of_model += count;
  return of_model <= most_of_a_kind && tres.gpus_of_model.size() <= most_models;
}

}  // namespace

std::int64_t Tres::all_gpus() const {
  std::int64_t sum = 0;
  for (const auto& [model, count] : gpus_of_model) sum += count;
  return std::max(sum, gpus.value_or(0));
}

std::string Tres::gpu_model() const {
  if (gpus_of_model.size() != 1) return "";
  const auto& [model, count] = *gpus_of_model.begin();
  return count == all_gpus() ? model : "";
}

bool add_tres(std::string_view name, std::int64_t count, Tres& tres) {
  if (count < 0 || count > std::int64_t{1} << 40) return false;
  if (name == "mem") {
    tres.memory = mebibytes(count);
    return tres.memory->n >> 20 == count;
  }
  if (name == "cpu") tres.cpus = count;
  else if (name == "node") tres.nodes = count;
  else if (name == "gres/gpu") tres.gpus = count;
  else if (name.starts_with("gres/gpu:")) return add_gpus(name.substr(9), count, tres);
  return count <= most_of_a_kind || name == "billing" || name == "energy" ||
         name.find('/') != name.npos;
}

std::optional<Tres> parse_tres(std::string_view text) {
  Tres tres;
  for (const std::string_view part : split(text, ',')) {
    if (trim(part).empty()) continue;
    const auto equals = part.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string_view name = trim(part.substr(0, equals));
    const std::string_view value = trim(part.substr(equals + 1));
    if (name == "mem") {
      tres.memory = parse_slurm_memory(value);
      if (!tres.memory) return std::nullopt;
      continue;
    }
    const bool counted = name == "cpu" || name == "node" || name.starts_with("gres/gpu");
    if (!counted) continue;
    const auto count = parse_whole(value);
    if (!count || !add_tres(name, *count, tres)) return std::nullopt;
  }
  return tres;
}

std::optional<Tres> parse_gres(std::string_view text) {
  Tres tres;
  if (text.empty() || text == "(null)" || text == "N/A") return tres;
  std::string without_sockets;  // "(S:0-1,3)" says where they are
  std::size_t depth = 0;
  for (const char c : text) {
    if (c == '(') ++depth;
    if (depth == 0) without_sockets += c;
    if (c == ')' && depth > 0) --depth;
  }
  for (const std::string_view entry : split(without_sockets, ',')) {
    auto words = split(trim(entry), ':');
    if (words.front() == "gres") words.erase(words.begin());
    if (words.empty() || words.front() != "gpu") continue;
    const auto count =
        words.size() > 1 ? parse_whole(words.back()) : std::optional<std::int64_t>(1);
    if (words.size() > 3 || (!count && words.size() == 3)) return std::nullopt;
    const std::string_view model = words.size() == 3 ? words[1] : !count ? words[1] : "";
    if (count.value_or(1) < 0 || !add_gpus(model, count.value_or(1), tres)) return std::nullopt;
  }
  return tres;
}

std::optional<Bytes> parse_slurm_memory(std::string_view text) {
  if (text.empty() || text.size() > 32) return std::nullopt;
  const bool has_unit = text.back() < '0' || text.back() > '9';
  const auto bytes = parse_bytes(has_unit ? std::string(text) : std::string(text) + "M");
  if (!bytes || *bytes > gibibytes(std::int64_t{1} << 30)) return std::nullopt;
  return *bytes;
}

Tres completed(Tres first, const Tres& second) {
  if (!first.cpus) first.cpus = second.cpus;
  if (!first.nodes) first.nodes = second.nodes;
  if (!first.memory) first.memory = second.memory;
  if (!first.gpus && first.gpus_of_model.empty()) {
    first.gpus = second.gpus;
    first.gpus_of_model = second.gpus_of_model;
  }
  return first;
}

Asked asked_of(const Tres& tres) {
  Asked asked;
  asked.gpus = tres.all_gpus();
  asked.model = tres.gpu_model();
  asked.cpu_thousandths = tres.cpus.value_or(0) * 1000;
  asked.memory = tres.memory.value_or(Bytes{0});
  asked.parts = tres.nodes.value_or(0);
  return asked;
}

}  // namespace gangline
