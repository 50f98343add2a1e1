#include "model/environment.h"

#include <algorithm>
#include <functional>

namespace gangline {
namespace {

std::size_t hash_of(const std::vector<EnvVar>& vars) {
  constexpr std::size_t golden = 0x9E3779B97F4A7C15u;
  std::size_t hash = vars.size();
  for (const auto& [name, value] : vars)
    for (const std::string& text : {std::cref(name), std::cref(value)})
      hash = (hash ^ std::hash<std::string>{}(text)) * golden + (hash >> 29);
  return hash;
}

}  // namespace

const std::vector<EnvVar>& Environment::vars() const {
  static const std::vector<EnvVar> none;
  return vars_ ? *vars_ : none;
}

Environment SharedEnvironments::share(const Environment& environment) {
  if (environment.empty()) return {};
  const std::size_t hash = hash_of(environment.vars());
  const auto [first, last] = known_.equal_range(hash);
  for (auto at = first; at != last; ++at) {
    Environment held;
    held.vars_ = at->second.lock();
    if (held.vars_ && held == environment) return held;
  }
  if (known_.size() >= clean_at_) forget_unused();
  known_.emplace(hash, environment.vars_);
  return environment;
}

// Each time twice as many are known as were in use the last time, so that it costs little.
void SharedEnvironments::forget_unused() {
  constexpr std::size_t least = 64;
  std::erase_if(known_, [](const auto& each) { return each.second.expired(); });
  clean_at_ = std::max(least, 2 * known_.size());
}

}  // namespace gangline
