// A cluster while it is being read.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_set>

#include "base/result.h"
#include "replay/history.h"
#include "replay/input/draft.h"

namespace gangline {

class Input;

/// GPUs that are alike.
struct GpuKind {
  std::string vendor, model;
  Bytes memory{0};
};

constexpr std::int64_t most_gpus_of_a_node = 1'024;
/// So that a short list of many large nodes fits into memory; the same for links in files of ours.
constexpr std::size_t most_devices_in_a_cluster = 2'000'000;

/// A node by what a system tells of it: CPUs in thousandths, of which whole ones count. Says why it
/// makes no sense.
Node node_of(std::string_view name, std::int64_t cpu_thousandths, Bytes memory, Why& why);
void add_gpus(Node& node, std::int64_t count, const GpuKind& kind, Why& why);

/// Whether a host may be called so: up to 253 printable characters without blanks, quotes, commas
/// and brackets.
bool is_node_name(std::string_view name);

class ClusterDraft {
 public:
  static constexpr std::size_t most_nodes = 1'000'000;

  /// Keeps the node, or counts it as left out if `why` says something or there is one of its name.
  void add(Node node, std::uint64_t line, Why why);
  /// To add what is told elsewhere of nodes that were kept.
  std::vector<Node>& nodes() { return found_.cluster.nodes; }
  void leave_out(std::uint64_t line, const Why& why) {
    gangline::leave_out(found_.left_out, line, why);
  }
  bool has(const std::string& name) const { return names_.contains(name); }
  bool full() const { return found_.cluster.nodes.size() >= most_nodes; }
  void note(std::string text) { found_.notes.push_back(std::move(text)); }
  void count(const std::string& note) { ++counted_[note]; }

  Result<FoundCluster> finish(const Input& input) &&;

 private:
  FoundCluster found_;
  std::size_t devices_ = 0;
  std::unordered_set<std::string> names_;
  std::map<std::string, std::uint64_t> counted_;
};

}  // namespace gangline
