// How a child of the launcher becomes the starter; see starter_order.h.
#pragma once

#include <vector>

#include "launch/recipe.h"
#include "launch/start/start.h"
#include "launch/start/starter_order.h"

namespace gangline {

/// Where the starter is to be run from; -1: it cannot be had here.
int starter_program();

/// Made before the child, which allocates nothing.
class StarterPlan {
 public:
  /// All must outlive it. `reports`: see StarterOrder.
  StarterPlan(const GangRecipe& gang, const TaskRecipe& task, const CgroupDoors* doors, int ready,
              int gate, bool reports);
  StarterPlan(const StarterPlan&) = delete;
  StarterPlan& operator=(const StarterPlan&) = delete;

  /// Files that are to be open in the starter, ascending.
  const std::vector<int>& stays() const { return stays_; }
  /// In the child: becomes the starter, or returns with errno. `environment` ends with null.
  void run(const char* const* environment) const;

 private:
  StarterOrderText order_;
  std::vector<int> opened_;  ///< of those that stay, what the launcher closes on exec
  std::vector<int> stays_;
  std::vector<const char*> words_;
};

}  // namespace gangline
