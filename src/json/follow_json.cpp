#include "json/follow_fields.h"
#include "json/json.h"

namespace gangline {

std::string json_text(const std::string& text) { return mapping::text_of(text); }

std::string to_json(const FeedPage& page) { return mapping::text_of(page); }
std::string to_json(const FeedEntry& entry) { return mapping::text_of(entry); }
std::string to_json(const GangCells& cells) { return mapping::text_of(cells); }
std::string to_json(const JobResults& results) { return mapping::text_of(results); }
std::string to_json(const Readings& readings) { return mapping::text_of(readings); }
std::string to_json(const TimeChart& timeline) { return mapping::text_of(timeline); }

template <>
Result<FeedPage> from_json<FeedPage>(std::string_view text) {
  return mapping::value_of<FeedPage>(text);
}
template <>
Result<FeedEntry> from_json<FeedEntry>(std::string_view text) {
  return mapping::value_of<FeedEntry>(text);
}
template <>
Result<GangCells> from_json<GangCells>(std::string_view text) {
  return mapping::value_of<GangCells>(text);
}
template <>
Result<JobResults> from_json<JobResults>(std::string_view text) {
  return mapping::value_of<JobResults>(text);
}
template <>
Result<Readings> from_json<Readings>(std::string_view text) {
  return mapping::value_of<Readings>(text);
}
template <>
Result<TimeChart> from_json<TimeChart>(std::string_view text) {
  return mapping::value_of<TimeChart>(text);
}

}  // namespace gangline
