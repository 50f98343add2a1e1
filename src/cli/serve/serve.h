// `gang serve` and `gang token`: the way in from the network, and who is let in.
#pragma once

#include <string>

#include "cli/output.h"
#include "cli/serve/serve_options.h"

namespace gangline {

int run_serve(const ServeOptions& options, Output& out);

struct TokenOptions {
  std::string action, name, role = "read", expires;
};
int run_token(const TokenOptions& options, Output& out);

}  // namespace gangline
