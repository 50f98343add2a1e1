// NVIDIA's Multi-Process Service, one control daemon for each GPU on which gangs asked for it, from
// the first of these gangs to the last. Programs that share a GPU run side by side under it instead
// of in turns. A daemon is one person's, runs as them, and serves their programs alone. Nothing
// here waits: a gang asks again until its daemons are there.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/units.h"
#include "launch/fence/cgroup.h"
#include "launch/mps/control_program.h"
#include "model/allocation.h"
#include "model/cluster.h"
#include "model/environment.h"
#include "model/event.h"
#include "model/job.h"

namespace gangline {

struct MpsSettings {
  std::string directory;  ///< their files lie below it
  std::string epoch;      ///< of the journal, the same for all launchers of one state directory
  bool for_all = false;   ///< the launcher is root, and a daemon is of whoever submitted the job
  Span longest_start = seconds(10), longest_end = seconds(5);
};

class MpsDaemons {
 public:
  /// `cgroups`, which must outlive it, makes the fences of daemons for all.
  MpsDaemons(Cgroups& cgroups, MpsSettings settings);

  enum class Answer {
    ready,   ///< all that the gang needs is there, and stays until `end`
    wait,    ///< ask again; `why` is empty where it is only a moment
    failed,  ///< never for this gang
  };
  struct Got {
    Answer answer = Answer::ready;
    std::string why = {};
  };
  /// Daemons for the GPUs of `part`, all or none, started where they are missing. Where another
  /// person's serves one of them, who asked first has it next: nobody else's gangs join before.
  Got need(GangId gang, const Job& job, const Node& node, const NodePart& part);
  /// An earlier launcher began them for this gang. Before the first `need`.
  void adopt(GangId gang, const Job& job, const Node& node, const NodePart& part);
  /// The gang needs them no more. They stay a little, as the next gang of a sweep may come.
  void end(GangId gang);

  /// A child of this process has ended that is no task. True: who waits is to ask again.
  bool child_ended(std::int64_t pid, bool by_signal, int status);
  /// Whether it was made here and is perhaps not marked yet.
  bool is_child(std::int64_t pid) const;
  /// What is due by time. To be called at `next_look` at the latest; empty: nothing is due.
  void tick(Span boot);
  std::optional<Span> next_look() const;
  /// Those that no gang needs end now and not in a while. True: there is none left at all.
  bool end_unneeded();

  /// What a task is told, so that it becomes a client: nothing where it has no GPU of NVIDIA.
  std::vector<EnvVar> variables(const Job& job, const Node& node, const TaskPlace& place) const;

 private:
  enum class State { starting, up, ending };
  struct Daemon {
    State state = State::starting;
    MpsPlace place;
    std::uint32_t uid = 0;                 // whose it is
    std::string owner;                     // the same, for people; empty: not known
    std::shared_ptr<const Person> person;  // of a launcher for all; null: not known
    std::set<GangId> gangs;
    std::int64_t starter = 0, asker = 0;  // children of this process; 0: none
    Fd words;
    std::vector<std::vector<std::string>> groups;
    Span until{0};           // of starting or ending
    Span unneeded_since{0};  // while up
    Span seen{0};            // while up: it was there
    bool killed = false;
  };
  /// Somebody waits for this GPU until others have done with it.
  struct Claim {
    std::uint32_t uid = 0;
    std::string owner;
    Span renewed{0};
  };

  MpsPlace place_of(const std::string& device, std::uint32_t uid) const;
  std::string why_not(const std::string& device, GangId gang, const Job& job, Span boot);
  void claim(const std::string& device, const Job& job, Span boot);
  Result<void> start(const std::string& device, const Job& job, const Node& node,
                     const NodePart& part, Daemon& daemon);
  std::vector<std::int64_t> processes_of(const Daemon& daemon) const;
  MpsControl control_of(const Daemon& daemon) const;
  void begin_ending(Daemon& daemon, Span boot);
  void kill(Daemon& daemon);
  void fail(const std::string& device, Daemon& daemon, const std::string& how, Span boot);
  /// True: nothing of it is left, or nothing more can be done.
  bool has_ended(Daemon& daemon, Span boot);
  /// Forgets those that have ended; true: there were some.
  bool forget_ended(Span boot);
  void look_for_earlier(Span boot);

  Cgroups& cgroups_;
  const MpsSettings settings_;
  std::map<std::string, Daemon> daemons_;            // by uid of the GPU
  std::map<std::string, std::deque<Claim>> claims_;  // the same; first comes first
  std::map<GangId, std::string> failed_;
  std::vector<Daemon> earlier_;  // of launchers before this one, on a GPU that is not known
  bool looked_for_earlier_ = false;
};

/// What MPS keeps apart and what it does not, for people. `owner`: whose the daemon is.
Fence mps_fence(const std::string& owner);

}  // namespace gangline
