// The pilots of a service: nodes that Slurm lends, on which the places of gangs are chosen here.
// Each node has a launcher, as on one machine; this is what a LocalEngine is for one launcher, for
// many.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/slurm/pilot/parts.h"
#include "engine/slurm/pilot/pilot_files.h"
#include "engine/slurm/pilot/pilot_node.h"
#include "engine/slurm/slurm.h"
#include "engine/slurm/squeue.h"
#include "launch/range_set.h"
#include "model/slurm_profile.h"
#include "os/loop.h"

namespace gangline {

struct PilotsSettings {
  std::string state_dir;
  std::string gang_program;
  std::string store;       ///< name of the store for which gangs are started
  std::int64_t hurry = 1;  ///< all patience is divided by it
  SlurmProfile profile = {};
};

struct PilotsCalls {
  std::function<void(Time, EventBody)> tell;
  /// What Slurm says of this host; null: nothing.
  std::function<const Node*(const std::string& host)> slurm_node;
  std::function<std::string()> some_host;  ///< by which the way to the nodes is found
  std::function<bool()> work_waits;        ///< for nodes of a pilot, and for nothing else
};

/// How Slurm says that a pilot ended.
struct PilotOver {
  std::string why;
  EndCause cause = EndCause::preempted;  ///< of what it still had
  Span silence{0};                       ///< so long nothing must be heard of its nodes
};

class Pilots {
 public:
  /// `loop` and `calls` must outlive it.
  Pilots(Loop& loop, Slurm& slurm, PilotsSettings settings, PilotsCalls calls);
  ~Pilots();
  Pilots(const Pilots&) = delete;
  Pilots& operator=(const Pilots&) = delete;

  std::vector<Node> nodes() const;
  void adopt(NodeId id, const Node& node);
  /// See Engine::lacks.
  std::string lacks() const;

  void ask(const PilotRequest& request, const Engine::PilotReply& reply);
  std::vector<PilotView> views() const;
  void stop_pilot(std::uint64_t number, const Engine::PilotReply& reply);

  // As Engine has them, for orders whose allocation has parts.
  void resume(const std::string& cursor, const std::vector<StartOrder>& asked);
  void start(const StartOrder& order);
  void stop(const StopOrder& order);
  void return_turns(JobId job, std::uint32_t first, std::uint32_t count);
  std::string cursor() const;
  void acknowledge(const std::string& cursor);

 private:
  struct Pilot {
    PilotKept kept;
    PilotFiles files;
    StreamKey key;
    PilotPhase phase = PilotPhase::asking;
    std::string reason = {};
    std::optional<Time> ends = {};
    std::map<std::string, std::unique_ptr<PilotNode>> nodes = {};  // by host
    int misses = 0;     // looks in a row that did not find it
    bool runs = false;  // so Slurm said in the newest look that it answered
    Time asked{0};      // when Slurm was, or when this service began
    Time busy{0};       // when it last had something to do
    Time let_go{0};     // when its launchers were told to end
    bool to_cancel = false;
    Time cancelled{0};                   // the newest call that asks Slurm for it
    std::optional<PilotOver> over = {};  // it is, as soon as nothing lives on its nodes
    bool leaving = false;                // Slurm is taking it back
    bool worked = false;                 // it had something to do
  };
  /// A node that has proved itself and not said yet which one it is.
  struct Arrival {
    std::string tag;
    std::unique_ptr<KeyedStream> stream;
    std::string bytes;
    Time since{0};
  };
  struct OpenOrder {
    std::uint32_t attempt = 1;
    RangeSet turns;
    std::shared_ptr<const Allocation> allocation;
  };
  struct OpenJob {
    Job job;
    std::vector<OpenOrder> orders;
  };
  /// The gang of several parts whose turn it is.
  struct Team {
    GangOfParts parts;
    std::shared_ptr<const Allocation> allocation;
    Meeting meeting;
    bool stops = false;  // the parts that are left were asked to
  };
  /// An end by a signal that may be that of the whole pilot: Slurm is asked before it is believed.
  struct Doubt {
    std::uint64_t pilot = 0;
    std::string host;
    Event event;
    std::uint64_t look = 0;  // an answer to this look or a later one settles it
    Time since{0};
  };

  // What there is (pilots.cpp).
  void load();
  Pilot* find(std::uint64_t number);
  std::string name_for(const std::string& host) const;
  void keep(const Pilot& pilot);
  PilotView view_of(const Pilot& pilot) const;
  void hear_sent(std::uint64_t number, const Engine::PilotReply& reply, const SlurmSent& sent);
  void begin_ending(Pilot& pilot, const std::string& why);
  void end_gangs_of(Pilot& pilot, const std::string& why);
  void cancel(Pilot& pilot);
  void take_back(Pilot& pilot, PilotOver over);
  void is_over(Pilot& pilot);
  std::uint32_t gangs_on(const Pilot& pilot) const;
  void close(PilotNode& node, const std::string& note);
  void show(PilotNode& node);

  // Time and Slurm (watching.cpp).
  Span patient(Span longest) const { return Span{longest.us / settings_.hurry}; }
  void watch();
  void tick();
  void tick(Pilot& pilot, Time at);
  void tick_end(Pilot& pilot, Time at);
  void renew(Pilot& pilot);
  bool has_more_to_do(const Pilot& pilot) const;
  void tick_ending(Pilot& pilot, Time at);
  bool is_all_there() const;
  Span pause_between_looks() const;
  void look();
  void hear_queue(Result<std::vector<SlurmJobSeen>> queue, std::uint64_t look);
  void believe(Pilot& pilot, const SlurmJobSeen* line);
  void settle_doubts(std::uint64_t look);

  // Nodes that are not heard of (node_watch.cpp).
  void read_signs();
  void watch_nodes(Pilot& pilot, Time at);
  void hear_nodes_of(Pilot& pilot, const SlurmJobSeen& line);
  bool nothing_lives_on(const Pilot& pilot, const PilotNode& node, Span silence) const;
  void give_up(Pilot& pilot, PilotNode& node, const std::string& why);
  bool is_silent(const PilotNode& node) const;

  // Connections (connections.cpp).
  void listen();
  void accept(std::unique_ptr<KeyedStream> stream, const std::string& tag);
  void hear_arrival(Arrival& arrival, std::string_view bytes);
  void drop_arrival(const Arrival* arrival);
  void attach(Pilot& pilot, NodeHello hello, Arrival& arrival);
  void hear(PilotNode& node, std::string_view bytes);
  void obey(PilotNode& node, Message message);
  void lost(PilotNode& node);
  void tell_all(PilotNode& node);

  // Gangs (orders.cpp).
  PilotNode* node_of(NodeId id) const;
  void note_work_on(NodeId id);
  void begin_team(OpenJob& open, OpenOrder& order);
  Meeting meeting_for(const Job& job, GangId gang, std::uint32_t attempt,
                      const Allocation& allocation);
  void tell_start(PilotNode& node, const OpenJob& open, const OpenOrder& order, Range turns,
                  std::uint32_t part);
  void tell_order(const OpenJob& open, const OpenOrder& order, PilotNode* only);
  void hear_news(PilotNode& node, NewsMessage news);
  void hear_event(PilotNode& node, Event event, std::uint64_t before);
  bool is_doubtful(const PilotNode& node, const Event& event) const;
  void believe_event(PilotNode* node, NodeId id, Event event, std::uint64_t before);
  void hear_part(PilotNode* node, NodeId id, Team& team, const Event& event, std::uint64_t before);
  void tell_joined(GangId gang, Event event);
  void stop_team(GangId gang, Team& team, const StopOrder& order);
  void forget_team(GangId gang);
  void close_turns(JobId job, std::uint32_t attempt, Range turns);
  void lose(NodeId id, EndCause cause, const std::string& why);
  void lose_order(OpenJob& open, OpenOrder order, NodeId id, EndCause cause,
                  const std::string& why);
  bool holds(const OpenOrder& order, NodeId id) const;

  Loop& loop_;
  Slurm& slurm_;
  PilotsSettings settings_;
  PilotsCalls calls_;
  std::map<std::uint64_t, std::unique_ptr<Pilot>> pilots_;
  std::list<PilotView> over_;  ///< the newest that have ended
  std::map<std::uint32_t, PilotNode*> by_id_;
  std::map<std::string, std::string> earlier_;  ///< cursors that were stored, by name of the node
  std::list<Arrival> arrivals_;
  std::map<JobId, OpenJob> open_;
  std::map<GangId, StopOrder> stops_;
  std::map<GangId, Team> teams_;
  std::list<Doubt> doubts_;
  std::unique_ptr<KeyedListener> listener_;
  PilotMeetingPoint point_;
  std::uint64_t looks_ = 0;
  std::uint64_t signs_read_ = 0;
  bool looking_ = false;
  Time looked_{0};
  Loop::WatchPtr ticking_;
};

}  // namespace gangline
