// What tells the service that the program of a gang lives, also where Slurm does not.
#pragma once

#include <sys/types.h>

#include <string>

namespace gangline {

/// A child that renews the gang's sign of life until this is destroyed or this process ends. A
/// child, since a disk of another machine may keep who writes to it for minutes, and a gang that is
/// to be stopped cannot wait.
class SignOfLife {
 public:
  explicit SignOfLife(std::string path);
  ~SignOfLife();
  SignOfLife(const SignOfLife&) = delete;
  SignOfLife& operator=(const SignOfLife&) = delete;

  /// The service does not believe in this gang any more, and may have started it elsewhere.
  bool given_up();

 private:
  void begin();

  std::string path_;
  pid_t child_ = 0;
  bool given_up_ = false;
};

}  // namespace gangline
