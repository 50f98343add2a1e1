#include "engine/slurm/site/features.h"

#include <algorithm>

#include "base/text.h"

namespace gangline {

std::optional<bool> is_left(const std::string& constraint,
                            const std::vector<std::string>& features) {
  if (constraint.find_first_of("[]()*,:") != std::string::npos) return std::nullopt;
  const bool any = constraint.find('|') != std::string::npos;
  if (any && constraint.find('&') != std::string::npos) return std::nullopt;
  bool all_there = true, one_there = false;
  for (const std::string_view word : split(constraint, any ? '|' : '&')) {
    const bool there = std::find(features.begin(), features.end(), trim(word)) != features.end();
    all_there = all_there && there;
    one_there = one_there || there;
  }
  return any ? one_there : all_there;
}

void heed_constraint(SlurmSite& site, const std::vector<SlurmNodeSeen>& nodes) {
  site.barred.clear();
  if (site.usual.constraint.empty()) return;
  std::vector<SlurmNodeSeen> left;
  std::vector<std::string> barred;
  for (const SlurmNodeSeen& node : nodes) {
    const auto is = is_left(site.usual.constraint, node.features);
    if (!is) return;
    if (*is) left.push_back(node);
    else barred.push_back(printable(node.name));
  }
  site.gres = gres_types_of(nodes_of(left.empty() ? nodes : left));
  if (left.empty()) return;
  std::sort(barred.begin(), barred.end());
  site.barred = std::move(barred);
}

}  // namespace gangline
