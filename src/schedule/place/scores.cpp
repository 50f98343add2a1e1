#include "schedule/place/scores.h"

namespace gangline {

const Score& Scores::of(const FreeState& free, std::uint32_t standing, const Usable& usable,
                        Slices slices) {
  auto& known = known_[static_cast<std::size_t>(slices)];
  if (known.size() <= standing) known.resize(free.standings().size());
  std::optional<Score>& score = known[standing];
  if (!score) {
    const Standing& of = free.standings()[standing];
    score = of_devices(free.kinds().all()[of.kind].layout, of.free, usable, slices);
  }
  return *score;
}

std::uint32_t Scores::most_on(const FreeState& free, std::uint32_t standing, const Usable& usable,
                              Slices slices) {
  auto& known = most_[static_cast<std::size_t>(slices)];
  if (known.size() <= standing) known.resize(free.standings().size());
  if (known[standing] == 0)
    known[standing] =
        1 + tasks_on_devices(usable, free.standings()[standing].free, each_, share_, slices);
  return known[standing] - 1;
}

Score Scores::of_devices(const NodeLayout& layout, const std::vector<std::int32_t>& free,
                         const Usable& usable, Slices slices) const {
  Score score;
  score.most = tasks_on_devices(usable, free, each_, share_, slices);
  if (score.most < tasks_) return score;
  std::vector<std::uint32_t> candidates = candidates_of(usable, free, share_, slices);
  score.closeness = share_ == whole_device
                        ? choose_whole(layout, std::move(candidates), tasks_, each_).closeness
                        : choose_shares(layout, free, candidates, tasks_, share_).closeness;
  return score;
}

std::vector<std::uint32_t> candidates_of(const Usable& usable,
                                         const std::vector<std::int32_t>& free, Share share,
                                         Slices slices) {
  std::vector<std::uint32_t> candidates;
  for (std::size_t i = 0; i < usable.devices.size(); ++i) {
    if (slices != Slices::any && usable.slice[i] != (slices == Slices::only)) continue;
    if (free[usable.devices[i]] >= share.thousandths) candidates.push_back(usable.devices[i]);
  }
  return candidates;
}

std::uint32_t tasks_on_devices(const Usable& usable, const std::vector<std::int32_t>& free,
                               std::uint32_t each, Share share, Slices slices) {
  std::uint32_t pieces = 0;
  for (std::size_t i = 0; i < usable.devices.size(); ++i) {
    if (slices != Slices::any && usable.slice[i] != (slices == Slices::only)) continue;
    const std::int32_t left = free[usable.devices[i]];
    if (left > 0) pieces += static_cast<std::uint32_t>(left / share.thousandths);
  }
  return pieces / each;
}

}  // namespace gangline
