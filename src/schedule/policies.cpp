#include "base/text.h"
#include "schedule/policy.h"

namespace gangline {
namespace {

using First = GoesFirst;

constexpr Policy row(std::string_view name, GoesFirst goes_first, Place place, bool overtake,
                     std::uint32_t promises) {
  return {name, goes_first, place, overtake, promises};
}

/// Others are stopped for those that go first.
constexpr Policy stopping(std::string_view name, GoesFirst goes_first, MayStop stops,
                          std::uint32_t promises = 0, Place place = Place::pack,
                          bool oracle = false) {
  Policy policy = row(name, goes_first, place, true, promises);
  policy.stops = stops;
  policy.oracle = oracle;
  return policy;
}

/// Plans are made in rounds, each of which puts all in order anew, in a line for each of two
/// levels.
constexpr Policy in_rounds(std::string_view name, Place place, Span level, Span rounds) {
  Policy policy = stopping(name, GoesFirst::attained_in_line, MayStop::chosen_anew, 0, place);
  policy.levels = {level, level};
  policy.rounds = rounds;
  return policy;
}

/// What is promised is another thing than room.
constexpr Policy keeping(std::string_view name, Place place, std::uint32_t promises, Keeps keeps) {
  Policy policy = row(name, GoesFirst::arrival, place, true, promises);
  policy.keeps = keeps;
  return policy;
}

constexpr Policy rows[] = {
    //  name      goes first      place        overtake  promises
    row("fifo", First::arrival, Place::pack, false, 0),
    row("easy", First::arrival, Place::pack, true, 1),
    row("conservative", First::arrival, Place::pack, true, everyone),
    row("greedy", First::arrival, Place::pack, true, 0),
    row("ageing", First::ageing, Place::pack, true, 1),
    row("shortest", First::shortest, Place::pack, true, 0),
    row("fair", First::fair_share, Place::pack, true, 1),
    row("smallest", First::smallest, Place::pack, true, 0),
    row("predicted", First::remaining, Place::pack, true, 1),
    row("fifo_consolidate", First::arrival, Place::consolidate, false, 0),
    row("shortest_consolidate", First::shortest, Place::consolidate, false, 0),
    row("first_fit", First::arrival, Place::first, true, 1),
    row("best_fit", First::arrival, Place::best, true, 1),
    row("worst_fit", First::arrival, Place::worst, true, 1),
    row("dot_product", First::arrival, Place::dot_product, true, 1),
    row("gpu_packing", First::arrival, Place::packing, true, 1),
    row("gpu_clustering", First::arrival, Place::clustering, true, 1),
    row("fgd", First::arrival, Place::fragmentation, true, 1),
    row("gang", First::least_work, Place::gang, true, 1),
    row("random", First::arrival, Place::random, true, 1),
    //      name      place  promises  of what
    keeping("easy_textbook", Place::pack, 1, Keeps::counted),
    keeping("easy_machines", Place::first, 1, Keeps::machines),
    keeping("conservative_machines", Place::first, everyone, Keeps::machines),
    //       name      goes first      who may be stopped   promises  place  by run times known
    stopping("urgent", First::arrival, MayStop::lower_priority, 1),
    stopping("guaranteed", First::fair_share, MayStop::borrowers, 1),
    stopping("fewest_devices", First::fewest_devices, MayStop::later),
    stopping("attained", First::attained, MayStop::later),
    stopping("attained_work", First::attained_work, MayStop::later),
    in_rounds("attained_in_rounds", Place::roomiest, hours(16), minutes(1)),
    stopping("gittins", First::gittins, MayStop::behind),
    stopping("remaining", First::remaining, MayStop::later, 0, Place::pack, true),
    stopping("remaining_work", First::remaining_work, MayStop::later, 0, Place::pack, true),
    stopping("remaining_consolidate", First::remaining, MayStop::later, 0, Place::consolidate,
             true),
};

}  // namespace

std::span<const Policy> policies() { return rows; }

std::optional<Policy> find_policy(std::string_view name) {
  for (const Policy& row : rows)
    if (row.name == name) return row;
  return std::nullopt;
}

namespace {

/// One thing that can be set of some policies. A new one is a row, with its key in
/// jobspec/config_file.cpp.
struct PolicySetting {
  const char* name;
  bool (*is_of)(const Policy&);
  bool (*is_set)(const PolicySettings&);
  void (*apply)(const PolicySettings&, Policy&);
  void (*drop)(PolicySettings&);
  std::string (*text)(const Policy&);
};

bool has_levels(const Policy& policy) {
  return policy.goes_first == First::attained || policy.goes_first == First::attained_work ||
         policy.goes_first == First::gittins;
}

const PolicySetting policy_settings[] = {
    {"promises", [](const Policy& policy) { return policy.overtake; },
     [](const PolicySettings& set) { return set.promises.has_value(); },
     [](const PolicySettings& set, Policy& policy) { policy.promises = *set.promises; },
     [](PolicySettings& set) { set.promises.reset(); },
     [](const Policy& policy) {
       return policy.promises == everyone ? "all" : std::to_string(policy.promises);
     }},
    {"ages", [](const Policy& policy) { return policy.goes_first == First::ageing; },
     [](const PolicySettings& set) { return set.ages.has_value(); },
     [](const PolicySettings& set, Policy& policy) { policy.ages = *set.ages; },
     [](PolicySettings& set) { set.ages.reset(); },
     [](const Policy& policy) { return format(policy.ages); }},
    {"patience", [](const Policy& policy) { return policy.goes_first == First::least_work; },
     [](const PolicySettings& set) { return set.patience.has_value(); },
     [](const PolicySettings& set, Policy& policy) { policy.patience = *set.patience; },
     [](PolicySettings& set) { set.patience.reset(); },
     [](const Policy& policy) { return format(policy.patience); }},
    {"levels", has_levels, [](const PolicySettings& set) { return set.levels.has_value(); },
     [](const PolicySettings& set, Policy& policy) { policy.levels = *set.levels; },
     [](PolicySettings& set) { set.levels.reset(); },
     [](const Policy& policy) {
       return format(policy.levels[0]) + "," + format(policy.levels[1]);
     }},
    {"seed", [](const Policy& policy) { return policy.place == Place::random; },
     [](const PolicySettings& set) { return set.seed.has_value(); },
     [](const PolicySettings& set, Policy& policy) { policy.seed = *set.seed; },
     [](PolicySettings& set) { set.seed.reset(); },
     [](const Policy& policy) { return std::to_string(policy.seed); }},
};

}  // namespace

Result<Policy> with(Policy row, const PolicySettings& settings) {
  std::string known;
  for (const PolicySetting& one : policy_settings)
    if (one.is_of(row)) known += (known.empty() ? "" : ", ") + std::string(one.name);
  for (const PolicySetting& one : policy_settings) {
    if (!one.is_set(settings)) continue;
    if (!one.is_of(row))
      return Error{ErrorKind::usage,
                   std::string(one.name) + " is no setting of the policy " + std::string(row.name),
                   "", known.empty() ? "it has none" : "it has: " + known};
    one.apply(settings, row);
  }
  return row;
}

PolicySettings only_those_of(const Policy& row, PolicySettings settings) {
  for (const PolicySetting& one : policy_settings)
    if (!one.is_of(row)) one.drop(settings);
  return settings;
}

std::string title_of(const Policy& policy) {
  std::string title(policy.name);
  const auto row = find_policy(policy.name);
  for (const PolicySetting& one : policy_settings)
    if (row && one.text(policy) != one.text(*row))
      title += " " + std::string(one.name) + "=" + one.text(policy);
  return title;
}

}  // namespace gangline
