#include "schedule/rate/best_nodes.h"

#include <algorithm>

#include "schedule/place/bind.h"

namespace gangline {
namespace {

bool is_better(const BestNodes::Choice& a, const BestNodes::Choice& b) {
  return a.rating.score != b.rating.score ? a.rating.score > b.rating.score : a.node < b.node;
}

void consider(std::optional<BestNodes::Choice>& best, std::uint32_t n,
              const std::optional<Rating>& rating) {
  if (!rating) return;
  const BestNodes::Choice choice{n, *rating};
  if (!best || is_better(choice, *best)) best = choice;
}

}  // namespace

std::optional<Rating> BestNodes::rate(const Wanted& wanted, const FreeState& base, std::uint32_t n,
                                      const FreeNode& node, Slices slices) const {
  const Usable& usable = wanted.on(n, base.kinds());
  if (tasks_that_fit(wanted, usable, node, slices) == 0) return std::nullopt;
  return rater_.rate({wanted, usable, node, n, base.digest()});
}

void BestNodes::rate_again(const Wanted& wanted, const FreeState& base, std::uint32_t n) {
  const auto rating = rate(wanted, base, n, base.node(n), Slices::any);
  const Rating now = rating.value_or(Rating{no_room, {}});
  if (now.score != no_room && now.score != known_[n].score) queue_.emplace(now.score, n);
  known_[n].score = now.score;
  known_[n].device = now.device.value_or(any_device);
}

void BestNodes::learn_of_changes(const Wanted& wanted, const FreeState& base) {
  const auto& changes = base.changes();
  const std::uint64_t all = base.changes_forgotten() + changes.size();
  const bool anew = known_.size() != base.nodes() || changes_seen_ < base.changes_forgotten() ||
                    all - changes_seen_ > base.nodes() || queue_.size() > 8 * known_.size() + 64;
  if (anew) {
    known_.assign(base.nodes(), {});
    queue_ = {};
    for (std::uint32_t n = 0; n < base.nodes(); ++n) rate_again(wanted, base, n);
  } else {
    for (std::uint64_t i = changes_seen_; i < all; ++i) {
      const std::uint32_t n = changes[static_cast<std::size_t>(i - base.changes_forgotten())];
      if (known_[n].rated_at != all) rate_again(wanted, base, n);
      known_[n].rated_at = all;
    }
  }
  changes_seen_ = all;
}

std::optional<BestNodes::Choice> BestNodes::best_of_all(const Wanted& wanted, const FreeView& free,
                                                        Slices slices) const {
  std::optional<Choice> best;
  for (std::uint32_t n = 0; n < free.base().nodes(); ++n)
    consider(best, n, rate(wanted, free.base(), n, free.node(n), slices));
  return best;
}

std::optional<BestNodes::Choice> BestNodes::best(const Wanted& wanted, const FreeView& free,
                                                 Slices slices) {
  // Slices and avoided devices are rare.
  const bool plain = !wanted.slices && wanted.special.empty() && rater_.lasts();
  if (!plain) return best_of_all(wanted, free, slices);
  learn_of_changes(wanted, free.base());
  std::optional<Choice> best;
  std::vector<Entry>
      changed;  // those above it that are changed in the view: still true of the base
  while (!queue_.empty()) {
    const auto [score, n] = queue_.top();
    if (known_[n].score == score) {
      if (!free.is_changed(n)) {
        best = Choice{n, {score, std::nullopt}};
        if (known_[n].device != any_device) best->rating.device = known_[n].device;
        break;
      }
      changed.push_back(queue_.top());
    }
    queue_.pop();
  }
  for (const Entry& entry : changed) queue_.push(entry);
  for (const auto& [n, node] : free.changed())
    consider(best, n, rate(wanted, free.base(), n, node, slices));
  return best;
}

namespace {

DeviceChoice devices_for(const Wanted& wanted, const Usable& usable, const FreeNode& node,
                         const NodeLayout& layout, const Rating& rating, Slices slices) {
  if (wanted.each == 0) return {};
  auto candidates = candidates_of(usable, node.devices, wanted.share, slices);
  if (rating.device) candidates = {*rating.device};
  return wanted.share == whole_device
             ? choose_whole(layout, std::move(candidates), 1, wanted.each)
             : choose_shares(layout, node.devices, candidates, 1, wanted.share);
}

std::optional<Allocation> place_with(const Wanted& wanted, const FreeView& free, Slices slices) {
  const Kinds& kinds = free.base().kinds();
  std::optional<FreeView> taken;  // by the tasks before, where there are several
  Allocation allocation{wanted.alternative, {}};
  for (std::uint32_t task = 0; task < wanted.tasks; ++task) {
    const FreeView& view = taken ? *taken : free;
    const auto choice = wanted.best_nodes->best(wanted, view, slices);
    if (!choice) return std::nullopt;
    const FreeNode& node = view.node(choice->node);
    const NodeLayout& layout = kinds.of(choice->node).layout;
    const Usable& usable = wanted.on(choice->node, kinds);
    NodePart part =
        bind(wanted, choice->node, 0, 1,
             devices_for(wanted, usable, node, layout, choice->rating, slices), node, layout);
    if (wanted.tasks > 1) {
      if (!taken) taken.emplace(free);
      taken->take({wanted.alternative, {part}});
    }
    const auto same_node = std::find_if(allocation.parts.begin(), allocation.parts.end(),
                                        [&](const NodePart& one) { return one.node == part.node; });
    if (same_node == allocation.parts.end()) allocation.parts.push_back(std::move(part));
    else same_node->tasks.push_back(std::move(part.tasks.front()));
  }
  std::uint32_t rank = 0;  // they ascend over the parts, and any task may have any
  for (NodePart& part : allocation.parts)
    for (TaskPlace& task : part.tasks) task.rank = rank++;
  return allocation;
}

}  // namespace

std::optional<Allocation> place_rated(const Wanted& wanted, const FreeView& free) {
  for (const Slices slices : slices_in_order(wanted))
    if (auto allocation = place_with(wanted, free, slices)) return allocation;
  return std::nullopt;
}

}  // namespace gangline
