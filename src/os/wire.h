// A connection whose bytes one waits for.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "os/fd.h"

namespace gangline {

class Wire {
 public:
  Wire() = default;
  virtual ~Wire() = default;
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  /// At least one byte and at most `most` of them; 0: the other end is gone.
  virtual std::size_t read(char* to, std::size_t most) = 0;
  /// All of them, or false: the other end is gone.
  virtual bool send(std::string_view bytes) = 0;
};

/// Over a stream socket, which blocks.
std::unique_ptr<Wire> wire_over(Fd socket);

}  // namespace gangline
