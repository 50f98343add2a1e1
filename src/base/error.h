// An Error is the world or the user saying no. It says what happened, where, and what to try.
#pragma once

#include <string>

namespace gangline {

/// What a program can do about an error. Each kind ends the command line with the code beside it.
enum class ErrorKind {
  usage,        ///< the command line or a job file was wrong (exit 2)
  refused,      ///< asked rightly, but the answer is no (exit 1)
  not_found,    ///< no such job, gang, device or file (exit 1)
  denied,       ///< not yours (exit 1)
  unavailable,  ///< the service, launcher or a device does not answer (exit 1)
  disk,         ///< the disk is full or fails (exit 1)
  version,      ///< client and service speak different versions (exit 1)
  broken,       ///< malformed bytes from a file or a socket (exit 1)
};

/// The name of a kind as it stands in JSON, for example "not_found".
const char* name_of(ErrorKind kind);

struct Error {
  ErrorKind kind = ErrorKind::refused;
  std::string what;   ///< a sentence without its full stop: "unknown key 'gpu'"
  std::string where;  ///< "train.toml:3:1", a path, or empty
  std::string hint;   ///< what to try: "did you mean 'gpus'?", or empty

  /// "train.toml:3:1: unknown key 'gpu'; did you mean 'gpus'?"
  std::string sentence() const;
};

/// 2 for ErrorKind::usage, else 1.
int exit_code_of(const Error& error);

}  // namespace gangline
