#include "replay/slurm/topology.h"

#include <algorithm>
#include <cctype>

#include "base/node_list.h"
#include "base/text.h"
#include "replay/input/draft.h"

namespace gangline {

std::string_view value_of(std::string_view text, std::string_view key) {
  for (auto at = text.find(key); at != std::string_view::npos; at = text.find(key, at + 1)) {
    const bool begins = at == 0 || std::isspace(static_cast<unsigned char>(text[at - 1])) != 0;
    const std::string_view rest = text.substr(at + key.size());
    if (!begins || !rest.starts_with('=')) continue;
    return rest.substr(1, rest.find_first_of(" \t\r\n") - 1);
  }
  return {};
}

bool SlurmTopology::is_of_it(std::string_view line) {
  return trim(line).starts_with("SwitchName=") || trim(line).starts_with("BlockName=");
}

bool SlurmTopology::add(std::string_view line) {
  std::string_view name = value_of(line, "SwitchName");
  if (name.empty()) name = value_of(line, "BlockName");
  const auto inside = expand_node_list(value_of(line, "Switches"));
  const auto nodes = expand_node_list(value_of(line, "Nodes"));
  if (name.empty() || !inside || !nodes) return false;
  for (const std::string& one : *inside) above_.emplace(one, kept_text(name));
  // scontrol names of each switch all nodes below it: the lowest counts.
  if (inside->empty())
    for (const std::string& node : *nodes) of_node_.emplace(node, kept_text(name));
  return !inside->empty() || !nodes->empty();
}

void SlurmTopology::give_places(std::vector<Node>& nodes) const {
  for (Node& node : nodes) {
    const auto lowest = of_node_.find(node.name);
    if (lowest == of_node_.end()) continue;
    node.place.clear();
    // Switches that are above each other come to an end here.
    for (std::string at = lowest->second; node.place.size() < most_switch_levels;) {
      node.place.push_back(at);
      const auto next = above_.find(at);
      if (next == above_.end()) break;
      at = next->second;
    }
    std::reverse(node.place.begin(), node.place.end());
  }
}

}  // namespace gangline
