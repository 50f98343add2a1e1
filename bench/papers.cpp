// Tables of papers, ours beside the published ones, out of the core that schedules live.
// Usage: papers FOLDER (the public traces)
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <random>
#include <set>

#include "base/text.h"
#include "replay/clusters/read_cluster.h"
#include "replay/input/amounts.h"
#include "replay/readers/read_history.h"
#include "replay/simulate/csv_rows.h"
#include "replay/simulate/fgd_curves.h"
#include "replay/simulate/pollux_artifact.h"
#include "replay/simulate/simulation.h"

namespace gangline {
namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Nodes in the order of their rank: of equally good ones the first is taken.
Cluster by_rank(const Cluster& cluster, const std::string& path, const std::string& seed) {
  std::map<std::string, std::size_t> rank;
  for (const auto& row : csv_rows(path)) rank[row.at("sn")] = std::stoul(row.at("seed" + seed));
  Cluster ranked;
  ranked.nodes.resize(cluster.nodes.size());
  for (const Node& node : cluster.nodes) ranked.nodes[rank.at(node.name)] = node;
  return ranked;
}

struct FgdRow {
  const char* published;
  const char* policy;
};
constexpr FgdRow fgd_rows[] = {{"01-Random", "random"},
                               {"02-DotProd", "dot_product"},
                               {"03-GpuClustering", "gpu_clustering"},
                               {"04-GpuPacking", "gpu_packing"},
                               {"05-BestFit", "best_fit"},
                               {"06-FGD", "fgd"}};

void fgd(const std::string& folder) {
  const auto found = read_cluster(folder + "/nodes_gpu.csv");
  std::map<std::string, std::pair<double, double>> expected;
  for (const auto& row : csv_rows(folder + "/expected.csv.gz"))
    expected[row.at("trace") + "," + row.at("policy") + "," + row.at("seed") + "," +
             row.at("arrived_pct")] = {std::atof(row.at("alloc_pct").c_str()),
                                       std::atof(row.at("frag_amount_pct").c_str())};
  for (const char* trace : {"default", "cpu100", "gpushare40", "gpuspec25", "multigpu30"})
    for (const FgdRow& row : fgd_rows) {
      double worst_alloc = 0, worst_frag = 0, seconds = 0, mean = 0, mean_published = 0;
      std::array<double, 131> apart{};  // of the means, at each point
      for (const char* seed : {"42", "43", "44", "45", "46"}) {
        HowToRead how;
        how.arrivals = folder + "/arrivals_" + trace + ".csv.gz";
        how.seed = seed;
        const auto history = read_history(folder + "/pods_" + trace + ".csv.gz", how);
        const Cluster cluster =
            by_rank(found->cluster, folder + "/node_rank_" + trace + ".csv.gz", seed);
        SimulationSettings settings;
        settings.policy = *find_policy(row.policy);
        settings.policy.seed = std::stoul(seed);
        settings.leaves_unless_started = true;
        const double begun = now();
        const auto simulated = simulate(*history, cluster, settings);
        seconds += now() - begun;
        const auto points = fgd_curves(*history, cluster, *simulated);
        for (std::size_t n = 0; n < points.size() && n <= 130; ++n) {
          const auto at = expected.find(std::string(trace) + "," + row.published + "," + seed +
                                        "," + std::to_string(n));
          if (at == expected.end() || points[n].arrivals == 0) continue;
          worst_alloc = std::max(worst_alloc, std::abs(points[n].allocated - at->second.first));
          apart[n] += (points[n].allocated - at->second.first) / 5;
          worst_frag = std::max(worst_frag, std::abs(points[n].fragmented - at->second.second));
          if (n == 130) {
            mean += points[n].allocated / 5;
            mean_published += at->second.first / 5;
          }
        }
      }
      double means = 0;
      for (const double one : apart) means = std::max(means, std::abs(one));
      const bool random = row.policy == std::string_view("random");
      const bool holds = random ? means <= 0.3 : std::max(worst_alloc, worst_frag) <= 0.0100001;
      std::printf(
          "fgd %-11s %-14s ours %6.2f  published %6.2f  furthest apart %5.2f alloc %5.2f frag, "
          "means %.2f  %.3f s a run: %s\n",
          trace, row.policy, mean, mean_published, worst_alloc, worst_frag, means, seconds / 5,
          !holds   ? "NOT EQUAL"
          : random ? "means within 0.3"
                   : "equal");
      std::fflush(stdout);
    }
}

double held_part(const Simulated& simulated, const Cluster& cluster) {
  double held = 0, all = 0;
  for (const Node& node : cluster.nodes) all += 1000.0 * static_cast<double>(node.devices.size());
  for (const SimulatedJob& job : simulated.jobs) {
    if (job.where == nullptr || job.ended) continue;
    for (const NodePart& part : job.where->parts)
      for (const TaskPlace& task : part.tasks)
        for (const DeviceShare& share : task.devices) held += share.share.thousandths;
  }
  return held / all;
}

double gpus_asked(const PastJob& job) {
  const auto& devices = job.request->alternatives.front().devices;
  return devices ? static_cast<double>(devices->count) * devices->share.thousandths / 1000 : 0;
}

// Arrivals in an order of our own, with some again or some left out until they ask for 130 % of the
// GPUs; nobody leaves.
History drawn_to_130(const History& list, double gpus, bool& trimmed) {
  std::mt19937_64 random(42);
  History drawn;
  drawn.usual = usual_in(list);
  drawn.jobs = list.jobs;
  std::shuffle(drawn.jobs.begin(), drawn.jobs.end(), random);
  double asked = 0;
  for (const PastJob& job : drawn.jobs) asked += gpus_asked(job);
  trimmed = asked > 1.3 * gpus;
  while (asked > 1.3 * gpus) {
    const auto one = drawn.jobs.begin() + static_cast<std::ptrdiff_t>(random() % drawn.jobs.size());
    asked -= gpus_asked(*one);
    drawn.jobs.erase(one);
  }
  while (!trimmed) {
    const PastJob& one = list.jobs[random() % list.jobs.size()];
    asked += gpus_asked(one);
    if (asked > 1.3 * gpus) break;
    drawn.jobs.push_back(one);
  }
  for (std::size_t i = 0; i < drawn.jobs.size(); ++i) {
    drawn.jobs[i].submitted = Time{} + seconds(static_cast<std::int64_t>(i));
    drawn.jobs[i].run = longest_span_in_a_log;
  }
  return drawn;
}

// Each list of pods as it came, and cloned or trimmed to 130 % as FGD's experiment does, under fgd.
void openb_lists(const std::string& folder) {
  const auto found = read_cluster(folder + "/nodes_gpu.csv");
  double gpus = 0;
  for (const Node& node : found->cluster.nodes) gpus += static_cast<double>(node.devices.size());
  std::set<std::filesystem::path> files;
  for (const auto& file : std::filesystem::directory_iterator(folder))
    if (file.path().filename().string().starts_with("pods_")) files.insert(file.path());
  for (const auto& file : files) {
    const auto history = read_history(file);
    const double begun = now();
    SimulationSettings settings;
    settings.policy = *find_policy("fgd");
    const auto as_it_came = simulate(*history, found->cluster, settings);
    std::map<Lot, std::size_t> lots;
    for (const SimulatedJob& job : as_it_came->jobs) ++lots[job.lot];
    bool trimmed = false;
    const History drawn = drawn_to_130(*history, gpus, trimmed);
    settings.leaves_unless_started = true;
    const auto at_130 = simulate(drawn, found->cluster, settings);
    std::printf(
        "openb %-24s %5zu jobs, %5zu ended, %4zu wait or run, %zu can never run; %s to %zu at "
        "130 %%: %5.2f %% allocated  %.2f s\n",
        file.filename().c_str(), as_it_came->jobs.size(), lots[Lot::ended], lots[Lot::waited],
        lots[Lot::hopeless], trimmed ? "trimmed" : "cloned", drawn.jobs.size(),
        100 * held_part(*at_130, found->cluster), now() - begun);
    std::fflush(stdout);
  }
}

// Jobs in the order of their file, so that what peers tell by number can be found.
struct Compared {
  std::size_t jobs = 0, different = 0;
  double mean = 0, mean_published = 0;
};

Cluster some_nodes(std::size_t count, std::uint32_t gpus, std::uint32_t cpus) {
  Node node;
  node.counted = whole_cpus(cpus);
  Device device;
  device.vendor = "nvidia";
  node.devices.assign(gpus, device);
  Cluster cluster;
  for (std::size_t n = 0; n < count; ++n) {
    node.name = "n" + std::to_string(n);
    cluster.nodes.push_back(node);
  }
  return cluster;
}

// `exactly`: each job must be equal, else the mean within 5 %.
void print(const std::string& what, const Compared& compared, const char* of, bool exactly) {
  const double off = compared.mean / compared.mean_published - 1;
  const char* verdict = compared.different == 0 ? "equal"
                        : exactly               ? "NOT EQUAL"
                        : std::abs(off) <= 0.05 ? "mean within 5 %"
                                                : "NOT WITHIN 5 %";
  std::printf(
      "%-46s %5zu jobs, %s differs for %zu; mean ours %.3f, published %.3f (%+.1f %%): %s\n",
      what.c_str(), compared.jobs, of, compared.different, compared.mean, compared.mean_published,
      100 * off, verdict);
}

struct TiresiasRow {
  const char* peer;
  const char* policy;
  bool exactly;  ///< else the mean, for the simulator has bugs there
};
constexpr TiresiasRow tiresias_rows[] = {
    {"fifo", "fifo", true},
    {"fjf", "greedy", true},
    {"sjf", "fewest_devices", true},
    {"shortest", "remaining", true},
    {"shortest-gpu", "remaining_work", true},
    {"dlas", "attained", false},
    {"dlas-gpu", "attained_work", false},
    {"dlas-gpu-gittins", "gittins", false},
};

// End times of the simulator of Tiresias (NSDI'19), scheme `count`.
void tiresias(const std::string& folder) {
  struct Trace {
    const char* file;
    const char* name;
    std::uint32_t gpus;
  };
  for (const Trace& trace : {Trace{"60_job.csv", "60_8gpu", 8}, Trace{"60_job.csv", "60_16gpu", 16},
                             Trace{"philly_0e4a51_job.csv", "philly_0e4a51_40gpu", 40}})
    for (const auto& [peer, row, exactly] : tiresias_rows) {
      const auto history = read_history(folder + "/" + trace.file);
      SimulationSettings settings;
      for (const auto& sample : csv_rows(folder + "/yarn-gput1000.csv"))
        settings.usual_work.push_back(seconds(std::atoll(sample.at("duration").c_str())));
      settings.policy = *find_policy(row);
      const auto simulated = simulate(*history, some_nodes(1, trace.gpus, 60'000), settings);
      std::map<std::string, double> end;
      const std::string path = folder + "/peer_" + trace.name + "_" + peer + ".csv.gz";
      for (const auto& published : csv_rows(path))
        end[published.at("job_id")] = std::atof(published.at("end_time").c_str());
      Compared compared;
      for (std::size_t i = 0; i < history->jobs.size(); ++i) {
        const Time submitted = history->jobs[i].submitted;
        const double ours = to_seconds(simulated->jobs[i].ended.value_or(never) - submitted);
        const double theirs = end.at(history->jobs[i].id) - to_seconds(submitted - Time{});
        ++compared.jobs;
        compared.different += std::abs(ours - theirs) > 0.5;
        compared.mean += ours / static_cast<double>(history->jobs.size());
        compared.mean_published += theirs / static_cast<double>(history->jobs.size());
      }
      print(std::string("tiresias ") + trace.name + " " + row, compared, "the end", exactly);
    }
}

// Starts of the simulator of Helios (SC'21), consolidated placement, and mean completions. What it
// takes to go on after a stop is 7, 30 or 60 s there, by the number of GPUs; here 30.
void helios(const std::string& folder) {
  for (const auto& [vc, nodes] : {std::pair{"0e4a51", 5}, std::pair{"11cb48", 16}})
    for (const auto& [peer, row] :
         {std::pair{"fifo", "fifo_consolidate"}, std::pair{"sjf", "shortest_consolidate"},
          std::pair{"srtf", "remaining_consolidate"}}) {
      const std::string path = folder + "/helios/peer_" + vc + "_" + std::to_string(nodes) +
                               "nodes_" + peer + "_consolidate.csv.gz";
      if (!std::filesystem::exists(path)) continue;
      History history;
      std::vector<double> start, end;
      std::map<int, std::shared_ptr<const ResourceRequest>> requests;
      for (const auto& published : csv_rows(path)) {
        PastJob job;
        const int gpus = std::atoi(published.at("gpu_num").c_str());
        auto& request = requests[gpus];
        if (request == nullptr) {
          ResourceRequest asked;
          asked.tasks = static_cast<std::uint32_t>(gpus);
          asked.alternatives.front().devices.emplace();
          request = std::make_shared<const ResourceRequest>(asked);
        }
        job.request = request;
        job.submitted = Time{} + seconds(std::atoll(published.at("submit_time").c_str()));
        job.run = seconds(std::atoll(published.at("duration").c_str()));
        history.jobs.push_back(std::move(job));
        start.push_back(std::atof(published.at("start_time").c_str()));
        end.push_back(std::atof(published.at("end_time").c_str()));
      }
      std::vector<std::size_t> order(start.size());
      for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
      std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return history.jobs[a].submitted < history.jobs[b].submitted;
      });
      History sorted;
      for (const std::size_t i : order) sorted.jobs.push_back(history.jobs[i]);
      SimulationSettings settings;
      settings.policy = *find_policy(row);
      settings.assumed_limit = 1;
      settings.restart_cost = settings.policy.oracle ? seconds(30) : Span{0};
      const auto simulated =
          simulate(sorted, some_nodes(static_cast<std::size_t>(nodes), 8, 1'000), settings);
      Compared compared;
      for (std::size_t i = 0; i < order.size(); ++i) {
        const double ours = to_seconds(simulated->jobs[i].started.value_or(never) - Time{});
        ++compared.jobs;
        compared.different += std::abs(ours - start[order[i]]) > 0.5;
        const Time submitted = sorted.jobs[i].submitted;
        compared.mean += to_seconds(simulated->jobs[i].ended.value_or(never) - submitted) /
                         static_cast<double>(order.size());
        compared.mean_published +=
            (end[order[i]] - to_seconds(submitted - Time{})) / static_cast<double>(order.size());
      }
      print(std::string("helios ") + vc + " " + row, compared, "the start",
            !settings.policy.oracle);
    }
}

// "1-2 5": the machines of an allocation, as Batsim writes them.
std::string machines_of(const Allocation& where) {
  std::set<std::uint32_t> machines;
  for (const NodePart& part : where.parts) machines.insert(part.node.n);
  std::string text;
  for (auto it = machines.begin(); it != machines.end();) {
    const std::uint32_t first = *it;
    std::uint32_t last = first;
    while (++it != machines.end() && *it == last + 1) ++last;
    text += (text.empty() ? "" : " ") + std::to_string(first) +
            (last > first ? "-" + std::to_string(last) : "");
  }
  return text;
}

Cluster batsim_cluster() {
  Cluster cluster;
  for (int n = 0; n < 32; ++n) {
    Node node;
    node.name = "m" + std::to_string(n);
    node.counted = whole_cpus(1);
    cluster.nodes.push_back(node);
  }
  return cluster;
}

// Starts and machines under EASY of Batsim, and the mean wait of EASY that promises counts.
void batsim(const std::string& folder) {
  const auto history = read_history(folder + "/jobs.csv");
  std::map<std::string, std::map<std::string, std::string>> published;
  double wait_published = 0;
  for (const auto& row : csv_rows(folder + "/expected_easy.csv")) published[row.at("job_id")] = row;
  const auto jobs = static_cast<double>(history->jobs.size());
  for (const PastJob& job : history->jobs)
    wait_published += (std::atof(published.at(job.id).at("starting_time").c_str()) -
                       to_seconds(job.submitted - Time{})) /
                      jobs;
  for (const char* row :
       {"easy_machines", "easy_textbook", "easy", "conservative_machines", "conservative"}) {
    SimulationSettings settings;
    settings.policy = *find_policy(row);
    const auto simulated = simulate(*history, batsim_cluster(), settings);
    std::size_t starts = 0, places = 0;
    double wait = 0;
    for (std::size_t i = 0; i < history->jobs.size(); ++i) {
      const PastJob& job = history->jobs[i];
      const SimulatedJob& ours = simulated->jobs[i];
      const auto& theirs = published.at(job.id);
      const double start = to_seconds(ours.started.value_or(never) - Time{});
      starts += std::abs(start - std::atof(theirs.at("starting_time").c_str())) > 2e-6;
      places += machines_of(*ours.where) != theirs.at("allocated_resources");
      wait += (start - to_seconds(job.submitted - Time{})) / jobs;
    }
    std::printf("batsim %-22s %zu jobs, mean wait ours %.6f", row, history->jobs.size(), wait);
    if (std::string_view(row) == "easy_machines")
      std::printf(", published %.6f; start differs for %zu, machines for %zu: %s", wait_published,
                  starts, places, starts + places == 0 ? "equal" : "NOT EQUAL");
    if (std::string_view(row) == "easy_textbook")
      std::printf(", published 8.681: %s", std::abs(wait - 8.681) < 5e-4 ? "equal" : "NOT EQUAL");
    if (std::string_view(row).starts_with("conservative")) std::printf(" (nothing published here)");
    std::printf("\n");
  }
}

// Completion times of the Tiresias policy in the artifact of Pollux (OSDI'21), where published.
void pollux(const std::string& folder) {
  SimulationSettings settings;
  settings.policy = *find_policy("attained_in_rounds");
  settings.speeds = std::make_shared<const Speeds>(pollux_speeds(folder));
  settings.start_cost = seconds(30);
  for (const char* load : {"0.5", "1.0", "1.5", "2.0"}) {
    std::map<std::string, double> published;
    const std::string path = folder + "/expected_tiresias_" + load + ".csv.gz";
    if (std::filesystem::exists(path))
      for (const auto& row : csv_rows(path))
        published[row.at("workload") + row.at("job")] = std::atof(row.at("jct_s").c_str());
    std::size_t jobs = 0, ended = 0, different = 0;
    double ours = 0, theirs = 0;
    for (int w = 1; w <= 8; ++w) {
      const std::string name = "workload-" + std::to_string(w);
      const auto history = read_history(folder + "/workloads-" + load + "/" + name + ".csv");
      const auto simulated = simulate(*history, pollux_cluster(), settings);
      for (std::size_t i = 0; i < history->jobs.size(); ++i) {
        const PastJob& job = history->jobs[i];
        const double took = to_seconds(simulated->jobs[i].ended.value_or(never) - job.submitted);
        ++jobs;
        ended += simulated->jobs[i].ended.has_value();
        ours += std::nearbyint(took);
        if (published.empty()) continue;
        const double there = published.at(name + job.id);
        theirs += there;
        different += std::nearbyint(took) != there;
      }
    }
    const auto n = static_cast<double>(jobs);
    std::printf(
        "pollux tiresias, load %s: 8 workloads, %zu jobs, %zu ended, mean completion ours %.1f",
        load, jobs, ended, ours / n);
    if (published.empty()) std::printf(" (nothing published for each job here)\n");
    else
      std::printf(", published %.1f; differs for %zu: %s\n", theirs / n, different,
                  different == 0 ? "equal" : "NOT EQUAL");
  }
}

}  // namespace
}  // namespace gangline

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : "../shared/data";
  const std::string only = argc > 2 ? argv[2] : "";
  if (only.empty() || only == "fgd") gangline::fgd(folder + "/openb");
  if (only.empty() || only == "openb_lists") gangline::openb_lists(folder + "/openb");
  if (only.empty() || only == "tiresias") gangline::tiresias(folder + "/tiresias");
  if (only.empty() || only == "helios") gangline::helios(folder);
  if (only.empty() || only == "batsim") gangline::batsim(folder + "/batsim-backfill");
  if (only.empty() || only == "pollux") gangline::pollux(folder + "/pollux-osdi21");
}
