#include "model/job.h"

#include "base/check.h"

namespace gangline {
namespace {

std::uint32_t combinations(const JobSpec& spec) {
  std::uint64_t n = 1;
  for (const SweepAxis& axis : spec.sweep) {
    n *= axis.values.size();
    CHECK(n <= most_gangs_in_a_job);
  }
  return static_cast<std::uint32_t>(n);
}

}  // namespace

const char* name_of(RetryOn on) {
  switch (on) {
    case RetryOn::lost: return "lost";
    case RetryOn::failure: return "failure";
    case RetryOn::memory: return "memory";
    case RetryOn::time: return "time";
  }
  return "lost";
}

const char* name_of(NotifyOn on) {
  switch (on) {
    case NotifyOn::no_end: return "never";
    case NotifyOn::failure: return "failure";
    case NotifyOn::end: return "end";
  }
  return "never";
}

const char* name_of(PilotSaidBy who) {
  switch (who) {
    case PilotSaidBy::person: return "person";
    case PilotSaidBy::service: return "service";
  }
  return "person";
}

std::uint32_t gang_count(const JobSpec& spec) {
  const std::uint64_t shards = spec.split ? spec.split->shards.size() : 1;
  const std::uint64_t n = shards * combinations(spec);
  CHECK(n <= most_gangs_in_a_job);
  return static_cast<std::uint32_t>(n);
}

TaskRequest task_of(const JobSpec& spec, std::uint32_t index, std::uint32_t alternative) {
  const auto& alternatives = spec.resources.alternatives;
  const bool gathers = spec.gather && index == gather_index(spec);
  return gathers || alternative >= alternatives.size() ? TaskRequest{} : alternatives[alternative];
}

std::optional<Span> time_limit_of(const JobSpec& spec, std::uint32_t index,
                                  std::uint32_t alternative) {
  if (!spec.time || !has_rates(spec.resources)) return spec.time;
  return time_with(task_of(spec, index, alternative), *spec.time);
}

std::uint32_t shard_of(const JobSpec& spec, std::uint32_t index) {
  return index / combinations(spec);
}

std::vector<EnvVar> sweep_values(const JobSpec& spec, std::uint32_t index) {
  std::vector<EnvVar> values(spec.sweep.size());
  std::uint32_t rest = index % combinations(spec);
  for (std::size_t i = spec.sweep.size(); i-- > 0;) {
    const SweepAxis& axis = spec.sweep[i];
    values[i] = {axis.name, axis.values[rest % axis.values.size()]};
    rest /= static_cast<std::uint32_t>(axis.values.size());
  }
  return values;
}

}  // namespace gangline
