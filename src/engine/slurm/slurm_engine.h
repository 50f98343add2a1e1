// The engine that hands gangs to Slurm, which places them: a gang as a job, gangs of a sweep or
// split as an array. What runs them on the nodes is node/.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "engine/slurm/open_sending.h"
#include "engine/slurm/pilot/pilots.h"
#include "engine/slurm/site.h"
#include "engine/slurm/slurm_calls.h"
#include "os/loop.h"

namespace gangline {

struct SlurmEngineSettings {
  std::string state_dir;     ///< on a disk that all nodes see at the same path
  std::string gang_program;  ///< the same
  std::string id;            ///< of the state directory, for GANG_ID
  std::vector<EnvVar> environment;
  Span look_every = milliseconds(1'100);  ///< between two questions for the state of all jobs
};

class SlurmEngine final : public Engine {
 public:
  /// `loop` must outlive it.
  SlurmEngine(Loop& loop, SlurmEngineSettings settings);
  ~SlurmEngine() override;

  Result<std::vector<Node>> describe_nodes() override;
  void adopt_node(NodeId id, const Node& node) override;
  std::string trouble() const override { return trouble_; }
  bool places(const JobSpec& spec) const override { return !spec.pilot; }
  bool shares_devices() const override { return false; }
  std::optional<Error> refuses(const JobSpec& spec) const override;
  EngineWait wait_of(GangId gang) const override;
  std::string lacks(const JobSpec& spec) const override;
  void ask_pilot(const PilotRequest& request, PilotReply reply) override;
  std::vector<PilotView> pilots(Time) override { return pilots_.views(); }
  void stop_pilot(std::uint64_t number, PilotReply reply) override;

  void resume(const std::string& cursor, const std::vector<StartOrder>& asked) override;
  void start(const StartOrder& order) override;
  void stop(const StopOrder& order) override;
  void return_turns(JobId job, std::uint32_t first, std::uint32_t count) override;

  News poll(Time now) override;
  void acknowledge(const std::string& cursor) override;
  void on_news(std::function<void()> wake) override { wake_ = std::move(wake); }

  std::optional<NodeSample> sample() override { return std::nullopt; }
  Result<LogChunk> read_log(const LogQuery& query) override;
  std::string output_of(const JobSpec& spec, GangId gang) const override;
  void retire() override {}

 private:
  using Sendings = std::map<std::string, std::unique_ptr<OpenSending>>;  // by tag

  Result<void> ask_site();
  void look_at_nodes();
  void add(const StartOrder& order, std::uint32_t first, std::uint32_t count);
  OpenSending* find(GangId gang, std::uint32_t attempt) const;
  OpenSending* find(GangId gang) const;

  // Sending (sending_out.cpp).
  void send_next();
  bool may_go_by_srun(const OpenSending& sending) const;
  void send(OpenSending& sending);
  void send_by_srun(OpenSending& sending);
  void hear_sent(const std::string& tag, const Result<ProgramAnswer>& answer);
  void hear_srun_end(const std::string& tag);
  void watch_begin(const std::string& tag, int looks);

  // Looking (looking.cpp).
  void look_later();
  void look();
  void hear_queue(const Result<ProgramAnswer>& answer, const std::string& mark);
  void look_at(OpenSending& sending, const std::vector<const SlurmJobSeen*>& lines);
  void look_at_gang(OpenSending& sending, std::uint32_t index, const SlurmJobSeen* line);
  void settle_doubt(OpenSending& sending, bool seen);
  void believe_claim(OpenSending& sending, std::uint32_t index);
  bool believe_end(OpenSending& sending, std::uint32_t index);
  void miss(OpenSending& sending, std::uint32_t index, const SlurmJobSeen* line);
  void end(OpenSending& sending, std::uint32_t index, Time started, Time at, Ending ending);
  Ending ending_without_note(const OpenSending& sending, std::uint32_t index,
                             const SlurmJobSeen* line) const;
  std::shared_ptr<const Allocation> place_of(const SendingOrder& order, const Claim& claim) const;
  bool withdraw(OpenSending& sending, std::uint32_t index);

  void cancel(const OpenSending& sending, std::uint32_t index,
              const std::vector<std::string>& options);
  void cancel_now();
  void tell(Time at, EventBody body);

  Loop& loop_;
  SlurmEngineSettings settings_;
  SlurmCalls calls_;
  SlurmSite site_;
  std::vector<Node> nodes_;
  std::map<std::string, NodeId> ids_;
  Sendings sendings_;
  std::vector<std::string> to_send_;  ///< tags, in the order in which they were asked for
  std::vector<Event> events_;
  std::uint64_t told_ = 0;                                         ///< events, all that there were
  std::vector<std::pair<std::uint64_t, GangId>> unstored_starts_;  ///< by the number of the event
  std::vector<std::pair<std::uint64_t, std::string>> unstored_ends_;  ///< directories that go then
  std::function<void()> wake_;
  std::string trouble_;
  Time looked_{0};
  bool looking_ = false;
  Loop::WatchPtr next_look_, next_nodes_;
  std::map<std::string, Loop::WatchPtr> begins_;  ///< by tag, of sruns whose gang has not begun
  std::uint32_t sruns_ = 0;
  struct Cancel {
    bool is_array = false;
    std::vector<std::uint32_t> elements;
  };
  using CancelKey = std::pair<std::vector<std::string>, std::string>;  // options, Slurm's number
  std::map<CancelKey, Cancel> cancels_;  ///< to be told to Slurm together
  Pilots pilots_;                        ///< what has a place that was chosen here goes to it
};

}  // namespace gangline
