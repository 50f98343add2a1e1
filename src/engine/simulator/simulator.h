// The engine of a pretended cluster.
#pragma once

#include <string>

#include "engine/simulator/pretend_cluster.h"

namespace gangline {

class Simulator final : public Engine {
 public:
  /// `cluster` must outlive it.
  explicit Simulator(PretendCluster& cluster) : cluster_(cluster) {}

  Result<std::vector<Node>> describe_nodes() override { return cluster_.nodes(); }
  void adopt_node(NodeId, const Node&) override {}
  void resume(const std::string& cursor, const std::vector<StartOrder>& asked) override;
  void start(const StartOrder& order) override;
  void stop(const StopOrder& order) override;
  void return_turns(JobId job, std::uint32_t first, std::uint32_t count) override;
  /// Lets pretend time pass to `now`, and says what happened until then.
  News poll(Time now) override;
  void acknowledge(const std::string& cursor) override;
  void on_news(std::function<void()> wake) override { wake_ = std::move(wake); }
  std::optional<NodeSample> sample() override { return NodeSample{cluster_.now(), {}}; }
  Result<LogChunk> read_log(const LogQuery& query) override;
  void retire() override {}

 private:
  void say_that_there_is_news() {
    if (wake_) wake_();
  }

  PretendCluster& cluster_;
  std::uint64_t told_ = 0;  ///< events of the cluster that were told
  std::function<void()> wake_;
};

}  // namespace gangline
