// The rules, one function each. Formulas as in the experiments of FGD (Weng et al., USENIX ATC'23),
// with the largest node of the cluster where these have that of theirs; scores are whole numbers,
// cut off towards zero.
#include <algorithm>
#include <cmath>

#include "schedule/rate/expected_use.h"
#include "schedule/rate/fragmentation.h"
#include "schedule/rate/node_values.h"
#include "schedule/rate/rater.h"

namespace gangline {
namespace {

double sum(std::span<const std::int32_t> values) {
  double all = 0;
  for (const std::int32_t value : values) all += value;
  return all;
}

double devices_wanted(const Site& site) {
  return static_cast<double>(site.wanted.each) * site.wanted.share.thousandths;
}

std::int32_t whole(double score) { return static_cast<std::int32_t>(score); }

Rating first(const Rater&, const Site&) { return {}; }

double left_over(const Rater& rater, const Site& site) {
  const double cpus = static_cast<double>(site.free.cpu_thousandths) - site.usable.cpus_each;
  const double devices = sum(site.free.devices) - devices_wanted(site);
  return 0.5 * cpus / rater.most_cpus() + 0.5 * devices / rater.most_devices();
}

Rating best(const Rater& rater, const Site& site) {
  return {whole(100 * (1 - left_over(rater, site))), {}};
}

Rating worst(const Rater& rater, const Site& site) {
  return {whole(100 * left_over(rater, site)), {}};
}

Rating dot_product(const Rater& rater, const Site& site) {
  const double cpus =
      (site.free.cpu_thousandths / rater.most_cpus()) * (site.usable.cpus_each / rater.most_cpus());
  const double devices = (sum(site.free.devices) / rater.most_devices()) *
                         (devices_wanted(site) / rater.most_devices());
  return {whole(100 * (1 - (cpus + devices) / 2)), {}};
}

/// Devices that are used already are filled up first.
Rating packing(const Rater&, const Site& site) {
  if (site.wanted.each == 0) return {};
  const auto& free = site.free.devices;
  const auto untouched = std::count(free.begin(), free.end(), whole_device.thousandths);
  const auto n = static_cast<std::int32_t>(untouched);
  if (untouched == static_cast<std::ptrdiff_t>(free.size())) return {std::max(33 - n, n), {}};
  // The tightest that fit.
  std::vector<std::int32_t> fit;
  for (const std::uint32_t d : site.usable.devices)
    if (free[d] >= site.wanted.share.thousandths) fit.push_back(free[d]);
  std::sort(fit.begin(), fit.end());
  fit.resize(std::min<std::size_t>(fit.size(), site.wanted.each));
  const auto broken =
      static_cast<std::int32_t>(std::count(fit.begin(), fit.end(), whole_device.thousandths));
  if (broken > 0) return {std::max(50 - broken, 33), {}};
  std::int32_t left = 0;
  for (const std::int32_t one : fit) left += one / 10;
  return {std::max(100 - left / 10, 50), {}};
}

/// Tasks of as many devices each go to the same nodes.
Rating clustering(const Rater& rater, const Site& site) {
  if (site.wanted.each == 0) return {};
  const double most = rater.most_devices();
  std::int32_t score = whole(25 * (most - sum(site.free.devices)) / most);
  const std::size_t own = class_of(site.wanted.each, site.wanted.share);
  const auto& hosts = site.free.hosts;
  const bool some = std::any_of(hosts.begin(), hosts.end(), [](auto n) { return n > 0; });
  if (own < hosts.size() && hosts[own] > 0) {
    const auto classes = std::count_if(hosts.begin(), hosts.end(), [](auto n) { return n > 0; });
    score += classes == 1 ? 75 : 50;
  } else if (!some) {
    score += 25;
  }
  return {score, {}};
}

/// A device for a share, or whole ones, so that the score of the node's value before and after is
/// the best.
template <class ScoreOf>
Rating by_values(const Rater& rater, const Site& site, const ScoreOf& score_of) {
  const std::uint32_t kind = rater.kinds().kind_of(site.node);
  std::vector<std::int32_t> free = site.free.devices;
  const std::uint32_t cpus = site.free.cpu_thousandths - site.usable.cpus_each;
  const double before = rater.value(kind, site.free.cpu_thousandths, free);
  const auto score = [&] { return score_of(before, rater.value(kind, cpus, free)); };
  const std::int32_t share = site.wanted.share.thousandths;
  if (site.wanted.each == 0) return {score(), {}};
  if (share == whole_device.thousandths) {
    std::uint32_t left = site.wanted.each;
    for (const std::uint32_t d : site.usable.devices) {
      if (left == 0) break;
      if (free[d] < share) continue;
      free[d] -= share;
      --left;
    }
    return {score(), {}};
  }
  std::optional<Rating> best;
  for (std::size_t i = 0; i < site.usable.devices.size(); ++i) {
    const std::uint32_t d = site.usable.devices[i];
    const std::int32_t left = free[d];
    if (left < share) continue;
    // Two devices with as much left are as good.
    bool seen = false;
    for (std::size_t e = 0; e < i && !seen; ++e) seen = free[site.usable.devices[e]] == left;
    if (seen) continue;
    free[d] -= share;
    const std::int32_t with_it = score();
    free[d] += share;
    if (!best || with_it > best->score) best = {with_it, d};
  }
  return best.value_or(Rating{});
}

/// Where the least becomes of no use.
Rating fragmentation(const Rater& rater, const Site& site) {
  return by_values(rater, site, [](double before, double after) {
    return whole(1 / (1 + std::exp((after - before) / 1000)) * 100);
  });
}

/// Where the least of what was expected to be used is lost, in tenths of a device: nodes about as
/// good are filled one after the other.
Rating gang(const Rater& rater, const Site& site) {
  return by_values(rater, site, [](double before, double after) {
    return whole(std::floor((after - before) / (2 * 100 * 1000)));
  });
}

std::uint64_t mixed(std::uint64_t x) {  // splitmix64
  x += 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

/// Every node and device that fits is as likely. What is drawn depends on the seed and on
/// what is free everywhere, so that the same world gives the same plan.
Rating random(const Rater& rater, const Site& site) {
  const std::uint64_t drawn = mixed(rater.seed() ^ mixed(site.digest ^ mixed(site.node)));
  std::vector<std::uint32_t> fit;
  for (const std::uint32_t d : site.usable.devices)
    if (site.free.devices[d] >= site.wanted.share.thousandths) fit.push_back(d);
  Rating rating{static_cast<std::int32_t>(drawn >> 34), {}};
  if (!fit.empty() && site.wanted.share != whole_device)
    rating.device = fit[mixed(drawn) % fit.size()];
  return rating;
}

/// Null: by closeness.
Rater::Rule rule_of(Place place) {
  switch (place) {
    case Place::pack:
    case Place::roomiest:
    case Place::consolidate: return nullptr;
    case Place::first: return first;
    case Place::best: return best;
    case Place::worst: return worst;
    case Place::dot_product: return dot_product;
    case Place::packing: return packing;
    case Place::clustering: return clustering;
    case Place::fragmentation: return fragmentation;
    case Place::gang: return gang;
    case Place::random: return random;
  }
  return nullptr;
}

std::unique_ptr<NodeValues> values_of(Place place, const Kinds& kinds,
                                      std::span<const UsualTask> usual) {
  if (place != Place::fragmentation && place != Place::gang) return nullptr;
  const auto useless = std::make_shared<const Fragmentation>(kinds, usual);
  if (place == Place::fragmentation)
    return std::make_unique<NodeValues>(
        [useless](auto kind, auto cpus, auto free) { return useless->of(kind, cpus, free); });
  const auto useful = std::make_shared<const ExpectedUse>(kinds, usual);
  // Rounded, so that what is equally good is so to the last bit.
  return std::make_unique<NodeValues>([useless, useful](auto kind, auto cpus, auto free) {
    return std::round(1000 * (useful->of(kind, cpus, free) - useless->of(kind, cpus, free)));
  });
}

}  // namespace

bool is_rated(Place place, std::uint32_t tasks) {
  return rule_of(place) != nullptr && (place != Place::gang || tasks == 1);
}

Rater::Rater(const Kinds& kinds, const Policy& policy, const std::vector<UsualTask>& usual)
    : kinds_(kinds),
      rule_(rule_of(policy.place)),
      seed_(policy.seed),
      lasts_(policy.place != Place::random),
      values_(values_of(policy.place, kinds, usual)) {
  for (const NodeKind& kind : kinds.all()) {
    const Node& node = kinds.node(kind.example);
    most_cpus_ = std::max(most_cpus_, static_cast<double>(cpus_of(node).thousandths));
    most_devices_ = std::max(most_devices_, 1000.0 * static_cast<double>(node.devices.size()));
  }
}

Rater::~Rater() = default;

double Rater::value(std::uint32_t kind, std::uint32_t cpu_thousandths,
                    std::span<const std::int32_t> free) const {
  return values_->of(kind, cpu_thousandths, free);
}

}  // namespace gangline
