#include "jobspec/mistakes.h"

#include <algorithm>
#include <tuple>

#include "model/check_spec.h"

namespace gangline {

void Mistakes::add(SourcePlace place, std::string what, std::string hint) {
  if (full()) return;
  errors_.emplace_back(place,
                       Error{ErrorKind::usage, std::move(what), where(place), std::move(hint)});
}

bool Mistakes::full() const { return errors_.size() >= most_mistakes_told; }

std::vector<Error> Mistakes::in_order() const {
  auto sorted = errors_;
  const auto rank = [](const auto& mistake) {
    const SourcePlace& place = mistake.first;
    return std::tuple(place.flag != nullptr, place.line, place.column);
  };
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  std::vector<Error> errors;
  errors.reserve(sorted.size());
  for (auto& mistake : sorted) errors.push_back(std::move(mistake.second));
  return errors;
}

std::string Mistakes::where(SourcePlace place) const {
  if (place.flag != nullptr) return place.flag;
  if (place.line == 0) return file_name_;
  return file_name_ + ":" + std::to_string(place.line) + ":" + std::to_string(place.column);
}

}  // namespace gangline
