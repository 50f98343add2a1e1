#include "replay/simulate/fgd_curves.h"

#include <cmath>
#include <memory>

#include "schedule/place/free_state.h"
#include "schedule/rate/fragmentation.h"

namespace gangline {
namespace {

double asked_gpus(const ResourceRequest& request) {
  const auto& devices = request.alternatives.front().devices;
  return devices ? static_cast<double>(request.tasks) * devices->count * devices->share.thousandths
                 : 0;
}

double hundredths(double percent) { return std::round(percent * 100) / 100; }

}  // namespace

std::vector<FgdPoint> fgd_curves(const History& arrivals, const Cluster& cluster,
                                 const Simulated& simulated) {
  const Kinds kinds(std::make_shared<const Cluster>(cluster), {});
  const Fragmentation measure(kinds, arrivals.usual);
  FreeState free(kinds);
  const auto of_node = [&](std::uint32_t n) {
    return measure.of(kinds.kind_of(n), free.node(n).cpu_thousandths, free.node(n).devices);
  };
  std::vector<double> of_no_use(kinds.nodes());
  double fragmented = 0, all = 0;
  for (std::uint32_t n = 0; n < kinds.nodes(); ++n) {
    fragmented += of_no_use[n] = of_node(n);
    all += 1000.0 * static_cast<double>(kinds.node(n).devices.size());
  }
  double arrived = 0, used = 0;
  std::vector<FgdPoint> points;
  for (std::size_t i = 0; i < arrivals.jobs.size(); ++i) {
    const double asked = asked_gpus(*arrivals.jobs[i].request);
    arrived += asked;
    if (const auto& where = simulated.jobs[i].where) {
      used += asked;
      free.take(*where);
      for (const NodePart& part : where->parts) {
        fragmented -= of_no_use[part.node.n];
        fragmented += of_no_use[part.node.n] = of_node(part.node.n);
      }
    }
    const auto n = static_cast<std::size_t>(std::nearbyint(100 * arrived / all));
    if (points.size() <= n) points.resize(n + 1);
    ++points[n].arrivals;
    points[n].allocated += hundredths(100 * used / all);
    points[n].fragmented += hundredths(100 * fragmented / all);
  }
  for (FgdPoint& point : points) {
    if (point.arrivals == 0) continue;
    point.allocated = hundredths(point.allocated / static_cast<double>(point.arrivals));
    point.fragmented = hundredths(point.fragmented / static_cast<double>(point.arrivals));
  }
  return points;
}

}  // namespace gangline
