// The engine of one machine: its launcher starts gangs, its probe reads the devices.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "devices/probe.h"
#include "engine/engine.h"
#include "engine/local/foreign_use.h"
#include "engine/local/launcher_link.h"
#include "engine/local/lease_watch.h"
#include "launch/range_set.h"
#include "os/loop.h"

namespace gangline {

struct LocalEngineSettings {
  std::string state_dir;
  /// {"/usr/bin/gang", "internal-launcher"}; empty: one for all, started by somebody else.
  std::vector<std::string> launcher;
  std::vector<std::string> probe;  ///< {"/usr/bin/gang", "internal-probe"}
  Span sample_every = seconds(2);
  Span first_look = milliseconds(300);  ///< for devices, before the node is described without them
  std::string store;                    ///< name of the store that keeps what this engine tells
};

class LocalEngine : public Engine {
 public:
  LocalEngine(Loop& loop, LocalEngineSettings settings);
  ~LocalEngine() override;

  Result<std::vector<Node>> describe_nodes() override;
  bool asks_devices() const override { return asks_devices_; }
  std::string boot() const override { return boot_; }
  std::string trouble() const override;
  void adopt_node(NodeId id, const Node& node) override;
  void resume(const std::string& cursor, const std::vector<StartOrder>& asked) override;
  void start(const StartOrder& order) override;
  void stop(const StopOrder& order) override;
  void return_turns(JobId job, std::uint32_t first, std::uint32_t count) override;
  News poll(Time now) override;
  void acknowledge(const std::string& cursor) override;
  void on_news(std::function<void()> wake) override { wake_ = std::move(wake); }
  std::optional<NodeSample> sample() override { return sample_; }
  void on_sample(std::function<void(NodeId, const NodeSample&)> hear) override {
    tell_sample_ = std::move(hear);
  }
  void ask_sample() override;
  Result<LogChunk> read_log(const LogQuery& query) override;
  std::string output_of(const JobSpec& spec, GangId gang) const override;
  Result<std::string> read_output(const JobSpec& spec, GangId gang,
                                  std::size_t most) const override;
  void retire() override;

 private:
  /// Turns that were asked for and have not been seen to end.
  struct OpenOrder {
    std::uint32_t attempt = 1;
    RangeSet turns;
    std::shared_ptr<const Allocation> allocation;
    std::string boot;
  };
  struct OpenJob {
    Job job;
    bool told = false;  // the launcher has its card
    std::vector<OpenOrder> orders;
  };

  void hear_welcome(const WelcomeMessage& welcome);
  void hear_news(NewsMessage news);
  void close_turns(JobId job, std::uint32_t attempt, Range turns);
  void tell_start(OpenJob& open, const OpenOrder& order, Range turns);
  void hear_facts(const Node& node);
  void hear_sample(const NodeSample& sample);
  bool look_at_leases(bool doubtful = false);
  bool has_launcher_journal() const;
  void begin_sampling();
  std::uint32_t our_part(const Allocation& allocation) const;
  void wake();

  Loop& loop_;
  LocalEngineSettings settings_;
  std::string boot_;
  NodeId id_;
  std::optional<Node> node_;
  bool asks_devices_ = false;
  std::unique_ptr<Probe> probe_;
  std::optional<NodeSample> sample_;
  ForeignUseWatch foreign_;
  LeaseWatch leases_;
  std::map<JobId, OpenJob> open_;
  std::map<GangId, StopOrder> stops_;
  std::vector<ReturnMessage> unsent_returns_;
  std::vector<Event> events_;
  std::string cursor_;
  std::string launcher_trouble_;
  std::string probe_trouble_;
  bool our_launcher_ = false;  ///< it has said who it is
  bool retiring_ = false;
  std::function<void()> wake_;
  std::function<void(NodeId, const NodeSample&)> tell_sample_;
  LauncherLink link_;
  Loop::WatchPtr sampling_, restart_;
};

}  // namespace gangline
