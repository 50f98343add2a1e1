// [notify] of the config file: who is told of the end of jobs.
#pragma once

#include "jobspec/mistakes.h"
#include "jobspec/written.h"
#include "model/notify.h"

namespace gangline {

void read_notify(const Written& root, NotifySettings& settings, Mistakes& mistakes);

/// The words for NotifyOn, in its order.
inline constexpr std::string_view notify_words[] = {"never", "failure", "end"};

}  // namespace gangline
