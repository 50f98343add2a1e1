#include "gateway/repeats.h"

#include "os/web/secret.h"

namespace gangline {
namespace {

constexpr unsigned went_well = 200;

}  // namespace

Repeats::Seen Repeats::begin(const std::string& key, std::string_view body, Span now, Told told) {
  while (!order_.empty()) {
    const auto oldest = kept_.find(order_.front());
    const bool known = oldest != kept_.end();
    if (known && (!oldest->second.done ||
                  (now - oldest->second.at < repeats_kept && kept_.size() < most_repeats)))
      break;
    if (known) kept_.erase(oldest);
    order_.pop_front();
  }
  const auto hash = sha256(body);
  const auto found = kept_.find(key);
  if (found == kept_.end()) {
    if (kept_.size() >= most_repeats) return Seen::full;
    kept_.emplace(key, Kept{hash, now});
    order_.push_back(key);
    return Seen::first;
  }
  if (found->second.hash != hash) return Seen::another;
  if (found->second.done) told(found->second.said);
  else found->second.waiting.push_back(std::move(told));
  return Seen::again;
}

void Repeats::over(const std::string& key, const Said& said) {
  const auto found = kept_.find(key);
  if (found == kept_.end()) return;
  const auto waiting = std::move(found->second.waiting);
  if (said.status == went_well) {
    found->second.done = true;
    found->second.said = said;
  } else {
    kept_.erase(found);
    order_.remove(key);
  }
  for (const Told& told : waiting) told(said);
}

}  // namespace gangline
