#include "engine/slurm/slurm_engine.h"

#include <algorithm>
#include <filesystem>

#include "base/text.h"
#include "engine/slurm/fidelity.h"
#include "engine/slurm/pilot/by_itself.h"
#include "engine/slurm/rest/ways.h"
#include "engine/slurm/sbatch_script.h"
#include "engine/slurm/site/features.h"
#include "engine/slurm/site/room.h"
#include "launch/job_files.h"
#include "os/clock.h"

namespace gangline {
namespace {

constexpr Span between_looks_at_nodes = seconds(30);
constexpr std::size_t most_explanations = 8;  // at a time: each asks Slurm many times
constexpr Span crossed_within = seconds(2);   // an answer of Slurm may be older than the start
constexpr const char* suspended_in_slurm =
    "it is suspended in Slurm, by somebody or for another job: its processes stand still";

}  // namespace

SlurmEngine::SlurmEngine(Loop& loop, SlurmEngineSettings settings)
    : loop_(loop),
      settings_(std::move(settings)),
      slurm_(make_slurm(loop, settings_.environment)),
      pilots_(loop, *slurm_,
              {settings_.state_dir, settings_.gang_program, settings_.id, settings_.hurry,
               settings_.profile},
              {[this](Time at, EventBody body) { tell(at, std::move(body)); },
               [this](const std::string& host) -> const Node* {
                 const auto found = std::find_if(nodes_.begin(), nodes_.end(),
                                                 [&](const Node& one) { return one.name == host; });
                 return found == nodes_.end() ? nullptr : &*found;
               },
               [this] { return nodes_.empty() ? std::string() : nodes_.front().name; },
               [this] { return pilot_work_ && pilot_work_(); }}) {}

SlurmEngine::~SlurmEngine() = default;

void SlurmEngine::tell(Time at, EventBody body) {
  events_.push_back({at, std::move(body)});
  ++told_;
  if (wake_) wake_();
}

// Nodes.

Result<void> SlurmEngine::ask_site() {
  auto seen = slurm_->ask_site();
  if (!seen) return seen.error();
  site_ = std::move(seen->site);
  site_.usual = settings_.profile.usual;
  heed_constraint(site_, seen->nodes);
  nodes_ = nodes_of(seen->nodes);
  return {};
}

Result<std::vector<Node>> SlurmEngine::describe_nodes() {
  if (site_.version.empty()) {
    const auto asked = ask_site();
    trouble_ = asked ? "" : asked.error().sentence();
    if (!asked) no_site_ = asked.error();
    if (!next_nodes_)
      next_nodes_ = loop_.every(between_looks_at_nodes, [this] { look_at_nodes(); });
    if (!asked) return asked.error();
  }
  // Slurm places on its own nodes, and we on those that it has lent us.
  std::vector<Node> all = nodes_;
  for (Node& node : all) node.elsewhere = true;
  for (Node& node : pilots_.nodes()) all.push_back(std::move(node));
  return all;
}

void SlurmEngine::adopt_node(NodeId id, const Node& node) {
  if (node.elsewhere) ids_[node.name] = id;
  else pilots_.adopt(id, node);
}

std::string SlurmEngine::lacks(const JobSpec& spec) const {
  return spec.pilot ? pilots_.lacks() : "";
}

std::optional<PilotRequest> SlurmEngine::pilot_for(const JobSpec& spec) const {
  return pilot_by_itself(spec, settings_.profile, site_, nodes_);
}

void SlurmEngine::ask_pilot(const PilotRequest& request, PilotReply reply) {
  pilots_.ask(request, reply);
}

void SlurmEngine::stop_pilot(std::uint64_t number, PilotReply reply) {
  pilots_.stop_pilot(number, reply);
}

void SlurmEngine::look_at_nodes() {
  if (site_.version.empty()) {
    if (describe_nodes() && !nodes_.empty()) tell(now(), NodeSeen{NodeId{}, nodes_.front()});
    return;
  }
  slurm_->ask_nodes([this](const auto& seen) {
    if (seen) hear_nodes(*seen);
  });
}

std::optional<Error> SlurmEngine::refuses(const JobSpec& spec) const {
  if (site_.version.empty()) return no_site_;
  if (spec.pilot && spec.launcher == TeamLauncher::mpi)
    return Error{ErrorKind::refused, "launcher \"mpi\" does not start on the nodes of a pilot",
                 "launcher", "leave out pilot: Slurm's own MPI starts it then"};
  if (spec.pilot) return std::nullopt;
  // First, for leaving out what is impossible makes no room.
  if (auto none = never_has_room(spec, alternative_for(spec, site_), site_, nodes_))
    return Error{ErrorKind::refused, std::move(none->why), std::move(none->field),
                 "`gang nodes --on slurm` shows what there is"};
  const auto possible = gangline::refuses(fidelity_of(spec, site_), spec.lossy);
  if (!possible) return possible.error();
  return std::nullopt;
}

Result<Translation> SlurmEngine::translate(const JobSpec& spec) const {
  if (site_.version.empty()) return *refuses(spec);
  if (const auto pilot = pilot_for(spec); pilot || spec.pilot)
    return translated_for_pilot(spec, pilot, settings_.profile.usual, settings_.gang_program,
                                settings_.state_dir);
  Translation translation;
  for (const FidelityRow& row : fidelity_of(spec, site_))
    translation.fields.push_back({row.field, name_of(row.how), row.says});
  if (auto none = never_has_room(spec, alternative_for(spec, site_), site_, nodes_)) {
    std::erase_if(translation.fields,
                  [&](const FieldTranslated& other) { return other.field == none->field; });
    translation.fields.push_back(
        {std::move(none->field), name_of(Fidelity::too_much), std::move(none->why)});
  }
  const std::string directory = settings_.state_dir + "/jobs/<job>/slurm/<tag>";
  ScriptParts parts{settings_.gang_program, directory, "<tag>", alternative_for(spec, site_),
                    directory + "/slurm-%a.out"};
  if (!spec.after.empty()) parts.dependency = "afterok";
  for (const std::string& job : spec.after) parts.dependency += ":<" + job + ">";
  translation.script = sbatch_script(spec, 0, gang_count(spec), site_, parts);
  if (!spec.gather) return translation;
  parts.dependency = "afterok:<the job above>";
  translation.script += "\n" + sbatch_script(spec, gather_index(spec), 1, site_, parts);
  return translation;
}

// Gangs.

OpenSending* SlurmEngine::find(GangId gang, std::uint32_t attempt) const {
  for (const auto& [tag, sending] : sendings_)
    if (sending->holds(gang, attempt)) return sending.get();
  return nullptr;
}

OpenSending* SlurmEngine::find(GangId gang) const {
  for (const auto& [tag, sending] : sendings_)
    if (sending->order.job.id == gang.job && sending->has(gang.index) &&
        sending->gang(gang.index).phase != SentPhase::ended)
      return sending.get();
  return nullptr;
}

void SlurmEngine::start(const StartOrder& order) {
  if (!order.allocation->parts.empty()) return pilots_.start(order);
  learn_awaited(order);
  // What is known of these gangs with this attempt is not asked for again.
  std::uint32_t first = order.first;
  const std::uint32_t end = order.first + order.count;
  while (first < end) {
    if (find({order.job.id, first}, order.attempt) != nullptr) {
      ++first;
      continue;
    }
    std::uint32_t next = first + 1;
    while (next < end && find({order.job.id, next}, order.attempt) == nullptr) ++next;
    for (const ArrayCut& cut :
         cut_for_arrays(first, next - first, std::min(site_.max_array_size, site_.max_array_tasks)))
      add(order, cut.first, cut.count);
    first = next;
  }
  send_next();
  look_later();
}

/// What it comes after may have become less since it was asked for.
void SlurmEngine::learn_awaited(const StartOrder& order) {
  for (const auto& [tag, sending] : sendings_)
    if (sending->order.job.id == order.job.id && sending->order.attempt == order.attempt &&
        sending->order.first >= order.first && sending->order.first - order.first < order.count)
      sending->after = order.after;
}

void SlurmEngine::add(const StartOrder& order, std::uint32_t first, std::uint32_t count) {
  SendingOrder sent{order.job,
                    first,
                    count,
                    order.attempt,
                    alternative_for(*order.job.spec, site_),
                    settings_.state_dir,
                    settings_.id};
  auto made = make_sending(sent);
  if (!made) {
    // It never was: each of its gangs is told to have failed to start.
    for (std::uint32_t index = first; index < first + count; ++index) {
      Ending ending;
      ending.cause = EndCause::not_started;
      ending.detail = made.error().sentence();
      tell(now(), GangEnded{{order.job.id, index}, order.attempt, Time{0}, ending, false});
    }
    return;
  }
  const std::string tag = (*made)->tag;
  (*made)->after = order.after;
  for (std::uint32_t index = first; index < first + count; ++index)
    (*made)->held = held_back_.erase({order.job.id, index}) > 0 || (*made)->held;
  send_last(*sendings_.emplace(tag, *std::move(made)).first->second);
}

void SlurmEngine::resume(const std::string& cursor, const std::vector<StartOrder>& asked) {
  std::set<JobId> jobs;
  for (const StartOrder& order : asked) jobs.insert(order.job.id);
  const auto is_asked = [&](GangId gang, std::uint32_t attempt) {
    return std::any_of(asked.begin(), asked.end(), [&](const StartOrder& order) {
      return order.job.id == gang.job && order.attempt == attempt && order.first <= gang.index &&
             gang.index - order.first < order.count;
    });
  };
  for (const JobId job : jobs)
    for (auto& sending : find_sendings(settings_.state_dir, job)) {
      for (std::uint32_t i = 0; i < sending->order.count; ++i)
        if (!is_asked(sending->id_of(sending->order.first + i), sending->order.attempt)) {
          sending->gangs[i].phase = SentPhase::ended;
          --sending->open;
        }
      if (sending->open == 0) continue;
      for (std::uint32_t i = 0; i < sending->order.count; ++i)
        believe_claim(*sending, sending->order.first + i);
      const std::string tag = sending->tag;
      sendings_.emplace(tag, std::move(sending));
    }
  for (const StartOrder& order : asked)
    if (order.allocation->parts.empty()) start(order);
  pilots_.resume(cursor, asked);
  if (!sendings_.empty()) look();
}

void SlurmEngine::return_turns(JobId job, std::uint32_t first, std::uint32_t count) {
  // What was handed over to Slurm waits there for itself.
  pilots_.return_turns(job, first, count);
}

namespace {

std::string wait_for(const OpenSending& sending, GangId gang) {
  const JobId first = sending.after.front();
  const std::string in_slurm =
      sending.numbers.empty()
          ? ""
          : "; Slurm job " + sending.name_in_slurm(gang.index) + " waits for it";
  if (first == gang.job) return "the gather waits for the other gangs of the job" + in_slurm;
  return "it starts after job " + format(first) + " has ended well" + in_slurm;
}

}  // namespace

EngineWait SlurmEngine::wait_of(GangId gang) const {
  const OpenSending* sending = find(gang);
  if (sending == nullptr) return {};
  if (!sending->trouble.empty()) return {sending->trouble, {}};
  if (!sending->after.empty()) return {wait_for(*sending, gang), {}};
  if (sending->numbers.empty()) return {"it is being handed to Slurm", {}};
  const std::string front = "Slurm job " + sending->name_in_slurm(gang.index) + ": ";
  const SentWait* wait = sending->wait_of(gang.index);
  // Slurm gives no reason before it has looked at a job.
  if (wait != nullptr && !wait->reason.empty())
    return {front + reason_in_words(wait->reason) +
                (sending->held && is_held(wait->reason)
                     ? "; its last run was put back and held by somebody, so it was sent held"
                     : ""),
            wait->expected};
  if (sending->gang(gang.index).gone_since)
    return {front + "it is over, or Slurm has lost it; what became of it is being looked for", {}};
  return {front + "it has just been sent, and Slurm has not looked at it yet", {}};
}

void SlurmEngine::explain(GangId gang, std::function<void(EngineWhy)> tell) {
  look_at_use([this, gang, tell = std::move(tell)] { explain_now(gang, tell); });
}

void SlurmEngine::explain_now(GangId gang, std::function<void(EngineWhy)> tell) {
  const OpenSending* sending = find(gang);
  EngineWait wait = wait_of(gang);
  EngineWhy known{std::move(wait.reason), wait.expected};
  const bool is_in_slurm = sending != nullptr && sending->trouble.empty() &&
                           sending->after.empty() && !sending->numbers.empty() &&
                           !site_.version.empty() && explanations_.size() < most_explanations;
  if (!is_in_slurm) return tell(std::move(known));
  const SentWait* waits = sending->wait_of(gang.index);
  if (waits == nullptr) return tell(std::move(known));
  if (!could_start_with_less(waits->reason)) {
    if (!known.expected)
      known.expected_because = "Slurm plans no start for it, and asking for less would not help";
    return tell(std::move(known));
  }
  const std::uint64_t number = ++explained_;
  auto give = [this, number, tell = std::move(tell)](EngineWhy why) {
    // It ends with this call, which it makes.
    loop_.post([this, number] { explanations_.erase(number); });
    tell(std::move(why));
  };
  explanations_[number] = std::make_unique<SlurmExplanation>(
      *slurm_, site_, nodes_,
      SlurmExplanation::About{*sending->order.job.spec, sending->order.alternative,
                              sending->files.directory(), settings_.gang_program,
                              sending->numbers.back(), std::move(known), partitions_with_room()},
      std::move(give));
}

/// Those where a job that asks for next to nothing could start now.
std::set<std::string> SlurmEngine::partitions_with_room() const {
  std::set<std::string> with_room;
  for (const Node& node : nodes_) {
    const auto id = ids_.find(node.name);
    const auto use = id != ids_.end() ? uses_.find(id->second) : uses_.end();
    if (!node.up || use == uses_.end() || use->second.cpus_held >= cpus_of(node)) continue;
    if (node.memory.n > 0 && use->second.memory_held >= node.memory) continue;
    for (const PartitionView& partition : use->second.partitions)
      if (partition.up) with_room.insert(partition.name);
  }
  return with_room;
}

std::string SlurmEngine::stands_still(JobId job) const {
  for (const auto& [tag, sending] : sendings_)
    if (sending->order.job.id == job && !sending->suspended.empty()) return suspended_in_slurm;
  return {};
}

std::vector<std::string> SlurmEngine::notes_of(GangId gang) const {
  const OpenSending* sending = find(gang);
  if (sending == nullptr) return {};
  std::vector<std::string> notes;
  const SentGang& known = sending->gang(gang.index);
  if (sending->times_forgotten > 0)
    notes.push_back("Slurm took it and forgot it, so it was sent again" +
                    (sending->times_forgotten > 1
                         ? " (" + std::to_string(sending->times_forgotten) + " times)"
                         : std::string()));
  if (sending->is_suspended(gang.index)) notes.emplace_back(suspended_in_slurm);
  if (known.phase == SentPhase::begun && known.gone_since && !known.stop &&
      now() - *known.gone_since > crossed_within)
    notes.push_back("Slurm says that it is over or knows nothing of it; " +
                    std::string(since_boot() - known.sign_changed < seconds(5)
                                    ? "its processes live on"
                                    : "what became of it is being looked for"));
  if (known.gone_since && !accounts_trouble_.empty())
    notes.push_back("Slurm's accounts do not say what became of it: " + accounts_trouble_);
  if (known.phase == SentPhase::begun && !trouble_.empty())
    notes.push_back("Slurm does not say how it is: " + trouble_);
  return notes;
}

// What came of them.

News SlurmEngine::poll(Time) {
  return {std::exchange(events_, {}), std::to_string(told_) + ";" + pilots_.cursor()};
}

void SlurmEngine::acknowledge(const std::string& cursor) {
  pilots_.acknowledge(cursor);
  const std::uint64_t until = parse_number(cursor.substr(0, cursor.find(';'))).value_or(0);
  std::map<OpenSending*, std::vector<std::uint32_t>> started;
  std::erase_if(unstored_starts_, [&](const auto& start) {
    if (start.first > until) return false;
    if (OpenSending* sending = find(start.second)) started[sending].push_back(start.second.index);
    return true;
  });
  // A start that is told twice changes nothing, so a full disk is no reason to complain.
  for (const auto& [sending, gangs] : started) (void)note_told(*sending, gangs).ok();
  std::erase_if(unstored_ends_, [&](const auto& ended) {
    if (ended.first > until) return false;
    std::error_code ignored;
    std::filesystem::remove_all(ended.second, ignored);
    return true;
  });
}

Result<LogChunk> SlurmEngine::read_log(const LogQuery& query) {
  return read_task_log(JobFiles(settings_.state_dir), query);
}

Result<std::string> SlurmEngine::read_output(const JobSpec& spec, GangId gang,
                                             std::size_t most) const {
  return read_beginning(JobFiles(settings_.state_dir).output(spec, gang), most);
}

std::string SlurmEngine::output_of(const JobSpec& spec, GangId gang) const {
  return JobFiles(settings_.state_dir).output(spec, gang);
}

}  // namespace gangline
