#include "control/watching/feed.h"

#include <algorithm>

namespace gangline {
namespace {

constexpr std::size_t most_kept = 50'000;
constexpr std::size_t most_asked = 64;
constexpr Span longest_wait = minutes(10);

struct Fill {
  FeedEntry& entry;

  void gang(FeedKind kind, GangId id) const {
    entry.kind = kind;
    entry.job = id.job;
    entry.gang = id.index;
  }
  void several(FeedKind kind, JobId job, std::uint32_t first, std::uint32_t count) const {
    gang(kind, {job, first});
    if (count != 1) entry.count = count;
  }

  void operator()(const NodeSeen& e) const {
    entry.kind = FeedKind::node;
    entry.name = e.node.name;
  }
  void operator()(const ForeignUse& e) const {
    entry.kind = FeedKind::foreign;
    entry.says = e.holder;
  }
  void operator()(const JobSubmitted& e) const {
    entry.kind = FeedKind::submitted;
    entry.job = e.job.id;
    if (e.job.spec) entry.name = e.job.spec->name;
  }
  void operator()(const StartAsked& e) const {
    several(FeedKind::starting, e.job, e.first, e.count);
  }
  void operator()(const TurnsReturned& e) const {
    several(FeedKind::returned, e.job, e.first, e.count);
  }
  void operator()(const GangStarted& e) const { gang(FeedKind::started, e.gang); }
  void operator()(const GangEnded& e) const {
    gang(e.again ? FeedKind::again : FeedKind::ended, e.gang);
    entry.cause = e.ending.cause;
    entry.says = e.ending.detail;
  }
  void operator()(const StopAsked& e) const {
    entry.kind = FeedKind::stopping;
    entry.job = e.job;
    entry.gang = e.index;
    entry.says = e.reason;
  }
  void operator()(const RoomAsked& e) const { gang(FeedKind::making_room, e.gang); }
  void operator()(const WaitingEnded& e) const {
    entry.kind = FeedKind::never_ran;
    entry.job = e.job;
    entry.gang = e.index;
    entry.cause = e.ending.cause;
    entry.says = e.ending.detail;
  }
  void operator()(const Promised& e) const {
    gang(FeedKind::promised, e.gang);
    entry.when = e.start;
  }
  void operator()(const PromiseGivenUp& e) const {
    gang(FeedKind::promise_lost, e.gang);
    entry.says = e.cause;
  }
  void operator()(const LogTrimmed& e) const { gang(FeedKind::trimmed, e.gang); }
  void operator()(const GangMeasured& e) const { gang(FeedKind::measured, e.gang); }
};

}  // namespace

FeedEntry entry_of(std::uint64_t number, const Event& event) {
  FeedEntry entry;
  entry.number = number;
  entry.at = event.at;
  std::visit(Fill{entry}, event.body);
  return entry;
}

void Feed::add(const std::vector<const Event*>& stored) {
  std::uint64_t number = store_.last_event() - stored.size();
  for (const Event* event : stored) newest_.push_back(entry_of(++number, *event));
  while (newest_.size() > most_kept) newest_.pop_front();
}

Result<FeedPage> Feed::page(const FeedQuery& query) {
  if (of_.empty()) of_ = store_.name();
  FeedPage page;
  page.of = of_;
  page.newest = store_.last_event();
  if (!query.after) return page;
  const std::uint64_t after = *query.after;
  page.broken = after > page.newest || (!query.of.empty() && query.of != of_);
  if (page.broken || after == page.newest) return page;
  const std::size_t most = std::clamp(query.most, 1u, most_feed_entries);
  if (newest_.empty() || after + 1 < newest_.front().number) {
    auto older = store_.events_after(after, static_cast<std::uint32_t>(most));
    if (!older) return older.error();
    for (const auto& [number, event] : *older) page.entries.push_back(entry_of(number, event));
    return page;
  }
  auto next = newest_.begin() + static_cast<std::ptrdiff_t>(after + 1 - newest_.front().number);
  for (; next != newest_.end() && page.entries.size() < most; ++next) page.entries.push_back(*next);
  return page;
}

bool Feed::is_ready(const Asked& asked, Time now) const {
  return asked.until <= now || !asked.query.after || *asked.query.after != store_.last_event();
}

void Feed::ask(const FeedQuery& query, Time now, Reply<FeedPage> reply) {
  if (asked_.size() >= most_asked)
    return reply(Error{ErrorKind::refused,
                       std::to_string(most_asked) + " programs follow the feed already", "",
                       "follow /v1/events of `gang serve` instead, which is for many"});
  const Span longest = std::clamp(query.longest, Span{0}, longest_wait);
  asked_.push_back({query, now + longest, std::move(reply)});
  answer(now);
}

void Feed::answer(Time now) {
  std::list<Asked> ready;
  for (auto it = asked_.begin(); it != asked_.end();) {
    const auto next = std::next(it);
    if (is_ready(*it, now)) ready.splice(ready.end(), asked_, it);
    it = next;
  }
  for (Asked& asked : ready) asked.reply(page(asked.query));
}

}  // namespace gangline
