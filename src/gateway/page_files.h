// The files of the dashboard, which the build puts into the program.
#pragma once

#include <span>
#include <string_view>

namespace gangline {

struct PageFile {
  std::string_view path;  ///< "/index.html"; "/" is that one
  std::string_view type;  ///< of its content: "text/html; charset=utf-8"
  std::string_view etag;  ///< in quotes
  std::string_view gzip;  ///< its bytes, packed
};

/// Empty: this build has no dashboard.
std::span<const PageFile> page_files();

}  // namespace gangline
