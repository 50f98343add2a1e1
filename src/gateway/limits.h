// What clients may take of the gateway. Those of connections stand in os/web/web_server.h.
#pragma once

#include <algorithm>
#include <cstddef>

#include "base/units.h"

namespace gangline {

/// So many a second on the average, so many at once.
struct Rate {
  double each_second, at_once;
};

// Of one token. What is remembered costs a few microseconds, what the service is asked its time.
constexpr Rate rate_of_requests{100'000, 100'000};
constexpr Rate rate_of_service_calls{400, 1'000};
/// Of one address: requests without a token that holds.
constexpr Rate rate_of_strangers{20, 100};
constexpr Rate rate_of_log_lines{5, 50};

constexpr std::size_t most_streams_of_token = 1'024;
/// Each asks the service twice in half a second.
constexpr std::size_t most_followed_logs_of_token = 64;
constexpr std::size_t most_waits_of_token = 24;
constexpr std::size_t most_strangers_remembered = 10'000;

constexpr std::size_t most_job_bytes = 1 << 20;    ///< of a job file or a JobSpec
constexpr std::size_t most_body_bytes = 64 << 10;  ///< of any other body
/// In the folders of a pattern in a job file: others wait as long as these are looked at.
constexpr std::size_t most_names_of_pattern = 50'000;
constexpr std::size_t most_answer_bytes = 64 << 20;
constexpr std::size_t most_remembered_bytes = 64 << 20;
constexpr std::size_t most_remembered = 2'000;
constexpr std::size_t worth_gzip = 1'400;  ///< bytes; less goes into one packet anyway

constexpr Span longest_remembered = seconds(1);
constexpr Span longest_call = seconds(30);
constexpr Span longest_wait = hours(1);

/// What is left of a rate. Filled again as time goes on.
class Allowance {
 public:
  bool take(const Rate& rate, Span now) {
    if (left_ < 0) left_ = rate.at_once;
    left_ = std::min(rate.at_once, left_ + to_seconds(now - at_) * rate.each_second);
    at_ = now;
    if (left_ < 1) return false;
    left_ -= 1;
    return true;
  }
  bool is_full(const Rate& rate, Span now) const {
    return left_ + to_seconds(now - at_) * rate.each_second >= rate.at_once;
  }

 private:
  double left_ = -1;
  Span at_{0};
};

}  // namespace gangline
