#include "json/fields.h"
#include "json/json.h"

namespace gangline {

const char* name_of(SplitKind kind) {
  switch (kind) {
    case SplitKind::files: return "files";
    case SplitKind::lines: return "lines";
    case SplitKind::items: return "items";
  }
  return "files";
}

const char* name_of(TeamLauncher launcher) {
  return launcher == TeamLauncher::mpi ? "mpi" : "plain";
}

std::string to_json(const JobSpec& spec) { return mapping::text_of(spec); }
std::string to_json(const Person& person) { return mapping::text_of(person); }
std::string to_json(const Event& event) { return mapping::text_of(event); }
std::string to_json(const Allocation& allocation) { return mapping::text_of(allocation); }
std::string to_json(const Node& node) { return mapping::text_of(node); }
std::string to_json(const Ending& ending) { return mapping::text_of(ending); }
std::string to_json(const std::vector<Fence>& fences) { return mapping::text_of(fences); }
std::string to_json(const Error& error) { return mapping::text_of(error); }

template <>
Result<Person> from_json<Person>(std::string_view text) {
  return mapping::value_of<Person>(text);
}
template <>
Result<JobSpec> from_json<JobSpec>(std::string_view text) {
  return mapping::value_of<JobSpec>(text);
}
template <>
Result<JobSpec> request_from_json<JobSpec>(std::string_view text) {
  return mapping::value_of<JobSpec>(text, true);
}
template <>
Result<Event> from_json<Event>(std::string_view text) {
  return mapping::value_of<Event>(text);
}
template <>
Result<Allocation> from_json<Allocation>(std::string_view text) {
  return mapping::value_of<Allocation>(text);
}
template <>
Result<Node> from_json<Node>(std::string_view text) {
  return mapping::value_of<Node>(text);
}
template <>
Result<Ending> from_json<Ending>(std::string_view text) {
  return mapping::value_of<Ending>(text);
}
template <>
Result<std::vector<Fence>> from_json<std::vector<Fence>>(std::string_view text) {
  return mapping::value_of<std::vector<Fence>>(text);
}

Error error_from_json(std::string_view text) {
  Error error{ErrorKind::broken, "the answer is no error of ours", "", ""};
  mapping::ReadState state;
  const mapping::Json json = mapping::Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_discarded() && json.is_object()) mapping::Reader::read(json, error, state);
  return error;
}

}  // namespace gangline
