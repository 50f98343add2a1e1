// What is so on the nodes now, for who looks before they use them.
#include "engine/slurm/site/features.h"
#include "engine/slurm/site/node_use.h"
#include "engine/slurm/slurm_engine.h"
#include "os/clock.h"

namespace gangline {
namespace {

// However often somebody asks.
constexpr Span between_looks_at_use = seconds(1);
// Who looks is told of how it was where Slurm does not say more in this time.
constexpr Span patience = milliseconds(1'500);

}  // namespace

void SlurmEngine::hear_nodes(const std::vector<SlurmNodeSeen>& seen) {
  auto nodes = nodes_of(seen);
  if (nodes.empty()) return;
  heed_constraint(site_, seen);
  if (nodes != nodes_) {
    nodes_ = std::move(nodes);
    // Which of them changed is found out by whoever hears that some did.
    tell(now(), NodeSeen{NodeId{}, nodes_.front()});
  }
  uses_.clear();
  for (std::size_t i = 0; i < seen.size(); ++i)
    if (const auto id = ids_.find(nodes_[i].name); id != ids_.end())
      uses_[id->second] = use_of(seen[i], nodes_[i], site_.partitions, now());
}

void SlurmEngine::look_at_use(std::function<void()> then) {
  if (site_.version.empty() || (!uses_.empty() && since_boot() - use_seen_ < between_looks_at_use))
    return then();
  want_use_.push_back(std::move(then));
  if (!use_patience_) use_patience_ = loop_.after(patience, [this] { tell_use(); });
  if (std::exchange(asking_use_, true)) return;
  use_seen_ = since_boot();
  slurm_->ask_partitions([this](auto partitions) {
    if (partitions && !partitions->empty()) site_.partitions = *std::move(partitions);
    slurm_->ask_nodes([this](const auto& seen) {
      asking_use_ = false;
      if (seen) hear_nodes(*seen);
      tell_use();
    });
  });
}

void SlurmEngine::tell_use() {
  use_patience_.reset();
  for (const auto& wanted : std::exchange(want_use_, {})) wanted();
}

std::optional<PlacedNode> SlurmEngine::placed_on(NodeId node) const {
  const auto found = uses_.find(node);
  return found != uses_.end() ? std::optional(found->second) : std::nullopt;
}

}  // namespace gangline
