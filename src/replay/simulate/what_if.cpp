#include "replay/simulate/what_if.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "replay/input/amounts.h"
#include "replay/input/node_list.h"
#include "replay/simulate/queue_settings.h"

namespace gangline {
namespace {

const Node* find_node(const Cluster& cluster, const std::string& name) {
  const auto found = std::find_if(cluster.nodes.begin(), cluster.nodes.end(),
                                  [&](const Node& node) { return node.name == name; });
  return found == cluster.nodes.end() ? nullptr : &*found;
}

Error no_node(const std::string& name, const Cluster& cluster) {
  std::string hint = "the cluster has no node";
  if (!cluster.nodes.empty())
    hint = "its nodes are called like '" + printable(cluster.nodes.front().name) + "'";
  return {ErrorKind::usage, "there is no node '" + printable(name) + "'", "", hint};
}

Result<void> add_nodes(const std::string& text, FoundCluster& found) {
  const std::size_t colon = text.find(':');
  std::uint64_t count = 1;
  std::string name = text;
  if (colon != std::string::npos) {
    const auto number = parse_number(std::string_view(text).substr(0, colon));
    if (!number || *number < 1 || *number > most_nodes_added)
      return Error{ErrorKind::usage, "--add " + printable(text) + " says no number of nodes", "",
                   "write it like --add 2:" + printable(found.cluster.nodes.front().name)};
    count = *number;
    name = text.substr(colon + 1);
  }
  const Node* like = find_node(found.cluster, name);
  if (like == nullptr) return no_node(name, found.cluster);
  Node added = *like;
  added.place.clear();  // nobody said that they stand beside it
  const auto n = static_cast<std::size_t>(like - found.cluster.nodes.data());
  const std::string queue = n < found.queues.size() ? found.queues[n] : "";
  for (std::uint64_t i = 1; count > 0; ++i) {
    added.name = name + "-more-" + std::to_string(i);
    if (find_node(found.cluster, added.name) != nullptr) continue;
    if (!found.queues.empty()) found.queues.push_back(queue);
    found.cluster.nodes.push_back(added);
    --count;
  }
  return {};
}

Result<void> remove_node(const std::string& name, FoundCluster& found) {
  const Node* node = find_node(found.cluster, name);
  if (node == nullptr) return no_node(name, found.cluster);
  const auto n = node - found.cluster.nodes.data();
  found.cluster.nodes.erase(found.cluster.nodes.begin() + n);
  if (!found.queues.empty()) found.queues.erase(found.queues.begin() + n);
  return {};
}

Result<void> swap_models(const std::string& text, FoundCluster& found) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size())
    return Error{ErrorKind::usage, "--gpu-model-swap " + printable(text) + " names no two models",
                 "", "write it like --gpu-model-swap V100=A100"};
  std::size_t swapped = 0;
  for (Node& node : found.cluster.nodes)
    for (Device& device : node.devices) {
      if (device.model != text.substr(0, equals)) continue;
      device.model = text.substr(equals + 1);
      ++swapped;
    }
  if (swapped > 0) return {};
  return Error{ErrorKind::usage,
               "no device of the cluster is a '" + printable(text.substr(0, equals)) + "'", "",
               "`gang simulate --json` lists the models"};
}

/// More often by another copy of some jobs, spread evenly; less often by leaving some out. A copy
/// comes half way to the job after it.
void scale(double factor, History& history) {
  std::vector<PastJob> scaled;
  double owed = 0;
  for (std::size_t i = 0; i < history.jobs.size(); ++i) {
    owed += factor;
    const PastJob& job = history.jobs[i];
    const Time next = i + 1 < history.jobs.size() ? history.jobs[i + 1].submitted : job.submitted;
    const auto copies = static_cast<std::int64_t>(std::floor(owed + 1e-9));
    for (std::int64_t c = 0; c < copies; ++c) {
      scaled.push_back(job);
      const std::int64_t gap = (next - job.submitted).us;
      scaled.back().submitted = job.submitted + Span{gap * c / std::max<std::int64_t>(1, copies)};
      if (c > 0) scaled.back().started.reset(), scaled.back().ended.reset();
      if (c > 0) scaled.back().id += "+" + std::to_string(c);
    }
    owed -= static_cast<double>(copies);
  }
  history.jobs = std::move(scaled);
}

Error no_window(const std::string& text) {
  return {ErrorKind::usage, "--maintenance " + printable(text) + " names no window of time", "",
          "write it like --maintenance 2026-01-05T08:00:00Z,2026-01-05T12:00:00Z,gpu-[01-04], or "
          "with the seconds of the history"};
}

/// "FROM,TO" or "FROM,TO,NODES".
Result<Outage> outage_of(const std::string& text, Span drain, const Cluster& cluster) {
  const auto first = text.find(',');
  if (first == std::string::npos) return no_window(text);
  const auto second = std::min(text.size(), text.find(',', first + 1));
  const auto from = parse_time(std::string_view(text).substr(0, first));
  const auto until = parse_time(std::string_view(text).substr(first + 1, second - first - 1));
  if (!from || !until || *until <= *from) return no_window(text);
  Outage outage{*from, *until, drain, {}};
  if (second == text.size()) {
    for (std::uint32_t n = 0; n < cluster.nodes.size(); ++n) outage.nodes.push_back(n);
    return outage;
  }
  const auto names = expand_node_list(std::string_view(text).substr(second + 1));
  if (!names || names->empty()) return no_window(text);
  for (const std::string& name : *names) {
    const Node* node = find_node(cluster, name);
    if (node == nullptr) return no_node(name, cluster);
    outage.nodes.push_back(static_cast<std::uint32_t>(node - cluster.nodes.data()));
  }
  return outage;
}

Result<std::vector<Outage>> outages_of(const WhatIf& what_if, const Cluster& cluster) {
  Span drain{0};
  if (!what_if.drain.empty()) {
    const auto span = parse_span(what_if.drain);
    if (!span || what_if.maintenance.empty())
      return Error{ErrorKind::usage,
                   span ? "--drain goes with --maintenance"
                        : "--drain " + printable(what_if.drain) + " is no span of time",
                   "", "write it like --maintenance FROM,TO --drain 6h"};
    drain = *span;
  }
  std::vector<Outage> outages;
  for (const std::string& text : what_if.maintenance) {
    auto outage = outage_of(text, drain, cluster);
    if (!outage) return outage.error();
    outages.push_back(std::move(*outage));
  }
  return outages;
}

/// "20kW", "1.5MW", "700W", "700".
std::optional<double> watts_of(std::string_view text) {
  double factor = 1;
  if (text.ends_with('W')) text.remove_suffix(1);
  if (text.ends_with('k')) factor = 1e3;
  if (text.ends_with('M')) factor = 1e6;
  if (factor != 1) text.remove_suffix(1);
  const auto number = parse_decimal(text);
  if (!number || !(*number >= 0 && *number <= 1e9)) return std::nullopt;
  return *number * factor;
}

Result<PowerLimit> power_of(const std::string& text, const FoundCluster& found) {
  const auto watts = watts_of(text);
  if (!watts)
    return Error{ErrorKind::usage, "--power-limit " + printable(text) + " is no power", "",
                 "write it like --power-limit 20kW"};
  double idle = 0;
  for (const Node& node : found.cluster.nodes)
    for (const Device& device : node.devices) {
      if (!node.up || !device.allottable) continue;
      if (!found.watts.contains(device.model))
        return Error{ErrorKind::usage,
                     "a limit on power wants the watts of each model, and those of '" +
                         printable(device.model) + "' are not known",
                     "--power-limit", "say watts = 700 and watts_idle = 70 in the cluster file"};
      if (const auto one = found.watts_idle.find(device.model); one != found.watts_idle.end())
        idle += one->second;
    }
  if (idle > *watts)
    return Error{ErrorKind::usage,
                 "the devices draw " + std::to_string(std::llround(idle)) +
                     " watts when all are idle, which is more than " + printable(text),
                 "--power-limit", "allow more, or --remove nodes"};
  return PowerLimit{*watts, found.watts, found.watts_idle};
}

}  // namespace

Result<void> apply(const WhatIf& what_if, History& history, FoundCluster& found,
                   SimulationSettings& settings) {
  constexpr double most_arrivals = 1'000;
  if (!(what_if.scale_arrivals > 0 && what_if.scale_arrivals <= most_arrivals))
    return Error{ErrorKind::usage, "--scale-arrivals goes from above 0 to 1000", "",
                 "1.3 means 30 % more jobs in the same time"};
  FoundCluster changed = found;
  for (const std::string& text : what_if.swap_models)
    if (auto done = swap_models(text, changed); !done) return done;
  for (const std::string& text : what_if.add)
    if (auto done = add_nodes(text, changed); !done) return done;
  for (const std::string& name : what_if.remove)
    if (auto done = remove_node(name, changed); !done) return done;
  auto outages = outages_of(what_if, changed.cluster);
  if (!outages) return outages.error();
  std::optional<PowerLimit> power;
  if (!what_if.power_limit.empty()) {
    auto limit = power_of(what_if.power_limit, changed);
    if (!limit) return limit.error();
    power = std::move(*limit);
  }
  if (auto done = set_all(what_if.set, history, settings.settings); !done) return done;
  found = std::move(changed);
  settings.outages = std::move(*outages);
  settings.power = std::move(power);
  if (what_if.scale_arrivals != 1) scale(what_if.scale_arrivals, history);
  return {};
}

}  // namespace gangline
