// The one mapping between the model and JSON. Reading checks types and ranges, ignores keys it does
// not know (a newer Gangline may have written them), and keeps the default of a key that is
// missing. Text that is not UTF-8 is written as {"hex": "…"}, so that nothing is lost on the way.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/event.h"
#include "model/figures.h"
#include "model/follow.h"
#include "model/job.h"
#include "model/pilot.h"
#include "model/reservation.h"
#include "model/slurm_profile.h"
#include "model/slurm_survey.h"
#include "model/views.h"

namespace gangline {

std::string to_json(const JobSpec& spec);
std::string to_json(const Event& event);
std::string to_json(const Allocation& allocation);
std::string to_json(const Ending& ending);
std::string to_json(const std::vector<Fence>& fences);
std::string to_json(const Error& error);

std::string to_json(const Translation& translation);
std::string to_json(const Submitted& submitted);
std::string to_json(const ReserveRequest& request);
std::string to_json(const Reservation& reservation);
std::string to_json(const PilotRequest& request);
std::string to_json(const PilotView& pilot);
std::string to_json(const ProfileAdded& added);
std::string to_json(const SlurmProfile& profile);
std::string to_json(const std::vector<PilotView>& pilots);
std::string to_json(const Node& node);
std::string to_json(const std::vector<Reservation>& reservations);
std::string to_json(const JobSummary& summary);
std::string to_json(const std::vector<JobSummary>& summaries);
std::string to_json(const JobDetail& detail);
std::string to_json(const GangView& gang);
std::string to_json(const WhyAnswer& answer);
std::string to_json(const std::vector<NodeView>& nodes);
std::string to_json(const LogChunk& chunk);
std::string to_json(const ServiceStatus& status);
std::string to_json(const JobId& id);
std::string to_json(const FeedPage& page);
std::string to_json(const FeedEntry& entry);
std::string to_json(const GangCells& cells);
std::string to_json(const JobResults& results);
std::string to_json(const Readings& readings);
std::string to_json(const TimeChart& timeline);
std::string to_json(const Figures& figures);
std::string to_json(const std::vector<QueueCounted>& queues);
std::string to_json(const Person& person);

/// As it stands in what is written here, with its quotation marks.
std::string json_text(const std::string& text);

/// Never fails: what makes no sense is an Error of kind broken.
Error error_from_json(std::string_view text);

/// T is any other type above. Errors are ErrorKind::broken and say which key is wrong.
template <class T>
Result<T> from_json(std::string_view text);

/// As from_json, of what somebody asks for: a JobSpec, ReserveRequest, PilotRequest or
/// SimulationRequest. A key that we do not know is an error: passed over, it would be a job without
/// what was asked for it.
template <class T>
Result<T> request_from_json(std::string_view text);

}  // namespace gangline
