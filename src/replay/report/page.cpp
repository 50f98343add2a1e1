#include "replay/report/page.h"

#include <algorithm>

#include "base/check.h"
#include "replay/report/page_parts.h"
#include "replay/report/page_text.h"

namespace gangline {
namespace {

/// Bars of the chart of nodes; all else is bounded by limits of its own (page_test.cpp).
constexpr std::size_t longest_bars = 1'600'000;

/// Nothing that this page holds may ask for anything, whatever slipped into it.
constexpr const char* closed =
    "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src "
    "'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action "
    "'none'\">\n";

constexpr const char* sections =
    "<nav aria-label='Parts of this page'><a href='#measures'>Measures</a><a href='#use'>Use over "
    "time</a><a href='#waits'>Waits by size</a><a href='#nodes'>Who ran where</a><a "
    "href='#blocked'>What blocked whom</a></nav>\n";

}  // namespace

std::string write_page(const std::string& title, const History& history,
                       const std::vector<PolicyRun>& runs,
                       const std::optional<HistoryError>& error) {
  const std::span<const PolicyRun> shown_runs(runs.data(),
                                              std::min(runs.size(), most_runs_of_a_page));
  const PageScene scene{history, shown_runs, error, TimeAxis(shown_runs),
                        JobSizes(history, shown_runs)};
  std::string html =
      "<!doctype html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n" + std::string(closed) +
      "<meta name=viewport content='width=device-width, initial-scale=1'>\n"
      "<link rel=icon href='data:,'>\n<title>" +
      shown(title, 200) + " – gang simulate</title>\n" + page_style() + "</head>\n<body>\n";
  html += head_part(title, scene, runs.size() - shown_runs.size()) + sections + "<main>\n";
  html += measures_part(scene) + use_part(scene) + waits_part(scene);
  html += nodes_part(scene, longest_bars) + blocked_part(scene);
  html += "</main>\n" + page_script() + "</body>\n</html>\n";
  CHECK(html.size() <= longest_page);
  return html;
}

}  // namespace gangline
