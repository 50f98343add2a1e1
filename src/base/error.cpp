#include "base/error.h"

namespace gangline {

const char* name_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage: return "usage";
    case ErrorKind::refused: return "refused";
    case ErrorKind::not_found: return "not_found";
    case ErrorKind::denied: return "denied";
    case ErrorKind::unavailable: return "unavailable";
    case ErrorKind::disk: return "disk";
    case ErrorKind::version: return "version";
    case ErrorKind::broken: return "broken";
  }
  return "broken";
}

std::string Error::sentence() const {
  std::string text = where.empty() ? what : where + ": " + what;
  if (!hint.empty()) text += "; " + hint;
  return text;
}

int exit_code_of(const Error& error) { return error.kind == ErrorKind::usage ? 2 : 1; }

}  // namespace gangline
