// A simulation as one page for a browser, which asks nothing of any other file or machine.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "replay/history.h"
#include "replay/report/measures.h"
#include "replay/report/rows.h"

namespace gangline {

/// The page is never longer, whatever the history holds; it says itself what it leaves out.
constexpr std::size_t longest_page = 3'000'000;  // bytes
/// Simulations that a page shows; it names the number of the others.
constexpr std::size_t most_runs_of_a_page = 24;

/// What was simulated, how far that can be trusted, the measures side by side, use over time, waits
/// by size, who ran where, and what blocked whom. Complete HTML with its own style, pictures and
/// script; all names in it are text, whatever they hold. The pictures need no script; with it, they
/// can be read out with pointer and arrow keys. `error`: that of the history as it was recorded;
/// empty: not known.
std::string write_page(const std::string& title, const History& history,
                       const std::vector<PolicyRun>& runs,
                       const std::optional<HistoryError>& error = {});

}  // namespace gangline
