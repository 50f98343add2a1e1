#include "replay/simulate/what_if.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/node_list.h"
#include "base/text.h"
#include "replay/input/amounts.h"
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

struct CountedNodes {
  std::uint64_t count = 1;
  std::string name;
};

/// "2:gpu-03", or "gpu-03" for one.
Result<CountedNodes> counted_nodes(const char* flag, const std::string& text,
                                   const Cluster& cluster) {
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos || find_node(cluster, text) != nullptr)
    return CountedNodes{1, text};
  const auto number = parse_number(std::string_view(text).substr(0, colon));
  if (!number || *number < 1 || *number > most_nodes_added)
    return Error{ErrorKind::usage,
                 std::string(flag) + " " + printable(text) + " says no number of nodes from 1 to " +
                     std::to_string(most_nodes_added),
                 "",
                 "write it like " + std::string(flag) + " 2:" +
                     (cluster.nodes.empty() ? "gpu-03" : printable(cluster.nodes.front().name))};
  return CountedNodes{*number, text.substr(colon + 1)};
}

Result<void> add_nodes(const std::string& text, FoundCluster& found) {
  auto asked = counted_nodes("--add", text, found.cluster);
  if (!asked) return asked.error();
  auto& [count, name] = *asked;
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

/// The same but for their names and where they stand.
bool is_like(const Node& a, const Node& b) {
  Node other = b;
  other.name = a.name;
  other.place = a.place;
  other.notes = a.notes;
  return a == other;
}

/// The named one, and of those like it, in the same queue, the last ones.
Result<void> remove_nodes(const std::string& text, FoundCluster& found) {
  const auto asked = counted_nodes("--remove", text, found.cluster);
  if (!asked) return asked.error();
  const Node* named = find_node(found.cluster, asked->name);
  if (named == nullptr) return no_node(asked->name, found.cluster);
  auto& nodes = found.cluster.nodes;
  const auto queue_of = [&](std::size_t n) { return found.queues.empty() ? "" : found.queues[n]; };
  const auto at = static_cast<std::size_t>(named - nodes.data());
  std::vector<std::size_t> gone{at};
  for (std::size_t n = nodes.size(); n-- > 0 && asked->count > 1;)
    if (n != at && queue_of(n) == queue_of(at) && is_like(*named, nodes[n])) gone.push_back(n);
  if (gone.size() < asked->count)
    return Error{
        ErrorKind::usage,
        "--remove " + printable(text) + ": there " +
            (gone.size() == 1 ? "is 1 node" : "are " + std::to_string(gone.size()) + " nodes") +
            " like '" + printable(asked->name) + "', it included",
        "", "remove fewer"};
  gone.resize(asked->count);
  std::sort(gone.rbegin(), gone.rend());
  for (const std::size_t n : gone) {
    nodes.erase(nodes.begin() + static_cast<std::ptrdiff_t>(n));
    if (!found.queues.empty())
      found.queues.erase(found.queues.begin() + static_cast<std::ptrdiff_t>(n));
  }
  return {};
}

Result<void> swap_models(const std::string& text, FoundCluster& found) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size())
    return Error{ErrorKind::usage, "--gpu-model-swap " + printable(text) + " names no two models",
                 "", "write it like --gpu-model-swap V100=A100"};
  std::size_t swapped = 0;
  std::set<std::string> models;
  for (Node& node : found.cluster.nodes)
    for (Device& device : node.devices) {
      models.insert(device.model);
      if (device.model != text.substr(0, equals)) continue;
      device.model = text.substr(equals + 1);
      ++swapped;
    }
  if (swapped > 0) return {};
  models.erase("");
  std::string all;
  for (const std::string& model : models)
    all += (all.empty() ? "its models are: '" : ", '") + printable(model) + "'";
  return Error{ErrorKind::usage,
               "no device of the cluster is a '" + printable(text.substr(0, equals)) + "'", "",
               all.empty() ? "it names no models" : all};
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
  bool draws = false;
  for (const Node& node : found.cluster.nodes)
    for (const Device& device : node.devices) {
      if (!node.up || !device.allottable) continue;
      draws = true;
      if (!found.watts.contains(device.model))
        return Error{ErrorKind::usage,
                     "a limit on power wants the watts of each model, and those of " +
                         (device.model.empty() ? "devices without a model"
                                               : "'" + printable(device.model) + "'") +
                         " are not known",
                     "--power-limit", "say watts = 700 and watts_idle = 70 in the cluster file"};
      if (const auto one = found.watts_idle.find(device.model); one != found.watts_idle.end())
        idle += one->second;
    }
  if (!draws)
    return Error{ErrorKind::usage, "no node of the cluster has a device, and CPUs are not counted",
                 "--power-limit", "leave it out, or say gpus and their watts in the cluster file"};
  if (idle > *watts)
    return Error{ErrorKind::usage,
                 "the devices draw " + std::to_string(std::llround(idle)) +
                     " watts when all are idle, which is more than " + printable(text),
                 "--power-limit", "allow more, or --remove nodes"};
  return PowerLimit{*watts, found.watts, found.watts_idle};
}

/// What becomes of the machines.
struct Machines {
  FoundCluster found;
  std::vector<Outage> outages;
  std::optional<PowerLimit> power;
};

Result<Machines> machines_of(const WhatIf& what_if, const FoundCluster& found) {
  Machines machines{found, {}, std::nullopt};
  for (const std::string& text : what_if.swap_models)
    if (auto done = swap_models(text, machines.found); !done) return done.error();
  for (const std::string& text : what_if.add)
    if (auto done = add_nodes(text, machines.found); !done) return done.error();
  for (const std::string& text : what_if.remove)
    if (auto done = remove_nodes(text, machines.found); !done) return done.error();
  if (!what_if.remove.empty() && machines.found.cluster.nodes.empty())
    return Error{ErrorKind::usage, "no node is left", "--remove", "remove fewer"};
  auto outages = outages_of(what_if, machines.found.cluster);
  if (!outages) return outages.error();
  machines.outages = std::move(*outages);
  if (!what_if.power_limit.empty()) {
    auto limit = power_of(what_if.power_limit, machines.found);
    if (!limit) return limit.error();
    machines.power = std::move(*limit);
  }
  return machines;
}

Result<void> check_arrivals(const WhatIf& what_if) {
  constexpr double most_arrivals = 1'000;
  if (what_if.scale_arrivals > 0 && what_if.scale_arrivals <= most_arrivals) return {};
  return Error{ErrorKind::usage, "--scale-arrivals goes from above 0 to 1000", "",
               "1.3 means 30 % more jobs in the same time"};
}

/// As the history tells times: a log that counts from 0 has seconds.
std::string text_of(Time time, Time begin) {
  constexpr Span longest_count_from_0 = hours(24 * 366);
  if (begin - Time{0} > longest_count_from_0) return format_utc(time);
  return std::to_string((time - Time{0}).us / seconds(1).us) + " s";
}

void note_windows_outside(const WhatIf& what_if, const std::vector<Outage>& outages,
                          History& history) {
  if (history.jobs.empty()) return;
  const Time begin = history.jobs.front().submitted;
  Time end = begin;
  for (const PastJob& job : history.jobs)
    end = std::max(end, job.ended.value_or(job.submitted + job.run));
  for (std::size_t i = 0; i < outages.size(); ++i) {
    if (outages[i].from - outages[i].drain < end && outages[i].until > begin) continue;
    history.notes.push_back("--maintenance " + what_if.maintenance[i] +
                            " lies outside the history, which goes from " + text_of(begin, begin) +
                            " to " + text_of(end, begin));
  }
}

}  // namespace

Result<void> check(const WhatIf& what_if, const FoundCluster& found) {
  if (auto good = check_arrivals(what_if); !good) return good;
  if (auto good = check_written(what_if.set); !good) return good;
  const auto machines = machines_of(what_if, found);
  return machines ? Result<void>() : machines.error();
}

Result<void> apply(const WhatIf& what_if, History& history, FoundCluster& found,
                   SimulationSettings& settings) {
  if (auto good = check_arrivals(what_if); !good) return good;
  auto machines = machines_of(what_if, found);
  if (!machines) return machines.error();
  if (auto done = set_all(what_if.set, history, settings.settings); !done) return done;
  note_windows_outside(what_if, machines->outages, history);
  found = std::move(machines->found);
  settings.outages = std::move(machines->outages);
  settings.power = std::move(machines->power);
  if (what_if.scale_arrivals != 1) scale(what_if.scale_arrivals, history);
  return {};
}

}  // namespace gangline
