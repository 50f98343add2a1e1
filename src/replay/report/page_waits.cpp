// How long jobs of each size waited.
#include <algorithm>
#include <cmath>

#include "replay/report/page_parts.h"
#include "replay/report/page_text.h"

namespace gangline {
namespace {

struct WaitsOfSize {
  std::vector<double> seconds;  ///< sorted
  std::uint64_t never_started = 0;
};
using WaitsBySize = std::array<WaitsOfSize, JobSizes::classes>;

WaitsBySize waits_of(const PageScene& scene, const PolicyRun& run) {
  WaitsBySize waits;
  for (std::size_t i = 0; i < scene.jobs_of(run); ++i) {
    const PastJob& past = scene.history.jobs[i];
    WaitsOfSize& of = waits[scene.sizes.class_of(*past.request)];
    const auto& started = run.simulated.jobs[i].started;
    if (started) of.seconds.push_back(to_seconds(*started - past.submitted));
    else ++of.never_started;
  }
  for (WaitsOfSize& of : waits) std::sort(of.seconds.begin(), of.seconds.end());
  return waits;
}

/// The nearest rank, as in measures.h.
double rank(const std::vector<double>& sorted, double part) {
  const auto n = static_cast<std::size_t>(std::ceil(part * static_cast<double>(sorted.size())));
  return sorted[std::min(sorted.size(), std::max<std::size_t>(1, n)) - 1];
}

/// Where a wait stands on a scale that is even in log(1 + seconds / 10), 0 to 100.
class WaitScale {
 public:
  explicit WaitScale(double longest) : longest_(std::max(60.0, longest)) {}
  double at(double seconds) const { return 100 * log_of(seconds) / log_of(longest_); }
  std::string labels() const {
    std::string html = "<div class='ticks waits' aria-hidden=true>";
    for (const auto& [seconds, name] : marks_)
      if (at(seconds) <= 100)
        html += "<span" +
                std::string(seconds <= 0       ? " class=left"
                            : at(seconds) > 94 ? " class=right"
                                               : "") +
                " style='left:" + decimal(at(seconds)) + "%'>" + name + "</span>";
    return html + "</div>";
  }

 private:
  struct Mark {
    double seconds;
    const char* name;
  };
  static constexpr Mark marks_[] = {{0, "0"},           {60, "1m"},        {600, "10m"},
                                    {3'600, "1h"},      {36'000, "10h"},   {259'200, "3d"},
                                    {2'592'000, "30d"}, {31'536'000, "1y"}};
  static double log_of(double seconds) { return std::log1p(std::max(0.0, seconds) / 10); }

  double longest_;
};

std::string bar(const WaitScale& scale, double median, double p95) {
  return "<div class=track><span class=range style='left:" + decimal(scale.at(median)) +
         "%;width:" + decimal(scale.at(p95) - scale.at(median)) +
         "%'></span><span class=median style='left:" + decimal(scale.at(median)) +
         "%'></span><span class=p95 style='left:" + decimal(scale.at(p95)) + "%'></span></div>";
}

std::string row(const PolicyRun& run, const WaitsOfSize& waits, const WaitScale& scale,
                bool any_never) {
  std::string html = "<tr><th scope=row><bdi>" + shown(run.name) + "</bdi></th>";
  const std::string never = any_never ? "<td>" + counted(waits.never_started) + "</td>" : "";
  if (waits.seconds.empty())
    return html + "<td class=picture></td><td>" + unknown_text + "</td><td>" + unknown_text +
           "</td><td class=wide>" + unknown_text + "</td>" + never + "</tr>\n";
  const double median = rank(waits.seconds, 0.5), p95 = rank(waits.seconds, 0.95);
  return html + "<td class=picture>" + bar(scale, median, p95) + "</td><td>" + lasting(median) +
         "</td><td>" + lasting(p95) + "</td><td class=wide>" + lasting(waits.seconds.back()) +
         "</td>" + never + "</tr>\n";
}

}  // namespace

std::string waits_part(const PageScene& scene) {
  std::string html = "<section id=waits><h2>Waits by size</h2>\n";
  std::vector<WaitsBySize> waits;
  double longest = 0;
  bool any_never = false;
  for (const PolicyRun& run : scene.runs) {
    waits.push_back(waits_of(scene, run));
    for (const WaitsOfSize& of : waits.back()) any_never = any_never || of.never_started > 0;
    for (const WaitsOfSize& of : waits.back())
      if (!of.seconds.empty()) longest = std::max(longest, rank(of.seconds, 0.95));
  }
  const WaitScale scale(longest);
  html +=
      "<ul class=legend><li><span class=median-mark></span>half of the jobs wait at most so long "
      "</li><li><span class=p95-mark></span>95 of 100 wait at most so long</li><li>the scale grows "
      "by tens</li></ul>\n"
      "<div class=scroll tabindex=0 role=region aria-label='Waits by size'><table class=waits>"
      "<thead><tr><th scope=col>Asked</th><th scope=col class=picture><span class=unseen>Picture"
      "</span>" +
      scale.labels() +
      "</th><th scope=col>median</th><th scope=col>95 of 100</th><th scope=col class=wide>longest"
      "</th>" +
      (any_never ? "<th scope=col>never started</th>" : "") + "</tr></thead>\n";
  bool any = false;
  for (std::size_t size = 0; size < JobSizes::classes; ++size) {
    const auto jobs_in = [&](const WaitsBySize& of) {
      return of[size].seconds.size() + of[size].never_started;
    };
    std::size_t jobs = 0;
    for (const WaitsBySize& of : waits) jobs = std::max(jobs, jobs_in(of));
    if (jobs == 0) continue;
    any = true;
    html += "<tbody><tr class=group><th colspan=" + std::string(any_never ? "6" : "5") +
            " scope=rowgroup><span>" + std::string(scene.sizes.name_of(size)) +
            " <span class=aside>" + several(jobs, "job") + "</span></span></th></tr>\n";
    for (std::size_t r = 0; r < waits.size(); ++r)
      html += row(scene.runs[r], waits[r][size], scale, any_never);
    html += "</tbody>";
  }
  html += "</table></div>";
  if (!any) html += "<p class=empty>No job came.</p>";
  return html + "</section>\n";
}

}  // namespace gangline
