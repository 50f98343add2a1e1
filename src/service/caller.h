// Who asks a service that is for several people, and what they may.
#pragma once

#include <memory>
#include <string>

#include "model/person.h"

namespace gangline {

struct Caller {
  std::string login;
  bool may_use = false;                  ///< one of those whom the service is for
  bool is_operator = false;              ///< may stop and read what is others'
  std::shared_ptr<const Person> person;  ///< never null
};

}  // namespace gangline
