#include "jobspec/mistakes.h"

#include <algorithm>
#include <tuple>

#include "model/check_spec.h"

namespace gangline {

void Mistakes::add(SourcePlace place, std::string what, std::string hint) {
  if (full()) {
    ++more_;
    return;
  }
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
  if (more_ > 0)
    errors.push_back(
        {ErrorKind::usage, "and at least " + std::to_string(more_) + " more", file_name_, ""});
  return errors;
}

std::string Mistakes::where(SourcePlace place) const {
  if (place.flag != nullptr) return place.flag;
  if (place.line == 0) return file_name_;
  return file_name_ + ":" + std::to_string(place.line) + ":" + std::to_string(place.column);
}

Error together(const std::vector<Error>& errors) {
  if (errors.size() == 1) return errors.front();
  Error all{errors.front().kind, "there are several mistakes:", "", ""};
  for (const Error& error : errors) all.what += "\n  " + error.sentence();
  return all;
}

}  // namespace gangline
