// What the store keeps under a name of its own, as text.
#include "base/text.h"
#include "json/json.h"
#include "store/store.h"

namespace gangline {
namespace {

constexpr const char* counts_key = "counts";

}  // namespace

void Store::put_counts(const EventsCounted& counts) {
  put_note(counts_key, std::to_string(counts.up_to) + " " + to_json(counts.queues));
}

std::optional<EventsCounted> Store::counts() const {
  const std::string text = note(counts_key);
  const auto space = text.find(' ');
  if (space == std::string::npos) return std::nullopt;
  const auto number = parse_number(std::string_view(text).substr(0, space));
  auto queues = from_json<std::vector<QueueCounted>>(std::string_view(text).substr(space + 1));
  if (!number || !queues) return std::nullopt;
  return EventsCounted{*number, *std::move(queues)};
}

}  // namespace gangline
