// An engine makes starts and stops real and reports what happened. It decides nothing.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/event.h"
#include "model/pilot.h"
#include "model/views.h"

namespace gangline {

/// Gangs first .. first + count - 1 of `job`, one after the other, on one allocation.
struct StartOrder {
  Job job;
  std::uint32_t first = 0;
  std::uint32_t count = 1;
  std::uint32_t attempt = 1;
  std::shared_ptr<const Allocation> allocation;  ///< never null
  std::string boot = {};  ///< when it was asked; another one than `Engine::boot()`: see `resume`
  /// Jobs that it was asked for too and that must have ended well before this begins; the job
  /// itself: all its other gangs. Only where the engine places; asked again with those that are
  /// left when one has.
  std::vector<JobId> after = {};
};

struct StopOrder {
  GangId gang;
  EndCause cause = EndCause::stopped;  ///< what the gang's Ending will say
  std::string reason;                  ///< and its detail: "stopped by anna"
  bool at_once = false;                ///< SIGKILL now, no grace
};

/// Facts in the order in which they happened, and the place in the engine's journal after them.
/// Once `cursor` is stored with the events, it is handed to `acknowledge`; facts that were not
/// acknowledged are reported again, so a crash between the two loses and repeats nothing.
struct News {
  std::vector<Event> events;
  std::string cursor;
};

/// Why a gang waits in the system that an engine hands it to.
struct EngineWait {
  std::string reason;
  std::optional<Time> expected = {};
};

/// The same, looked into.
struct EngineWhy {
  std::string reason;
  std::optional<Time> expected = {};
  std::string expected_because = {};
  std::vector<Suggestion> suggestions = {};
};

class Engine {
 public:
  virtual ~Engine() = default;

  /// What is here. Called once at the start and then whenever news says that facts changed
  /// (NodeSeen).
  virtual Result<std::vector<Node>> describe_nodes() = 0;
  /// Devices are still being asked for, and drivers may take long: nodes are described without
  /// them until it is news that they have some, or this ends.
  virtual bool asks_devices() const { return false; }
  /// Names the time since the machine was last started. What the engine itself remembers of an
  /// earlier one may have gaps, for it syncs nothing to disk.
  virtual std::string boot() const { return {}; }
  /// Why nothing starts or devices cannot be read; empty: all is well.
  virtual std::string trouble() const { return {}; }
  /// How it talks to the system that it hands gangs to: "Slurm's programs". Empty: there is none,
  /// or it has not answered yet.
  virtual std::string way() const { return {}; }

  /// It chooses the places of such a job itself. Then it is asked for all gangs that may start as
  /// soon as they may, with allocations that have no parts, and GangStarted says where; gangs of
  /// one order need not take turns.
  virtual bool places(const JobSpec&) const { return false; }
  /// Somebody outside Gangline may be on its devices, so nothing starts before a first reading.
  virtual bool shares_devices() const { return true; }
  /// Why it could never run such a job; empty: it could.
  virtual std::optional<Error> refuses(const JobSpec&) const { return {}; }
  /// What becomes of a job that it hands on; an Error where it hands nothing on.
  virtual Result<Translation> translate(const JobSpec&) const {
    return Error{ErrorKind::refused, "jobs run here as they are", "", "say --on slurm"};
  }
  /// A queue that it has beside those of the config file.
  virtual bool has_queue(const std::string&) const { return false; }
  /// The pilot on whose nodes such a job is to run by itself, as the config file has it; empty: it
  /// is not, or the job says itself where it runs.
  virtual std::optional<PilotRequest> pilot_for(const JobSpec&) const { return {}; }
  /// Where we place: why no node that is there now is for such a job; empty: some are.
  virtual std::string lacks(const JobSpec&) const { return {}; }
  /// Where it places: why a gang that it was asked to start waits, and when it is expected
  /// to start. Empty: not known.
  virtual EngineWait wait_of(GangId) const { return {}; }
  /// The same with all that can be found out; `tell` is called once, at once or later.
  virtual void explain(GangId gang, std::function<void(EngineWhy)> tell) {
    EngineWait wait = wait_of(gang);
    tell({std::move(wait.reason), wait.expected});
  }

  /// Where it places: `then` is called, soon, when `placed_on` tells what is so now, or as of
  /// lately where that cannot be asked.
  virtual void look_at_use(std::function<void()> then) { then(); }
  virtual std::optional<PlacedNode> placed_on(NodeId) const { return {}; }
  /// Where it places: why gangs of this job that run stand still. Empty: none does.
  virtual std::string stands_still(JobId) const { return {}; }
  /// What else a person should know of a gang that it was asked to start and that has not ended.
  virtual std::vector<std::string> notes_of(GangId) const { return {}; }

  /// The node as the store knows it: a device keeps the number it got when it was first seen, also
  /// when others vanish or the vendor counts anew. Allocations, samples and ForeignUse use these
  /// numbers (devices are matched by `uid`). Called before `resume` and whenever facts changed.
  virtual void adopt_node(NodeId id, const Node& node) = 0;

  /// Goes on where an earlier service stopped: news after `cursor` (empty: all), and these starts
  /// were asked for and have not been seen to end. Those that the engine does not know are started
  /// now; where they were asked under another boot they may have run, and end as lost.
  virtual void resume(const std::string& cursor, const std::vector<StartOrder>& asked) = 0;

  /// Asking again for a gang and attempt that the engine knows is harmless. That a start failed is
  /// said by a GangEnded (not_started), not here; never blocks.
  virtual void start(const StartOrder& order) = 0;
  /// Unknown or ended gangs are ignored. A gang whose turn has not come ends as stopped, never run.
  virtual void stop(const StopOrder& order) = 0;
  /// Takes back those of the turns first .. first + count - 1 that have not begun; TurnsReturned
  /// says which.
  virtual void return_turns(JobId job, std::uint32_t first, std::uint32_t count) = 0;

  virtual News poll(Time now) = 0;
  virtual void acknowledge(const std::string& cursor) = 0;
  /// `wake` is called, on the thread of the event loop, when `poll` has something to say.
  virtual void on_news(std::function<void()> wake) = 0;

  /// The newest reading of the devices; empty before the first one.
  virtual std::optional<NodeSample> sample() = 0;
  /// `hear` is called with each reading, on the thread of the event loop.
  virtual void on_sample(std::function<void(NodeId, const NodeSample&)> hear) { (void)hear; }
  /// A reading is wanted now, not only when it is due.
  virtual void ask_sample() {}
  virtual Result<LogChunk> read_log(const LogQuery& query) = 0;
  /// What {output} stands for in this gang; empty: there are no files.
  virtual std::string output_of(const JobSpec&, GangId) const { return {}; }
  /// The beginning of that file, at most `most` bytes; an Error too where it is no plain file.
  virtual Result<std::string> read_output(const JobSpec&, GangId, std::size_t most) const {
    (void)most;
    return Error{ErrorKind::not_found, "there is no output", "", ""};
  }

  using PilotReply = std::function<void(Result<PilotView>)>;
  /// Nodes on which we place, for a time. Answered once it was asked for and will not be forgotten.
  virtual void ask_pilot(const PilotRequest&, PilotReply reply) { reply(no_pilots()); }
  /// Those that have not ended, and a few that have.
  virtual std::vector<PilotView> pilots(Time now) {
    (void)now;
    return {};
  }
  /// Its gangs are asked to leave and wait again, then it ends.
  virtual void stop_pilot(std::uint64_t, PilotReply reply) { reply(no_pilots()); }
  /// `waits`: whether some job waits that wants nodes of a pilot, and nothing else. It may be
  /// called on the thread of the event loop at any time.
  virtual void set_pilot_work(std::function<bool()> waits) { (void)waits; }
  static Error no_pilots() {
    return {ErrorKind::refused, "there are no pilots here: the places are ours already", "",
            "pilots are for Slurm: `gang pilot --on slurm`"};
  }

  /// No gang of ours is left and none will come: processes of the engine may end.
  virtual void retire() = 0;
};

}  // namespace gangline
