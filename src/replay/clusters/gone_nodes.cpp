#include "replay/clusters/gone_nodes.h"

#include <algorithm>
#include <set>

namespace gangline {
namespace {

constexpr std::size_t most_named = 5;

std::string counted(std::size_t n, const std::string& noun) {
  return std::to_string(n) + " " + noun + (n == 1 ? "" : "s");
}

}  // namespace

std::string note_on_gone_nodes(const History& history, const Cluster& cluster) {
  std::set<std::string> there, gone;
  for (const Node& node : cluster.nodes) there.insert(node.name);
  std::size_t jobs = 0;
  for (const PastJob& job : history.jobs) {
    bool on_gone = false;
    for (const std::string& node : job.nodes)
      if (!there.contains(node)) {
        gone.insert(node);
        on_gone = true;
      }
    jobs += on_gone;
  }
  if (jobs == 0) return "";
  std::string names;
  std::size_t named = 0;
  for (const std::string& node : gone) {
    if (named++ == most_named) break;
    names += (names.empty() ? "" : ", ") + node;
  }
  if (gone.size() > most_named) names += " and more";
  return counted(jobs, "job") + " ran on nodes that are there no more (" + names +
         "); what only those had room for can never run on the others";
}

}  // namespace gangline
