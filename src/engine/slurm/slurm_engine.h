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
#include "engine/slurm/site/site.h"
#include "engine/slurm/slurm.h"
#include "engine/slurm/why/explain.h"
#include "model/slurm_profile.h"
#include "os/loop.h"

namespace gangline {

struct SlurmEngineSettings {
  std::string state_dir;     ///< on a disk that all nodes see at the same path
  std::string gang_program;  ///< the same
  std::string id;            ///< of the state directory, for GANG_ID
  std::vector<EnvVar> environment;
  SlurmProfile profile = {};
  std::int64_t hurry = 1;  ///< all patience with Slurm is divided by it
};

class SlurmEngine final : public Engine {
 public:
  /// `loop` must outlive it.
  SlurmEngine(Loop& loop, SlurmEngineSettings settings);
  ~SlurmEngine() override;

  Result<std::vector<Node>> describe_nodes() override;
  void adopt_node(NodeId id, const Node& node) override;
  std::string trouble() const override { return trouble_; }
  std::string way() const override { return slurm_->way(); }
  bool places(const JobSpec& spec) const override { return !spec.pilot; }
  bool shares_devices() const override { return false; }
  std::optional<Error> refuses(const JobSpec& spec) const override;
  Result<Translation> translate(const JobSpec& spec) const override;
  EngineWait wait_of(GangId gang) const override;
  void explain(GangId gang, std::function<void(EngineWhy)> tell) override;
  void look_at_use(std::function<void()> then) override;
  std::optional<PlacedNode> placed_on(NodeId node) const override;
  std::string stands_still(JobId job) const override;
  std::vector<std::string> notes_of(GangId gang) const override;
  std::string lacks(const JobSpec& spec) const override;
  bool has_queue(const std::string& name) const override { return site_.partition(name); }
  std::optional<PilotRequest> pilot_for(const JobSpec& spec) const override;
  void ask_pilot(const PilotRequest& request, PilotReply reply) override;
  std::vector<PilotView> pilots(Time) override { return pilots_.views(); }
  void stop_pilot(std::uint64_t number, PilotReply reply) override;
  void set_pilot_work(std::function<bool()> waits) override { pilot_work_ = std::move(waits); }

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
  Result<std::string> read_output(const JobSpec& spec, GangId gang,
                                  std::size_t most) const override;
  void retire() override {}

 private:
  using Sendings = std::map<std::string, std::unique_ptr<OpenSending>>;  // by tag

  Result<void> ask_site();
  void look_at_nodes();
  void hear_nodes(const std::vector<SlurmNodeSeen>& seen);
  void tell_use();
  void add(const StartOrder& order, std::uint32_t first, std::uint32_t count);
  void learn_awaited(const StartOrder& order);
  OpenSending* find(GangId gang, std::uint32_t attempt) const;
  OpenSending* find(GangId gang) const;
  void explain_now(GangId gang, std::function<void(EngineWhy)> tell);
  std::set<std::string> partitions_with_room() const;

  // Sending (sending_out.cpp).
  void send_next();
  std::optional<std::vector<Awaited>> awaited_by(const OpenSending& sending) const;
  void send_first(OpenSending& sending);
  void send_last(OpenSending& sending);
  void wait_anew(OpenSending& sending);
  bool may_go_by_srun(const OpenSending& sending) const;
  bool send(OpenSending& sending);
  void send_by_srun(OpenSending& sending);
  void hear_sent(const std::string& tag, const SlurmSent& sent);
  void hear_srun_end(const std::string& tag);
  void watch_begin(const std::string& tag, int looks);

  // Looking (looking.cpp).
  void look_later();
  void look();
  void hear_queue(const Result<std::vector<SlurmJobSeen>>& queue, Time asked);
  void forget_absences();
  void look_at(OpenSending& sending, const std::vector<const SlurmJobSeen*>& lines, Time asked);
  void look_at_gang(OpenSending& sending, std::uint32_t index, const SlurmJobSeen* line);
  void look_at_waiting(OpenSending& sending, std::uint32_t index, const SlurmJobSeen& line);
  void look_at_leftovers(const std::map<std::string, std::vector<const SlurmJobSeen*>>& by_tag);
  void settle_doubt(OpenSending& sending, bool seen);
  void believe_claim(OpenSending& sending, std::uint32_t index);
  bool believe_end(OpenSending& sending, std::uint32_t index, const SlurmJobSeen* line);
  std::string last_lines_of(const OpenSending& sending, std::uint32_t index,
                            std::uint32_t rank) const;
  void end(OpenSending& sending, std::uint32_t index, Time started, Time at, Ending ending);
  std::shared_ptr<const Allocation> place_of(const SendingOrder& order, const Claim& claim) const;
  bool withdraw(OpenSending& sending, std::uint32_t index);

  // What Slurm does not say, or not yet (missing.cpp).
  Span patient(Span longest) const { return Span{longest.us / settings_.hurry}; }
  void miss(OpenSending& sending, std::uint32_t index, const SlurmJobSeen* line);
  void miss_begun(OpenSending& sending, std::uint32_t index, const SlurmJobSeen* line);
  void miss_waiting(OpenSending& sending, std::uint32_t index, const SlurmJobSeen* line);
  std::optional<Ending> why_stopped(OpenSending& sending, std::uint32_t index,
                                    const SlurmJobSeen* line, Time at);
  Ending ending_without_note(const OpenSending& sending, std::uint32_t index,
                             const SlurmJobSeen* line) const;
  Span silence_of(OpenSending& sending, std::uint32_t index);
  /// True: there is an answer about it, `remembered`, or there will be none.
  bool accounts_asked(const OpenSending& sending, std::uint32_t index, Time since);
  const SlurmJobSeen* remembered(const OpenSending& sending, std::uint32_t index) const;
  bool ask_accounts();
  void hear_accounts(Result<std::vector<SlurmJobSeen>> accounts,
                     const std::set<std::pair<std::string, std::uint32_t>>& asked);

  void ask_to_stop(OpenSending& sending, std::uint32_t index);
  bool cancel(const OpenSending& sending, std::uint32_t index, SlurmStop how);
  void cancel(const OpenSending& sending, std::uint32_t index, const std::string& number,
              SlurmStop how);
  void cancel_now();
  void tell(Time at, EventBody body);

  Loop& loop_;
  SlurmEngineSettings settings_;
  std::unique_ptr<Slurm> slurm_;
  SlurmSite site_;
  Error no_site_{ErrorKind::unavailable, "Slurm has not been asked yet", "", ""};  ///< why not
  std::vector<Node> nodes_;
  std::map<std::string, NodeId> ids_;
  std::map<NodeId, PlacedNode> uses_;
  Span use_seen_{};  ///< since boot, when that was asked for
  std::vector<std::function<void()>> want_use_;
  Loop::WatchPtr use_patience_;
  bool asking_use_ = false;
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
  bool look_failed_ = false;
  Time heard_queue_{0};      ///< when the newest answer of squeue that made sense was asked for
  Time not_sent_before_{0};  ///< after Slurm took nothing
  std::uint32_t sign_round_ = 1;     ///< each gang's sign is read once in a round
  std::uint32_t signs_to_read_ = 0;  ///< in this look
  bool round_is_over_ = true;
  /// Of sendings that are over, until Slurm has none of their jobs any more; and since when.
  std::map<std::string, Time> leftovers_;
  using GangOfTag = std::pair<std::string, std::uint32_t>;
  std::set<GangOfTag> to_ask_;  ///< of sacct, in the next call
  struct Remembered {
    Time at{0};  ///< of the newest answer; 0: none yet
    std::optional<SlurmJobSeen> job;
  };
  std::map<GangOfTag, Remembered> remembered_;
  Time accounts_asked_{0};
  std::string accounts_trouble_;  ///< why sacct did not answer last; empty: it did
  Loop::WatchPtr next_look_, next_nodes_;
  std::map<std::string, Loop::WatchPtr> begins_;  ///< by tag, of sruns whose gang has not begun
  std::uint32_t sruns_ = 0;
  std::set<GangId>
      held_back_;  ///< whose last run was put back into Slurm's queue and is held there
  struct Cancel {
    bool is_array = false;
    std::vector<std::uint32_t> elements;
  };
  using CancelKey = std::pair<SlurmStop, std::string>;  // how, and Slurm's number
  std::map<std::uint64_t, std::unique_ptr<SlurmExplanation>> explanations_;
  std::uint64_t explained_ = 0;
  std::map<CancelKey, Cancel> cancels_;  ///< to be told to Slurm together
  std::function<bool()> pilot_work_;
  Pilots pilots_;  ///< what has a place that was chosen here goes to it
};

}  // namespace gangline
