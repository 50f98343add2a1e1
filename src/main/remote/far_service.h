// `--server`: the service of another machine, by its address or by the name that a config file
// gives it.
#pragma once

#include <functional>
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

/// What a person hears and says while nobody answers.
struct FarPatience {
  Span longest = seconds(30);
  std::function<bool()> interrupted = [] { return false; };
  std::function<void(const std::string&)> says = [](const std::string&) {};
};

/// Not connected yet: the first question does that.
std::unique_ptr<Client> open_far_service(const FarPlace& far, const FarPatience& patience);

}  // namespace gangline
