// What a service that was started says to whoever started it, through a pipe: that it serves, or in
// a text of some lines why it cannot.
#pragma once

#include <optional>
#include <string>

#include "os/file.h"

namespace gangline {

void tell_ready(const Fd& to);
void tell_trouble(const Fd& to, const std::string& trouble);

struct StartNews {
  bool ready = false;
  std::string trouble;  ///< may be empty where it is not ready: it ended without a word
};

/// Waits for the one or the other, or until nobody is left to say it.
StartNews hear_start(const Fd& from);

}  // namespace gangline
