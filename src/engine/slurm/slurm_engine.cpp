#include "engine/slurm/slurm_engine.h"

#include <algorithm>
#include <filesystem>

#include "base/text.h"
#include "engine/slurm/fidelity.h"
#include "engine/slurm/pilot/by_itself.h"
#include "engine/slurm/sbatch_script.h"
#include "launch/job_files.h"
#include "os/clock.h"

namespace gangline {
namespace {

constexpr Span between_looks_at_nodes = seconds(30);
constexpr std::size_t most_explanations = 8;  // at a time: each asks Slurm many times

}  // namespace

SlurmEngine::SlurmEngine(Loop& loop, SlurmEngineSettings settings)
    : loop_(loop),
      settings_(std::move(settings)),
      calls_(loop, settings_.environment),
      pilots_(loop, calls_,
              {settings_.state_dir, settings_.gang_program, settings_.id, settings_.profile},
              {[this](Time at, EventBody body) { tell(at, std::move(body)); },
               [this](const std::string& host) -> const Node* {
                 const auto found = std::find_if(nodes_.begin(), nodes_.end(),
                                                 [&](const Node& one) { return one.name == host; });
                 return found == nodes_.end() ? nullptr : &*found;
               },
               [this] { return nodes_.empty() ? std::string() : nodes_.front().name; }}) {}

SlurmEngine::~SlurmEngine() = default;

void SlurmEngine::tell(Time at, EventBody body) {
  events_.push_back({at, std::move(body)});
  ++told_;
  if (wake_) wake_();
}

// Nodes.

Result<void> SlurmEngine::ask_site() {
  std::vector<std::string> said;
  for (const auto& words : {config_words(), partitions_words(), nodes_words()}) {
    auto output = said_by(words.front(), calls_.ask_now(words));
    if (!output) return output.error();
    said.push_back(*std::move(output));
  }
  auto site = read_slurm_site(said[0], said[1], said[2]);
  if (!site) return site.error();
  site_ = *std::move(site);
  site_.usual = settings_.profile.usual;
  nodes_ = read_slurm_nodes(said[2]);
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
  calls_.ask(nodes_words(), [this](const Result<ProgramAnswer>& answer) {
    if (const auto text = said_by("scontrol", answer)) hear_nodes(*text);
  });
}

std::optional<Error> SlurmEngine::refuses(const JobSpec& spec) const {
  if (site_.version.empty()) return no_site_;
  if (spec.pilot && spec.launcher == TeamLauncher::mpi)
    return Error{ErrorKind::refused, "launcher \"mpi\" does not start on the nodes of a pilot",
                 "launcher", "leave out pilot: Slurm's own MPI starts it then"};
  if (spec.pilot) return std::nullopt;
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
  translation.script = sbatch_script(
      spec, 0, gang_count(spec), site_,
      {settings_.gang_program, settings_.state_dir + "/jobs/<job>/slurm/<tag>", "<tag>",
       alternative_for(spec, site_), settings_.state_dir + "/jobs/<job>/slurm/<tag>/slurm-%a.out"});
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
  to_send_.push_back(tag);
  sendings_.emplace(tag, *std::move(made));
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

EngineWait SlurmEngine::wait_of(GangId gang) const {
  const OpenSending* sending = find(gang);
  if (sending == nullptr) return {};
  if (!sending->trouble.empty()) return {sending->trouble, {}};
  for (const SentWait& wait : sending->waits) {
    const std::uint32_t element = gang.index - sending->order.first;
    const bool meant =
        wait.elements.empty() ||
        std::any_of(wait.elements.begin(), wait.elements.end(), [&](const ElementRange& range) {
          return range.begin <= element && element < range.end;
        });
    if (meant)
      return {
          "Slurm job " + sending->name_in_slurm(gang.index) + ": " + reason_in_words(wait.reason),
          wait.expected};
  }
  if (sending->numbers.empty()) return {"it is being handed to Slurm", {}};
  return {"Slurm job " + sending->name_in_slurm(gang.index) + " has not begun", {}};
}

void SlurmEngine::explain(GangId gang, std::function<void(EngineWhy)> tell) {
  const OpenSending* sending = find(gang);
  EngineWait wait = wait_of(gang);
  EngineWhy known{std::move(wait.reason), wait.expected};
  const bool is_in_slurm = sending != nullptr && sending->trouble.empty() &&
                           !sending->numbers.empty() && !site_.version.empty() &&
                           explanations_.size() < most_explanations;
  if (!is_in_slurm) return tell(std::move(known));
  const std::uint64_t number = ++explained_;
  auto give = [this, number, tell = std::move(tell)](EngineWhy why) {
    // It ends with this call, which it makes.
    loop_.post([this, number] { explanations_.erase(number); });
    tell(std::move(why));
  };
  explanations_[number] = std::make_unique<SlurmExplanation>(
      calls_, site_, nodes_,
      SlurmExplanation::About{*sending->order.job.spec, sending->order.alternative,
                              sending->files.directory(), settings_.gang_program,
                              sending->numbers.back(), std::move(known)},
      std::move(give));
}

std::vector<std::string> SlurmEngine::notes_of(GangId gang) const {
  const OpenSending* sending = find(gang);
  if (sending == nullptr) return {};
  std::vector<std::string> notes;
  const SentGang& known = sending->gang(gang.index);
  const std::uint32_t element = gang.index - sending->order.first;
  if (sending->times_forgotten > 0)
    notes.push_back("Slurm took it and forgot it, so it was sent again" +
                    (sending->times_forgotten > 1
                         ? " (" + std::to_string(sending->times_forgotten) + " times)"
                         : std::string()));
  for (const ElementRange& range : sending->suspended)
    if (range.begin <= element && element < range.end)
      notes.emplace_back("somebody has suspended it in Slurm: its processes stand still");
  if (known.phase == SentPhase::begun && known.gone_since && !known.stop)
    notes.push_back("Slurm says that it is over or knows nothing of it; " +
                    std::string(since_boot() - known.sign_changed < seconds(5)
                                    ? "its processes live on"
                                    : "what became of it is being looked for"));
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

std::string SlurmEngine::output_of(const JobSpec& spec, GangId gang) const {
  return JobFiles(settings_.state_dir).output(spec, gang);
}

}  // namespace gangline
