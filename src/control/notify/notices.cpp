#include "control/notify/notices.h"

#include <algorithm>
#include <iterator>

#include "base/text.h"

namespace gangline {
namespace {

constexpr const char* note_key = "untold";
constexpr Span minute = minutes(1);

bool wants(NotifyOn on, bool ended_well) {
  return on == NotifyOn::end || (on == NotifyOn::failure && !ended_well);
}

constexpr NotifyWay all_ways[] = {NotifyWay::command, NotifyWay::hook, NotifyWay::mail};

/// "7", or "7:command,mail" where these are done.
std::string written(JobId job, const std::set<NotifyWay>& told) {
  std::string text = format(job);
  for (const NotifyWay way : told)
    text += (way == *told.begin() ? ":" : ",") + std::string(name_of(way));
  return text;
}

std::set<NotifyWay> read_told(std::string_view words) {
  std::set<NotifyWay> told;
  for (const std::string_view word : split(words, ','))
    for (const NotifyWay way : all_ways)
      if (word == name_of(way)) told.insert(way);
  return told;
}

bool went_well(const JobSummary& end) { return end.ended_badly + end.never_ran == 0; }

}  // namespace

const char* name_of(NotifyWay way) {
  switch (way) {
    case NotifyWay::command: return "command";
    case NotifyWay::hook: return "hook";
    case NotifyWay::mail: return "mail";
  }
  return "command";
}

std::vector<NotifyWay> ways_of(const NotifySettings& settings, const JobSpec& spec,
                               bool of_another_person, bool ended_well) {
  const NotifyOn said = spec.notify.value_or(settings.on);
  const NotifyOn of_programs = of_another_person ? settings.on : said;
  std::vector<NotifyWay> ways;
  if (!settings.command.empty() && wants(of_programs, ended_well))
    ways.push_back(NotifyWay::command);
  if (!settings.hook.empty() && wants(of_programs, ended_well)) ways.push_back(NotifyWay::hook);
  if (settings.mail && wants(said, ended_well)) ways.push_back(NotifyWay::mail);
  return ways;
}

std::optional<Error> why_nobody_is_told(const NotifySettings& settings, const JobSpec& spec,
                                        bool of_another_person) {
  if (!spec.notify || *spec.notify == NotifyOn::no_end) return std::nullopt;
  if (of_another_person ? settings.mail : settings.any()) return std::nullopt;
  return Error{ErrorKind::refused,
               std::string("the config file of the service names no way to tell ") +
                   (of_another_person ? "people by mail" : "anybody"),
               "notify",
               of_another_person
                   ? "leave notify out, or ask an operator for mail = true in [notify]"
                   : "leave notify out, or set command, hook or mail in [notify]"};
}

Notices::Notices(World& world, Store& store, const NotifySettings& settings,
                 std::function<void()> stored_soon)
    : world_(world), store_(store), settings_(settings), stored_soon_(std::move(stored_soon)) {}

Notices::~Notices() { *alive_ = false; }

void Notices::begin() {
  const std::string kept = store_.note(note_key);
  for (const std::string_view word : split(kept, ' '))
    if (const auto number = parse_number(word.substr(0, word.find(':')))) {
      const auto summary = store_.summary(JobId{*number});
      const bool known = summary && *summary;
      Untold untold{known ? (*summary)->owner : ""};
      if (const auto colon = word.find(':'); colon != word.npos)
        untold.told = read_told(word.substr(colon + 1));
      remember(JobId{*number}, std::move(untold));
      // One that has not ended is told when it does.
      if (known && (*summary)->phase == GangPhase::ended) queue(JobId{*number});
    }
  pump();
}

bool Notices::is_wanted(const JobState& job) const {
  const bool well = job.ended_badly + job.never_ran == 0;
  return messenger_ != nullptr &&
         !ways_of(settings_, *job.job.spec, job.job.person != nullptr, well).empty();
}

void Notices::ends(const JobState& job) {
  if (untold_.contains(job.job.id) || untold_.size() >= most_waiting || !is_wanted(job)) return;
  const auto person = people_.find(job.job.owner);
  if (job.job.person && person != people_.end() && person->second.untold >= most_waiting_of_one)
    return;
  remember(job.job.id, {job.job.owner});
  changed_ = true;
}

void Notices::remember(JobId job, Untold untold) {
  const std::string owner = untold.owner;
  if (untold_.emplace(job, std::move(untold)).second) ++people_[owner].untold;
}

void Notices::forget(JobId job) {
  changed_ = true;
  const auto found = untold_.find(job);
  if (found == untold_.end()) return;
  const auto person = people_.find(found->second.owner);
  if (--person->second.untold == 0) people_.erase(person);
  untold_.erase(found);
}

void Notices::keep() {
  if (!changed_) return;
  std::string all;
  for (const auto& [job, untold] : untold_)
    all += (all.empty() ? "" : " ") + written(job, untold.told);
  store_.put_note(note_key, all);
}

void Notices::is_stored(const JobState& job) {
  if (!untold_.contains(job.job.id)) {
    left_out_ += is_wanted(job) ? 1 : 0;
    return;
  }
  queue(job.job.id);
  pump();
}

void Notices::queue(JobId job) {
  const auto stored = store_.find(job);
  if (!stored || !*stored) return forget(job);
  const auto& [asked, end] = **stored;
  const auto shared = std::make_shared<const JobSummary>(end);
  Untold& untold = untold_[job];
  for (const NotifyWay way :
       ways_of(settings_, *asked.spec, asked.person != nullptr, went_well(end))) {
    if (untold.told.contains(way)) continue;
    waiting_.push_back(std::make_shared<Notice>(Notice{shared, way}));
    ++untold.left;
  }
  if (untold.left > 0) return;
  forget(job);  // the config file says otherwise by now
  stored_soon_();
}

/// At most so many are begun in a minute; false: not now, `pump` is called again then.
bool Notices::may_begin() {
  const Time now = world_.now();
  if (now - minute_ >= minute || now < minute_) {
    minute_ = now;
    in_minute_ = 0;
  }
  if (in_minute_ < most_a_minute) {
    ++in_minute_;
    return true;
  }
  if (!std::exchange(pump_due_, true))
    world_.call_later(minute_ + minute - now, [this, alive = alive_] {
      if (!*alive) return;
      pump_due_ = false;
      pump();
    });
  return false;
}

void Notices::pump() {
  if (messenger_ == nullptr) return;
  while (under_way_ < most_at_once && !waiting_.empty()) {
    if (!may_begin()) return;
    const auto notice = take_next();
    ++under_way_;
    messenger_->send(notice->way, *notice->end,
                     [this, alive = alive_, notice](const Result<void>& outcome) {
                       if (*alive) heard(notice, outcome);
                     });
  }
}

void Notices::heard(const std::shared_ptr<Notice>& notice, const Result<void>& outcome) {
  --under_way_;
  const NotifyWay way = notice->way;
  if (!outcome && way == NotifyWay::hook && notice->tries < std::size(tries_after)) {
    world_.call_later(tries_after[notice->tries++], [this, alive = alive_, notice] {
      if (!*alive) return;
      waiting_.push_back(notice);
      pump();
    });
    return pump();
  }
  if (!outcome) {
    ++failed_;
    newest_failure_ = "of job " + format(notice->end->id) + " nobody was told by " +
                      std::string(name_of(way)) + ": " + outcome.error().sentence();
  }
  if (const auto found = untold_.find(notice->end->id); found != untold_.end()) {
    found->second.told.insert(way);
    changed_ = true;
    if (--found->second.left == 0) forget(notice->end->id);
    stored_soon_();
  }
  pump();
}

std::shared_ptr<Notices::Notice> Notices::take_next() {
  const auto turn = [this](const std::shared_ptr<Notice>& notice) {
    const auto person = people_.find(notice->end->owner);
    return person != people_.end() ? person->second.turn : 0;
  };
  const auto next =
      std::min_element(waiting_.begin(), waiting_.end(),
                       [&](const auto& a, const auto& b) { return turn(a) < turn(b); });
  auto notice = *next;
  waiting_.erase(next);
  if (const auto person = people_.find(notice->end->owner); person != people_.end())
    person->second.turn = ++turn_;
  return notice;
}

std::vector<std::string> Notices::notes() const {
  std::vector<std::string> notes;
  if (left_out_ > 0)
    notes.push_back("of " + std::to_string(left_out_) + " jobs nobody was told, as " +
                    std::to_string(most_waiting) + " ends waited to be told");
  if (failed_ > 0)
    notes.push_back(newest_failure_ +
                    (failed_ > 1 ? " (" + std::to_string(failed_ - 1) + " before)" : ""));
  return notes;
}

}  // namespace gangline
