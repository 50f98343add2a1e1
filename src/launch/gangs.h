// The gangs of this node from their order to their end: whose turn it is, starting, watching,
// stopping, and saying how it ended.
#pragma once

#include <poll.h>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "launch/book.h"
#include "launch/environment.h"
#include "launch/fence/cgroup.h"
#include "launch/fence/group_places.h"
#include "launch/job_files.h"
#include "launch/lease/leases.h"
#include "launch/mps/mps_daemons.h"
#include "launch/processes.h"
#include "launch/recipe.h"
#include "launch/start/person_start.h"
#include "launch/wire.h"
#include "os/clock.h"

namespace gangline {

/// Of a launcher that runs as root: it serves a service that runs as this user, and starts tasks as
/// those who submitted them.
struct ForAll {
  std::uint32_t service_uid = 0, service_gid = 0;
};

struct GangsSettings {
  std::string state_dir;
  std::string cgroup_root = "/";
  std::int64_t guardian = 0;   ///< parent of this process; its children count as watched
  std::string guardian_exits;  ///< file to which it writes the exits that it sees
  std::optional<ForAll> for_all = {};
  std::string why_no_group = {};  ///< what a person is told who is not root and has none
  std::string files_dir = {};     ///< see LauncherSettings
};

class Gangs {
 public:
  Gangs(Ledger& ledger, GangsSettings settings);

  /// Takes over what an earlier launcher left running. Called once, before anything else.
  void adopt();

  void set_node(Node node);
  void put_job(Job job);
  void order(const StartMessage& message);
  void stop(const StopMessage& message);
  void return_turns(const ReturnMessage& message);
  /// Stops all that runs, and takes back all that waits.
  void stop_all(const std::string& reason, bool at_once);

  /// A service has come, which says anew all that it wants.
  void forget_unwritten();
  /// Ends of turns whose order the full disk did not take. They have no number and are told once:
  /// should they not arrive, the order and its stop are said anew.
  std::vector<Event> take_unnumbered_news() { return std::exchange(unnumbered_news_, {}); }

  /// Begins turns that are due, a limited number of them; true: there are more.
  bool start_some();
  /// Children have ended.
  void reap();
  /// The guardian has seen children of an earlier launcher end.
  void read_guardian_exits();
  /// What is due by time: limits, grace, logs, trying again. Call it at `next_tick` at the latest.
  void tick();
  Span next_tick() const { return next_tick_; }  ///< since boot

  /// A task that is nobody's child here, waited for by its pidfd.
  struct Orphan {
    std::int64_t pid = 0;
    /// It has ended, but how is known only when its parent lets go of it: waited for until then.
    std::optional<Span> give_up;

    short events() const { return give_up ? 0 : POLLIN; }
  };
  /// By pidfd.
  const std::map<int, Orphan>& orphans() const { return orphans_; }
  /// Its pidfd has the event that was waited for.
  void orphan_ended(int pidfd);

  /// Gangs whose processes are becoming tasks of another person.
  struct Starting {
    std::uint64_t lane = 0;
    std::uint32_t index = 0;
    Span boot_before{0};
    Span until{0};  ///< it must be ready by then
    std::unique_ptr<PersonStart> start;
  };
  /// By the descriptor that is readable when there is something to hear.
  const std::map<int, Starting>& starting() const { return starting_; }
  void hear_start(int fd);
  /// Whether the next launcher would find all that is there: none waits for its beginning.
  bool may_be_left() const;

  /// Why nothing is started; empty: all is well.
  const std::string& trouble() const { return trouble_; }
  /// Job cards that nobody needs any more are forgotten.
  void forget_jobs();
  /// Daemons that no gang needs are told to end now. True: none is left, so that this process may.
  bool has_let_go();

 private:
  /// What is known of a running gang beyond the book, and found again by a new launcher.
  struct Care {
    std::vector<std::vector<std::string>> groups;
    std::optional<Span> deadline;     // of its time
    std::optional<Span> term_at;      // after a stop signal of its own
    std::optional<Span> kill_at;      // of its grace, then again and again
    std::optional<Span> clear_until;  // its tasks are over; waits for what they left behind
    std::vector<bool> trimmed;        // by task: stdout, stderr
    bool adopted = false;
  };
  static bool may_keep_fences(const Care& care);

  JobCard* card_of(JobId job);
  /// The most it may run; empty: no limit, or nobody knows.
  std::optional<Span> limit_of(const LiveGang& gang);
  Result<void> keep_node();
  Result<void> keep_card(JobCard& card);
  Result<void> keep_beside(JobId job);
  /// Of an order, those that this launcher does not know yet.
  std::vector<Range> new_turns(const StartMessage& message) const;
  void drop_unwritten(const StopMessage& message);
  bool begin_turn(Lane& lane);
  void keep_within(const RaisedFences& raised, const NodePart& part, GangRecipe& recipe) const;
  bool lease_devices(const Lane& lane, GangId id, GangRecipe& recipe);
  bool begin_mps(const Lane& lane, GangId id, const Job& job, GangRecipe& recipe);
  const RaisedFences& raise_fences(const Lane& lane, const Job& job);
  void lower_fences(std::uint64_t lane);
  void lower_groups(std::vector<std::vector<std::string>> groups);
  void adopt_devices(const LiveGang& gang);
  void let_go_of_devices(GangId id);
  void take_down(const Lane& lane, GangId id);
  void wake_for_mps();
  void wake_those_without_mps();
  void drop_unwanted_waits_for_mps();
  void rest(const Lane& lane, const std::string& why);
  void return_lane(const Lane& lane);
  void wake_resting(Span boot);
  void forget_lane(std::uint64_t number);
  void end_unstarted(const Lane& lane, std::uint32_t index, const Error& why);
  /// Whether this launcher may start it as the person whose it is.
  Result<void> may_start(const Job& job) const;
  void begin_as_person(const Lane& lane, std::uint32_t index, GangRecipe recipe,
                       const RaisedFences& raised);
  bool is_starting(std::uint64_t lane) const;
  bool is_wanted(const Starting& starting);
  bool believe_beginning(Starting& starting);
  void end_start(int fd, bool later);
  void let_begin(int fd);
  void give_up_start(int fd);
  void drop_unwanted_starts();
  void tick_starts(Span boot);
  void note_gone(std::int64_t pid);
  void hear_start_of(std::int64_t pid);
  bool is_becoming_task(std::int64_t pid) const;
  void fail_to_start(GangId gang, const std::string& why);
  const Meeting& meeting_of(const Lane& lane, std::uint32_t index);
  bool commit(const std::vector<Record>& records);
  void settle_boot();
  void adopt_gang(LiveGang& gang);
  bool watch_orphan(const LiveTask& task);
  void tick_orphans(Span boot);
  void care_for(LiveGang& gang, std::vector<std::vector<std::string>> groups);

  /// `boot`: of the machine when it was seen; empty: not known, or this one.
  bool note_exit(const ExitRecord& exit, const std::string& boot = "");
  StopRecord stop_for_failure(const LiveGang& gang, const LiveTask& task);
  void act_on_stop(const LiveGang& gang);
  void signal(const LiveGang& gang, int number);
  bool has_leftovers(const LiveGang& gang);
  void clear_shared_memory(const LiveGang& gang);
  void remember_group_places();
  void clear_earlier_groups();
  /// With what is known of it now; false if the journal cannot be written.
  bool end_gang(const LiveGang& gang, std::vector<Record> with);
  Ending ending_of(const LiveGang& gang);
  void read_earlier_exits();
  std::size_t note_exits(std::string_view bytes);
  void count_kernel_kills();
  bool kernel_kill_since(const LiveGang& gang);

  void tick_second(Span boot);
  void tick_gang(const LiveGang& gang, Span boot);
  /// Returns whether the gang has written nothing at all.
  bool trim_logs(const LiveGang& gang, Care& care);
  void reuse_logs(const Lane& lane, GangId next);
  void wake_by(Span boot);

  Ledger& ledger_;
  GangsSettings settings_;
  std::string boot_;  ///< of the machine, now
  const Span begun_ = since_boot();
  JobFiles files_;
  Cgroups cgroups_;
  Leases leases_;
  MpsDaemons mps_;
  Ports ports_;
  ChildList children_;
  Node node_;
  bool has_node_ = false;
  bool node_kept_ = true;        ///< on disk
  std::uint64_t node_turn_ = 0;  ///< grows as the node changes
  bool boot_is_settled_ = false;
  std::map<JobId, JobCard> cards_;
  /// What the turns of a lane share.
  struct LaneCare {
    Meeting meeting;
    Span checked{0};              // when its ports were seen to be free
    std::optional<GangId> quiet;  // ended just now and wrote nothing
    std::optional<RaisedFences> raised;
    std::uint64_t raised_for = 0;  // of node_turn_
  };
  std::map<std::uint64_t, LaneCare> lane_care_;
  std::unordered_map<GangId, Care> care_;
  std::deque<std::uint64_t> ready_;                  // lanes whose next turn may begin
  std::map<std::uint64_t, Span> resting_;            // lanes that are not ready before this
  std::map<std::uint64_t, GangId> waiting_for_mps_;  // of resting lanes; these keep their leases
  std::vector<StartMessage> unwritten_;              // orders that the full disk did not take
  std::map<GangId, StopMessage> unwritten_stops_;    // of turns whose order is written
  std::vector<Event> unnumbered_news_;
  std::vector<std::vector<std::vector<std::string>>> groups_to_lower_;
  std::vector<GroupPlace> group_places_;
  std::map<int, Orphan> orphans_;  // by pidfd
  std::map<int, Starting> starting_;
  std::vector<std::uint64_t> put_off_;  // lanes whose turn is tried again later: the disk was full
  std::size_t guardian_exits_read_ = 0;
  bool reap_again_ = false;
  std::string trouble_;
  Span next_tick_{0};
  Span next_second_{0};
  std::optional<std::uint64_t> kernel_kills_;
  Span last_kernel_kill_{0};
  Span kernel_looked_at_{0};
};

}  // namespace gangline
