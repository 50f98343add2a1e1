// A connection to a server of another machine.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "base/units.h"
#include "os/http_call.h"
#include "os/wire.h"

namespace gangline {

/// Over TCP, and TLS where the place says so: then the server shows a certificate for its name that
/// `authorities` (a file in PEM; empty: the system's) vouch for, or there is no connection. A
/// machine that is gone is noticed within a minute, one that is there and says nothing after
/// `silence`. Errors: usage, where `authorities` is no such file; denied, where the certificate
/// does not hold; unavailable.
Result<std::unique_ptr<Wire>> connect_far(const HttpPlace& place, const std::string& authorities,
                                          Span longest, Span silence = minutes(1));

}  // namespace gangline
