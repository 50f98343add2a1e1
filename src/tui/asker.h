// Asks the service beside the screen, so that keys never wait for an answer.
#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "service/service.h"
#include "tui/screen.h"

namespace gangline {

/// A connection to the service, for one thread.
using OpenService = std::function<Result<std::unique_ptr<Service>>(bool may_start)>;

/// Whether a service answers, and speaks our version.
Result<void> know_service(Service& service);
Result<NodesTold> told_nodes(Service& service, Time now);
Result<JobsTold> told_jobs(Service& service, const Questions& questions, Time now);

/// What one asks about.
enum class Topic : std::uint8_t { status, nodes, jobs, history, job, gang, log, why, chart };
constexpr std::size_t topic_count = 9;

/// Two threads: one asks what the screen shows, one follows the feed and says when something has
/// changed. Both go on until the process ends.
class Asker : public std::enable_shared_from_this<Asker> {
 public:
  using Clock = std::chrono::steady_clock;

  /// `wake` is called, from another thread, when there is news.
  Asker(OpenService open, std::function<void()> wake, std::function<Time()> now)
      : open_(std::move(open)), wake_(std::move(wake)), now_(std::move(now)) {}
  void begin();

  // From the thread of the screen.
  void want(const Questions& questions);
  void order(const Wish& order);
  std::vector<News> take();

 private:
  struct TopicState {
    bool urgent = true;  ///< a person waits for it
    std::uint64_t changes = 0;
    std::optional<Clock::time_point> asked = {};
  };

  void ask_on();
  void follow_on();
  void changed();
  std::optional<Topic> next(Clock::time_point now) const;
  bool wanted(Topic topic) const;
  void tell(News news);

  void answer(Topic topic, const Questions& questions);
  std::optional<Error> answer_status();
  std::optional<Error> answer_nodes();
  std::optional<Error> answer_jobs(const Questions& questions);
  std::optional<Error> answer_history(const Questions& questions);
  std::optional<Error> answer_job(const Questions& questions);
  std::optional<Error> answer_gang(const Questions& questions);
  std::optional<Error> answer_log(const Questions& questions);
  std::optional<Error> answer_why(const Questions& questions);
  std::optional<Error> answer_chart(const Questions& questions);
  bool connected();
  void obey(const Wish& order);

  const OpenService open_;
  const std::function<void()> wake_;
  const std::function<Time()> now_;

  std::mutex mutex_;  // guards what follows, up to the next comment
  std::condition_variable due_;
  Questions questions_;
  std::deque<Wish> orders_;
  std::vector<News> news_;
  std::uint64_t changes_ = 1;
  std::array<TopicState, topic_count> topics_;
  Clock::time_point rests_until_{};  ///< nothing is asked before that nobody waits for

  // Of the thread that asks alone.
  std::unique_ptr<Service> service_;
  bool lost_ = false;
  std::optional<LogPlace> log_;
  std::uint64_t log_from_ = 0;
  std::uint32_t log_attempt_ = 0;
};

}  // namespace gangline
