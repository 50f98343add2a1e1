// From root to the person who submitted a job.
#pragma once

#include "model/person.h"

namespace gangline {

/// Sets the limits that the person had where the job was submitted. While still root. False, with
/// errno.
bool take_limits(const Person& person);

/// The groups that the person is in. While still root. False, with errno.
bool take_groups(const Person& person);

/// Groups, group and user for good, with nothing kept to go back by. False, with errno: this
/// process must not go on.
bool become(const Person& person);

}  // namespace gangline
