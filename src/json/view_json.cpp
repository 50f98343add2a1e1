#include "json/json.h"
#include "json/view_fields.h"

namespace gangline {

std::string to_json(const Translation& translation) { return mapping::text_of(translation); }
std::string to_json(const Submitted& submitted) { return mapping::text_of(submitted); }
std::string to_json(const ReserveRequest& request) { return mapping::text_of(request); }
std::string to_json(const PilotRequest& one) { return mapping::text_of(one); }
std::string to_json(const PilotView& one) { return mapping::text_of(one); }
std::string to_json(const std::vector<PilotView>& all) { return mapping::text_of(all); }
std::string to_json(const Reservation& one) { return mapping::text_of(one); }
std::string to_json(const std::vector<Reservation>& all) { return mapping::text_of(all); }
std::string to_json(const JobSummary& summary) { return mapping::text_of(summary); }
std::string to_json(const std::vector<JobSummary>& summaries) {
  return mapping::text_of(summaries);
}
std::string to_json(const JobDetail& detail) { return mapping::text_of(detail); }
std::string to_json(const GangView& gang) { return mapping::text_of(gang); }
std::string to_json(const WhyAnswer& answer) { return mapping::text_of(answer); }
std::string to_json(const std::vector<NodeView>& nodes) { return mapping::text_of(nodes); }
std::string to_json(const LogChunk& chunk) { return mapping::text_of(chunk); }
std::string to_json(const ServiceStatus& status) { return mapping::text_of(status); }
std::string to_json(const JobId& id) { return mapping::text_of(id); }

template <>
Result<ReserveRequest> request_from_json<ReserveRequest>(std::string_view text) {
  return mapping::value_of<ReserveRequest>(text, true);
}
template <>
Result<PilotRequest> from_json<PilotRequest>(std::string_view text) {
  return mapping::value_of<PilotRequest>(text);
}
template <>
Result<PilotRequest> request_from_json<PilotRequest>(std::string_view text) {
  return mapping::value_of<PilotRequest>(text, true);
}
template <>
Result<PilotView> from_json<PilotView>(std::string_view text) {
  return mapping::value_of<PilotView>(text);
}
template <>
Result<std::vector<PilotView>> from_json<std::vector<PilotView>>(std::string_view text) {
  return mapping::value_of<std::vector<PilotView>>(text);
}
template <>
Result<Reservation> from_json<Reservation>(std::string_view text) {
  return mapping::value_of<Reservation>(text);
}
template <>
Result<std::vector<Reservation>> from_json<std::vector<Reservation>>(std::string_view text) {
  return mapping::value_of<std::vector<Reservation>>(text);
}
template <>
Result<Translation> from_json<Translation>(std::string_view text) {
  return mapping::value_of<Translation>(text);
}
template <>
Result<Submitted> from_json<Submitted>(std::string_view text) {
  return mapping::value_of<Submitted>(text);
}
template <>
Result<JobSummary> from_json<JobSummary>(std::string_view text) {
  return mapping::value_of<JobSummary>(text);
}
template <>
Result<std::vector<JobSummary>> from_json<std::vector<JobSummary>>(std::string_view text) {
  return mapping::value_of<std::vector<JobSummary>>(text);
}
template <>
Result<JobDetail> from_json<JobDetail>(std::string_view text) {
  return mapping::value_of<JobDetail>(text);
}
template <>
Result<GangView> from_json<GangView>(std::string_view text) {
  return mapping::value_of<GangView>(text);
}
template <>
Result<WhyAnswer> from_json<WhyAnswer>(std::string_view text) {
  return mapping::value_of<WhyAnswer>(text);
}
template <>
Result<std::vector<NodeView>> from_json<std::vector<NodeView>>(std::string_view text) {
  return mapping::value_of<std::vector<NodeView>>(text);
}
template <>
Result<LogChunk> from_json<LogChunk>(std::string_view text) {
  return mapping::value_of<LogChunk>(text);
}
template <>
Result<ServiceStatus> from_json<ServiceStatus>(std::string_view text) {
  return mapping::value_of<ServiceStatus>(text);
}
template <>
Result<JobId> from_json<JobId>(std::string_view text) {
  return mapping::value_of<JobId>(text);
}

}  // namespace gangline
