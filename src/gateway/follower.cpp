#include "gateway/follower.h"

#include <algorithm>

#include "gateway/limits.h"
#include "json/json.h"
#include "os/url.h"

namespace gangline {
namespace {

constexpr Span longest_feed = seconds(20);
// What happens within this goes to everybody in one piece.
constexpr Span gathers = milliseconds(50);
// Each piece costs a write for each listener, so for many there are fewer pieces.
constexpr std::int64_t gathers_more_for_each_us = 350;
constexpr Span longest_gathering = milliseconds(400);
constexpr Span pause_while_gone = milliseconds(250);
constexpr unsigned entries_at_once = 5'000;

}  // namespace

std::string feed_target(const std::string& of, std::uint64_t after, Span longest) {
  return "/v1/feed?of=" + url_encoded(of) + "&after=" + std::to_string(after) +
         "&most=" + std::to_string(entries_at_once) + "&us=" + std::to_string(longest.us);
}

Follower::Follower(Loop& loop, CallPool& pool, FollowerNews news)
    : loop_(loop), pool_(pool), news_(std::move(news)) {
  ask();
}

void Follower::ask() {
  HttpCall call{"GET", knows_ ? feed_target(of_, newest_, longest_feed) : "/v1/feed"};
  call.deadline = longest_feed + longest_call;
  call.most_answer = most_answer_bytes;
  asked_ = pool_.ask_apart(std::move(call), [this](const auto& answer) { hear(answer); });
}

void Follower::ask_later(Span pause) {
  later_ = loop_.after(pause, [this] { ask(); });
}

void Follower::hear(const Result<HttpAnswer>& answer) {
  auto page = !answer                 ? Result<FeedPage>(answer.error())
              : answer->status == 200 ? from_json<FeedPage>(answer->body)
                                      : Result<FeedPage>(error_from_json(answer->body));
  if (!page) {
    if (std::exchange(reaches_, false)) news_.gone(page.error());
    return ask_later(pause_while_gone);
  }
  const bool was_away = !std::exchange(reaches_, true);
  if (!knows_ || page->broken || page->of != of_) {
    knows_ = true;
    of_ = page->of;
    newest_ = page->newest;
    if (was_away) news_.back();
    news_.begins(of_, newest_);
    return ask();
  }
  if (was_away) news_.back();
  if (page->entries.empty()) return ask();
  const std::uint64_t after = newest_;
  newest_ = page->entries.back().number;
  news_.entries(of_, after, std::move(page->entries));
  const auto listeners = static_cast<std::int64_t>(news_.listeners());
  ask_later(std::min(gathers + Span{listeners * gathers_more_for_each_us}, longest_gathering));
}

}  // namespace gangline
