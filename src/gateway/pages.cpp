#include "gateway/pages.h"

#include "gateway/page_files.h"
#include "os/web/gzip.h"

namespace gangline {
namespace {

constexpr std::size_t most_page_bytes = 16 << 20;
constexpr std::string_view without_dashboard =
    "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Gangline</title>\n"
    "<h1>Gangline</h1>\n<p>This build has no dashboard. Programs find everything under "
    "<code>/v1</code>.</p>\n</html>\n";

/// "a", "b" or * of If-None-Match; those that are weak count as well, RFC 9110, 13.1.2.
bool names(std::string_view list, std::string_view etag) {
  return list == "*" || list.find(etag) != std::string_view::npos;
}

}  // namespace

std::optional<WebAnswer> page_at(std::string_view path, const WebHead& head) {
  if (path == "/") path = "/index.html";
  WebAnswer answer;
  if (page_files().empty() && path == "/index.html") {
    answer.type = "text/html; charset=utf-8";
    answer.fields = "Cache-Control: no-cache\r\n";
    answer.body.bytes = without_dashboard;
    return answer;
  }
  for (const PageFile& file : page_files()) {
    if (file.path != path) continue;
    answer.type = file.type;
    answer.fields =
        "Cache-Control: no-cache\r\nVary: Accept-Encoding\r\nETag: " + std::string(file.etag) +
        "\r\n";
    if (!head.if_none_match.empty() && names(head.if_none_match, file.etag)) {
      answer.status = 304;
      return answer;
    }
    if (head.takes_gzip) {
      answer.fields += "Content-Encoding: gzip\r\n";
      answer.body.bytes = file.gzip;
      return answer;
    }
    auto plain = gunzip(file.gzip, most_page_bytes);
    if (!plain) return std::nullopt;
    answer.body = web_body(*std::move(plain));
    return answer;
  }
  return std::nullopt;
}

}  // namespace gangline
