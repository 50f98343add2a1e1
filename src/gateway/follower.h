// Follows what happens in the service by one long question after the other.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "model/follow.h"
#include "os/loop.h"
#include "os/web/call_pool.h"

namespace gangline {

/// Who is told. Never from within a call of the Follower's.
struct FollowerNews {
  /// What came after the number `after` of the store `of`, oldest first; perhaps nothing.
  std::function<void(const std::string& of, std::uint64_t after, std::vector<FeedEntry>)> entries;
  /// What was known before says nothing of what is now: it goes on from `newest` of the store `of`.
  std::function<void(const std::string& of, std::uint64_t newest)> begins;
  /// It cannot be asked; it can be asked again.
  std::function<void(const Error&)> gone;
  std::function<void()> back;
  std::function<std::size_t()> listeners;  ///< how many hear of each entry
};

class Follower {
 public:
  Follower(Loop& loop, CallPool& pool, FollowerNews news);

  bool reaches() const { return reaches_; }

 private:
  void ask();
  void ask_later(Span pause);
  void hear(const Result<HttpAnswer>& answer);

  Loop& loop_;
  CallPool& pool_;
  FollowerNews news_;
  std::string of_;
  std::uint64_t newest_ = 0;
  bool knows_ = false, reaches_ = true;
  CallPool::Ticket asked_;
  Loop::WatchPtr later_;
};

/// The question for a page of the feed.
std::string feed_target(const std::string& of, std::uint64_t after, Span longest);

}  // namespace gangline
