// MPS serves one user of a GPU at a time, so a job that asks for it goes where nobody else has it,
// if there is such a place.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "control/register.h"

namespace gangline {

class MpsUse {
 public:
  /// Learns what these jobs do now. True: who has MPS on which device is not as before.
  bool look_at(const Register& beliefs, const std::set<JobId>& changed);
  /// Jobs that ask for MPS and have not ended.
  std::set<JobId> jobs() const;
  /// Devices on which others than this user have it now, ascending.
  std::vector<DeviceId> of_others(std::uint32_t uid) const;
  /// The rest of a sentence that says why this job waits; empty: it has nothing to do with that.
  std::string reason_for(const Job& job) const;

 private:
  struct Use {
    std::uint32_t uid = 0;
    std::set<DeviceId> devices;
    bool operator==(const Use&) const = default;
  };
  std::map<JobId, Use> uses_;
};

}  // namespace gangline
