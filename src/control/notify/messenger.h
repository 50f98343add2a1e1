// Who carries news of the end of a job out of the service.
#pragma once

#include <cstdint>
#include <functional>

#include "base/result.h"
#include "model/views.h"

namespace gangline {

/// How somebody is told.
enum class NotifyWay : std::uint8_t { command, hook, mail };
const char* name_of(NotifyWay way);  ///< "command", "hook", "mail"

class Messenger {
 public:
  virtual ~Messenger() = default;
  /// Tries once. `done` is called once, later, within `longest_send`.
  virtual void send(NotifyWay way, const JobSummary& end,
                    std::function<void(Result<void>)> done) = 0;
};

constexpr Span longest_send = seconds(30);

}  // namespace gangline
