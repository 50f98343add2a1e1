// What of a file goes into a recording: nothing that a person would mind.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "devices/record/invented.h"

namespace gangline {

/// Numbers of devices and revisions seen on this machine: of lists of names, only what is said of
/// them is kept.
using SeenNumbers = std::set<std::uint64_t>;

/// The content to be kept of the file at `path`, which is below the root. Empty: it is withheld,
/// because we know of no reason to send it.
std::optional<std::string> content_kept(std::string_view path, std::string_view bytes,
                                        Invented& invented, SeenNumbers& seen);
/// The names to be kept of a directory, one a line; those of processes in /proc are left out unless
/// somebody listed them.
std::string names_kept(std::string_view path, std::string_view names, Invented& invented);

}  // namespace gangline
