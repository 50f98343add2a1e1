// The flags of `gang serve` and `gang token`.
#pragma once

#include "cli/serve/serve.h"

namespace CLI {
class App;
}

namespace gangline {

/// What the parser fills in.
struct ServeWords {
  ServeOptions& serve;
  TokenOptions& token;
  bool& json;
  bool& quiet;
};
void add_serve_and_token(CLI::App& app, const ServeWords& words);

}  // namespace gangline
