// `--server`: the service of another machine, by its address or by the name that a config file
// gives it.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "client/client.h"
#include "os/http_call.h"

namespace gangline {

struct FarPlace {
  HttpPlace place;
  std::string shown;  ///< "https://gpu1.lab:7979"
  std::string token;
  std::string certificates;  ///< path of a file in PEM; empty: the system's
};

/// `word` as --server has it, or empty: then GANGLINE_SERVER. Reads the config file and the token.
Result<FarPlace> find_far_service(const std::string& word);

/// Not connected yet: the first question does that. `patience`: see FarService.
std::unique_ptr<Client> open_far_service(const FarPlace& far, Span patience = seconds(30));

}  // namespace gangline
