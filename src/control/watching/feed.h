// The newest events as those hear of them who watch.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <string>
#include <vector>

#include "model/event.h"
#include "model/follow.h"
#include "service/service.h"
#include "store/store.h"

namespace gangline {

/// The event under the number that the store gave it.
FeedEntry entry_of(std::uint64_t number, const Event& event);

/// Keeps the newest entries in memory; older ones are read from the store.
class Feed {
 public:
  /// `store` must outlive it.
  explicit Feed(Store& store) : store_(store) {}

  /// These are on disk now, the last of them under the store's newest number.
  void add(const std::vector<const Event*>& stored);
  /// Answers now if there is something to tell or nothing to wait for; else keeps the question.
  void ask(const FeedQuery& query, Time now, Reply<FeedPage> reply);
  /// Answers what can be answered and what has waited long enough.
  void answer(Time now);
  bool somebody_waits() const { return !asked_.empty(); }

 private:
  struct Asked {
    FeedQuery query;
    Time until;
    Reply<FeedPage> reply;
  };
  Result<FeedPage> page(const FeedQuery& query);
  bool is_ready(const Asked& asked, Time now) const;

  Store& store_;
  std::string of_;  ///< the store's name, once it was asked for
  std::deque<FeedEntry> newest_;
  std::list<Asked> asked_;
};

}  // namespace gangline
