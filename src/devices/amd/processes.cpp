#include "devices/amd/processes.h"

#include <algorithm>

#include "base/text.h"
#include "devices/pack_node.h"
#include "devices/sysfs/read.h"
#include "devices/sysfs/see.h"

namespace gangline::amd {
namespace {

constexpr std::size_t most_queues = 1024;
constexpr std::size_t most_bytes = 4096;
// Each process is read in full at least once in so many readings.
constexpr std::size_t readings_a_turn = 50;
constexpr std::size_t most_young = 64;
// The driver's own use of a card comes and goes by less; who computes takes more.
constexpr std::int64_t slack = 8 << 20;

}  // namespace

KfdProcesses::KfdProcesses(const std::string& root) : path_(root + "/sys/class/kfd/kfd/proc") {}

KfdProcesses::Held KfdProcesses::memory_held(std::uint32_t pid, std::uint64_t gpu_id) const {
  Held held;
  const auto text =
      directory_->file(std::to_string(pid) + "/vram_" + std::to_string(gpu_id), most_bytes);
  if (!text) {
    held.known = text.error().kind == ErrorKind::not_found;
    return held;
  }
  const auto bytes = parse_number(trim(*text));
  held.known = bytes && *bytes <= std::uint64_t{1} << 62;
  if (held.known) held.memory = Bytes{static_cast<std::int64_t>(*bytes)};
  return held;
}

void KfdProcesses::read_in_full(Processes::value_type& process, const std::vector<CardUse>& cards) {
  auto& [pid, known] = process;
  known.read_in_full = readings_;
  known.held.clear();
  const std::string queues_at = path_ + "/" + std::to_string(pid) + "/queues";
  auto queues = numbered_in(queues_at, "");
  queues.resize(std::min(queues.size(), most_queues));
  std::set<std::uint64_t> with_queue;
  for (const std::uint32_t queue : queues)
    if (const auto gpu = number_at(queues_at + "/" + std::to_string(queue) + "/gpuid"))
      with_queue.insert(*gpu);
  for (const CardUse& card : cards)
    for (const std::uint64_t gpu_id : card.gpu_ids) {
      Held held = memory_held(pid, gpu_id);
      held.queue = with_queue.contains(gpu_id);
      if (held.uses()) known.held[gpu_id] = held;
    }
}

/// What it holds on a card where it is known to hold something, or, `also_unused`, on all of it.
void KfdProcesses::read_again(Processes::value_type& process, const CardUse& card,
                              bool also_unused) {
  auto& [pid, known] = process;
  for (const std::uint64_t gpu_id : card.gpu_ids) {
    const auto before = known.held.find(gpu_id);
    if (before == known.held.end() && !also_unused) continue;
    Held held = memory_held(pid, gpu_id);
    held.queue = before != known.held.end() && before->second.queue;
    if (held.uses()) known.held[gpu_id] = held;
    else if (before != known.held.end()) known.held.erase(before);
  }
}

std::int64_t KfdProcesses::unexplained_of(const CardUse& card) const {
  std::int64_t left = card.used.value_or(Bytes{0}).n;
  for (const auto& [pid, known] : processes_)
    for (const auto& [gpu_id, held] : known.held)
      if (held.memory && std::ranges::find(card.gpu_ids, gpu_id) != card.gpu_ids.end())
        left -= std::clamp(held.memory->n, std::int64_t{0}, std::max(left, std::int64_t{0}));
  return left;
}

bool KfdProcesses::has_changed(const CardUse& card) const {
  if (card.gpu_ids.empty()) return false;
  const auto before = cards_.find(card.gpu_ids.front());
  return !card.used || before == cards_.end() || before->second.used != card.used;
}

std::size_t KfdProcesses::holders_of(const CardUse& card) const {
  std::size_t holders = 0;
  for (const auto& [pid, known] : processes_)
    for (const std::uint64_t gpu_id : card.gpu_ids) holders += known.held.contains(gpu_id) ? 1 : 0;
  return holders;
}

void KfdProcesses::read_card(const CardUse& card) {
  const bool changed = has_changed(card);
  const auto [entry, fresh] = cards_.try_emplace(card.gpu_ids.front());
  CardState& state = entry->second;
  if (changed)
    for (auto& process : processes_)
      if (process.second.read_in_full != readings_) read_again(process, card, false);
  state.used = card.used;
  std::int64_t unexplained = unexplained_of(card);
  if (!fresh && unexplained > state.unexplained + slack) {
    for (auto& process : processes_)
      if (process.second.read_in_full != readings_) read_again(process, card, true);
    unexplained = unexplained_of(card);
  }
  state.unexplained = unexplained;
}

void KfdProcesses::meet(const std::vector<std::uint32_t>& pids) {
  std::erase_if(processes_, [&](const Processes::value_type& process) {
    return !std::ranges::binary_search(pids, process.first);
  });
  for (const std::uint32_t pid : pids) processes_.try_emplace(pid, Known{readings_, 0, {}});
}

void KfdProcesses::read_in_turn(const std::vector<CardUse>& cards) {
  std::size_t youths = 0;
  for (auto& process : processes_) {
    const std::uint64_t age = readings_ - process.second.first_seen;
    if (age == 0 || (age < looks_while_new && youths++ < most_young)) read_in_full(process, cards);
  }
  std::size_t each = 1, spoken_for = 0;
  for (const CardUse& card : cards) {
    each += card.gpu_ids.size();
    if (has_changed(card)) spoken_for += holders_of(card);
  }
  const std::size_t room = files_a_reading - std::min(spoken_for, files_a_reading);
  const std::size_t share = std::max(room / each, processes_.size() / readings_a_turn + 1);
  for (std::size_t n = std::min(share, processes_.size()); n > 0; --n) {
    auto next = processes_.upper_bound(turn_);
    if (next == processes_.end()) next = processes_.begin();
    turn_ = next->first;
    if (next->second.read_in_full != readings_) read_in_full(*next, cards);
  }
}

std::optional<ProcessesOf> KfdProcesses::read(const std::vector<CardUse>& cards) {
  const auto names = names_in(path_);
  if (!names) return std::nullopt;
  ++readings_;
  directory_.emplace(path_);
  std::vector<std::uint32_t> pids;
  for (const std::string& name : *names)
    if (const auto pid = parse_number(name); pid && *pid <= 0x7fffffff)
      pids.push_back(static_cast<std::uint32_t>(*pid));
  std::ranges::sort(pids);
  pids.resize(std::min<std::size_t>(pids.size(), most_processes_on_device));
  meet(pids);
  read_in_turn(cards);
  for (const CardUse& card : cards)
    if (!card.gpu_ids.empty()) read_card(card);
  ProcessesOf found;
  for (const auto& [pid, known] : processes_)
    for (const auto& [gpu_id, held] : known.held)
      found[gpu_id].push_back({pid, held.memory, "", ""});
  directory_.reset();
  return found;
}

}  // namespace gangline::amd
