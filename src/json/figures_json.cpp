#include "json/figures_fields.h"
#include "json/json.h"

namespace gangline {

std::string to_json(const Figures& figures) { return mapping::text_of(figures); }
std::string to_json(const std::vector<QueueCounted>& queues) { return mapping::text_of(queues); }

template <>
Result<Figures> from_json<Figures>(std::string_view text) {
  return mapping::value_of<Figures>(text);
}
template <>
Result<std::vector<QueueCounted>> from_json<std::vector<QueueCounted>>(std::string_view text) {
  return mapping::value_of<std::vector<QueueCounted>>(text);
}

}  // namespace gangline
