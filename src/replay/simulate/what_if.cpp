#include "replay/simulate/what_if.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"

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
  for (std::uint64_t i = 1; count > 0; ++i) {
    added.name = name + "-more-" + std::to_string(i);
    if (find_node(found.cluster, added.name) != nullptr) continue;
    if (!found.places.empty()) found.places.emplace_back();
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
  if (!found.places.empty()) found.places.erase(found.places.begin() + n);
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

}  // namespace

Result<void> apply(const WhatIf& what_if, History& history, FoundCluster& found) {
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
  found = std::move(changed);
  if (what_if.scale_arrivals != 1) scale(what_if.scale_arrivals, history);
  return {};
}

}  // namespace gangline
