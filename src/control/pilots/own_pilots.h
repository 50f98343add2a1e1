// Pilots that are asked for by themselves, for jobs of many short gangs.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>

#include "control/register.h"
#include "engine/engine.h"

namespace gangline {

/// Where the engine has a pilot for such a job and nobody said where it runs, it runs there.
void choose_pilot(JobSpec& spec, const Engine& engine);
/// What whoever submitted it is told then.
std::optional<std::string> note_of(const JobSpec& spec);

class OwnPilots {
 public:
  OwnPilots() = default;
  ~OwnPilots() { *alive_ = false; }
  OwnPilots(const OwnPilots&) = delete;
  OwnPilots& operator=(const OwnPilots&) = delete;

  /// Remembers jobs for which this is done, and no others.
  void add(const Job& job);
  /// Asks for one where such a job waits and no pilot that lives could take it. Pilots that come to
  /// nothing are asked for more and more rarely.
  void look(const Register& beliefs, Engine& engine, Time now);
  /// "; one was asked for, and …": why such a job still has none. Empty: nothing is known of it.
  std::string trouble_of(JobId job) const;

 private:
  std::set<JobId> jobs_;
  bool asking_ = false;
  std::uint32_t in_vain_ = 0;  ///< asked for since a gang last ran
  Time not_before_{0};
  std::string trouble_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  ///< for answers that come later
};

}  // namespace gangline
