#include "engine/slurm/why/holders.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "engine/slurm/squeue.h"

namespace gangline {
namespace {

constexpr std::size_t most_named = 3;

std::uint64_t size_of(const Node& node, bool of_gpus) {
  return of_gpus ? node.devices.size() : cpus_of(node).thousandths / 1'000;
}

/// "bert 24, carl 6 and 2 others 4", most first.
std::string names_text(const std::map<std::string, std::uint64_t>& by_user) {
  std::vector<std::pair<std::uint64_t, std::string>> order;
  for (const auto& [user, held] : by_user) order.emplace_back(held, user);
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  std::string text;
  std::uint64_t rest = 0;
  for (std::size_t i = 0; i < order.size(); ++i)
    if (i < most_named)
      text += (i == 0 ? "" : ", ") + order[i].second + " " + std::to_string(order[i].first);
    else rest += order[i].first;
  if (order.size() > most_named)
    text += " and " + std::to_string(order.size() - most_named) + " more people " +
            std::to_string(rest);
  return text;
}

}  // namespace

std::uint32_t amount_in_tres(std::string_view list, std::string_view key) {
  for (const std::string_view item : split(list, ',')) {
    const std::size_t equals = item.find('=');
    if (equals == std::string_view::npos || item.substr(0, equals) != key) continue;
    return static_cast<std::uint32_t>(
        std::min<std::uint64_t>(parse_number(item.substr(equals + 1)).value_or(0), 0xffff'ffff));
  }
  return 0;
}

std::vector<std::string> holders_words() {
  return {"squeue", "--noheader", "--states=pending,running,suspended,completing",
          "--Format=UserName:100,ArrayJobID:40,State:30,NumCPUs:20,EndTime:40,tres-alloc:400"};
}

std::vector<SlurmHolder> read_holders(std::string_view text) {
  std::vector<SlurmHolder> holders;
  for (const std::string_view line : split(text, '\n')) {
    std::vector<std::string_view> words;
    for (const std::string_view word : split(line, ' '))
      if (!word.empty()) words.push_back(word);
    // What waits has no sum of what it holds.
    const bool waits = words.size() >= 3 && words[2] == "PENDING";
    if (words.size() != 6 && !(waits && words.size() == 5)) continue;
    const auto cpus = parse_number(words[3]);
    if (!cpus || *cpus > 0xffff'ffff) continue;
    SlurmHolder holder{printable(words[0]), printable(words[1]), waits, 0, 0, {}};
    if (!waits) {
      holder.cpus = static_cast<std::uint32_t>(*cpus);
      holder.end = read_slurm_time(words[4]);
      holder.gpus = amount_in_tres(words[5], "gres/gpu");
    }
    holders.push_back(std::move(holder));
  }
  return holders;
}

std::string who_holds(const std::vector<SlurmHolder>& holders, const std::vector<Node>& nodes,
                      bool of_gpus, Time now) {
  std::uint64_t all = 0, away = 0, held = 0;
  for (const Node& node : nodes) {
    all += size_of(node, of_gpus);
    away += node.up ? 0 : size_of(node, of_gpus);
  }
  std::map<std::string, std::uint64_t> by_user;
  std::optional<Time> first;
  for (const SlurmHolder& holder : holders) {
    const std::uint32_t has = of_gpus ? holder.gpus : holder.cpus;
    if (has == 0) continue;
    held += has;
    by_user[holder.user] += has;
    if (holder.end && (!first || *holder.end < *first)) first = holder.end;
  }
  if (all == 0 || (held == 0 && away == 0)) return {};
  std::string text = "of " + std::to_string(all) + (of_gpus ? " gpus " : " cpus ");
  if (held > 0) text += std::to_string(held) + " are in use (" + names_text(by_user) + ")";
  if (away > 0)
    text += (held > 0 ? " and " : "") + std::to_string(away) + " are on nodes that take no jobs";
  const bool has_end = first && *first <= now + counts_as_never;
  if (held > 0 && !has_end) text += "; none of these jobs has a time limit";
  if (has_end) text += "; the first of these jobs ends by " + format_utc(*first);
  return text;
}

std::string left_by_constraint(const SlurmSite& site, const std::vector<Node>& nodes,
                               bool of_gpus) {
  if (site.barred.empty()) return {};
  std::uint64_t all = 0, left = 0;
  for (const Node& node : nodes) {
    all += size_of(node, of_gpus);
    left += site.bars(node.name) ? 0 : size_of(node, of_gpus);
  }
  return "; " + std::to_string(left) + " of the " + std::to_string(all) + " are on nodes with " +
         printable(site.usual.constraint) + ", the constraint of [on.slurm]";
}

}  // namespace gangline
