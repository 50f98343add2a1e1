#include <algorithm>

#include "tui/seen.h"

namespace gangline {
namespace {

// Bytes of one line; what is too long goes on in the next one.
void append_to_line(LogSeen& log, std::string_view part) {
  if (!log.unfinished || log.lines.empty()) log.lines.emplace_back();
  log.lines.back() += part;
  while (log.lines.back().size() > longest_log_line) {
    std::string& line = log.lines.back();
    std::size_t cut = longest_log_line;
    while (cut > longest_log_line - 4 && (line[cut] & '\xc0') == '\x80') --cut;
    std::string rest = line.substr(cut);
    line.resize(cut);
    log.lines.push_back(std::move(rest));
  }
  while (log.lines.size() > most_log_lines) {
    log.lines.pop_front();
    log.begins_later = true;
    ++log.gone;
  }
}

// A program that goes back to the begin of a line writes a new one: so nothing is hidden.
void append(LogSeen& log, std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find_first_of("\r\n");
    const std::string_view part = bytes.substr(0, end);
    const bool broken = end != std::string_view::npos;
    bytes.remove_prefix(broken ? end : bytes.size());
    if (!part.empty() || (bytes.starts_with('\n') && !log.after_return)) {
      append_to_line(log, part);
      log.unfinished = true;
    }
    log.after_return = broken && bytes.front() == '\r';
    if (broken) {
      log.unfinished = false;
      bytes.remove_prefix(1);
    }
  }
}

struct Update {
  Seen& seen;

  void operator()(StatusTold& told) const { seen.status = std::move(told.status); }
  void operator()(NodesTold& told) const {
    seen.nodes = std::move(told.nodes);
    seen.nodes_at = told.at;
  }
  void operator()(HistoryTold& told) const {
    for (DeviceReadings& one : told.devices) {
      const DeviceId id = one.device;
      seen.history[id] = std::move(one);
    }
  }
  void operator()(JobsTold& told) const {
    seen.running = std::move(told.running);
    if (!told.waiting || !told.ended) return;
    seen.waiting = *std::move(told.waiting);
    seen.ended = *std::move(told.ended);
    seen.jobs_at = told.at;
  }
  void operator()(JobTold& told) const {
    if (!seen.job || seen.job->summary.id != told.job.summary.id) {
      seen.gang.reset();
      seen.why.reset();
      seen.log.reset();
    }
    seen.job = std::move(told.job);
    seen.cells = std::move(told.cells);
  }
  void operator()(GangTold& told) const { seen.gang = std::move(told.gang); }
  void operator()(WhyTold& told) const { seen.why = std::move(told.why); }
  void operator()(LogTold& told) const {
    if (told.anew || !seen.log || seen.log->place != told.place) {
      seen.log = LogSeen{};
      seen.log->place = told.place;
      seen.log->begins_later = told.chunk.from > 0;
    } else if (told.chunk.dropped > 0) {
      append(*seen.log, "\n[gang: " + std::to_string(told.chunk.dropped) +
                            " bytes were dropped here: the log passed its limit]\n");
    }
    std::string_view bytes = told.chunk.bytes;
    // The end of a log is shown from the begin of a line.
    if (told.anew && told.chunk.from > 0)
      bytes.remove_prefix(std::min(bytes.size(), bytes.find('\n') + 1));
    append(*seen.log, bytes);
    seen.log->end = told.chunk.from + told.chunk.bytes.size();
  }
  void operator()(ChartTold& told) const { seen.chart = std::move(told.chart); }
  void operator()(Refused& told) const { seen.says = std::move(told.says); }
  void operator()(Said& told) const { seen.says = std::move(told.says); }
  void operator()(ServiceLost& told) const {
    if (!seen.lost) seen.lost = told.at;
    seen.lost_says = std::move(told.says);
  }
  void operator()(ServiceBack&) const {
    if (seen.lost) seen.says = "the service answers again";
    seen.lost.reset();
    seen.lost_says.clear();
  }
};

}  // namespace

void update(Seen& seen, News news) { std::visit(Update{seen}, news); }

}  // namespace gangline
