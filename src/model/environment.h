// The environment that a job was submitted from. Thousands of jobs mostly share one, so it is held
// once for all that have the same.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace gangline {

using EnvVar = std::pair<std::string, std::string>;

/// A list of variables that never changes; a copy costs nothing. Read it like a vector.
class Environment {
 public:
  Environment() = default;
  Environment(std::vector<EnvVar> vars)  // NOLINT(google-explicit-constructor)
      : vars_(std::make_shared<const std::vector<EnvVar>>(std::move(vars))) {}
  Environment(std::initializer_list<EnvVar> vars) : Environment(std::vector<EnvVar>(vars)) {}

  const std::vector<EnvVar>& vars() const;
  operator const std::vector<EnvVar>&() const {  // NOLINT(google-explicit-constructor)
    return vars();
  }
  auto begin() const { return vars().begin(); }
  auto end() const { return vars().end(); }
  std::size_t size() const { return vars().size(); }
  bool empty() const { return vars().empty(); }
  void clear() { vars_.reset(); }
  bool operator==(const Environment& other) const {
    return vars_ == other.vars_ || vars() == other.vars();
  }

 private:
  friend class SharedEnvironments;
  std::shared_ptr<const std::vector<EnvVar>> vars_;  ///< null: none
};

/// Knows the environments that are in use, and gives equal ones the same place in memory.
class SharedEnvironments {
 public:
  Environment share(const Environment& environment);
  /// How many are remembered, those included that nobody uses any more.
  std::size_t known() const { return known_.size(); }

 private:
  using Known = std::weak_ptr<const std::vector<EnvVar>>;
  void forget_unused();

  std::unordered_multimap<std::size_t, Known> known_;  ///< by hash
  std::size_t clean_at_ = 64;
};

}  // namespace gangline
