// top_speed GANG [SECONDS]: which share of a core `gang top` takes with 1,000 devices, all of which
// change each second, and 10,000 gangs: a pretended service on a socket, the real program on a
// pseudo-terminal of 80x24, each page for so many seconds.
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include "base/text.h"
#include "os/clock.h"
#include "os/http_server.h"
#include "os/loop.h"
#include "os/unix_socket.h"
#include "server/routes.h"
#include "service/service.h"

namespace gangline {
namespace {

constexpr std::uint32_t node_count = 125, devices_of_node = 8, waiting_jobs = 9'000;
constexpr std::uint32_t device_count = node_count * devices_of_node;

/// Answers as a busy cluster would; all readings are others each second.
class BusyCluster final : public Service {
 public:
  explicit BusyCluster(std::string version) : version_(std::move(version)) {
    for (std::uint32_t n = 0; n < node_count; ++n) nodes_.push_back(node(n));
    const Time begun = now();
    for (std::uint32_t i = 0; i < device_count; ++i)
      running_.push_back(job(i + 1, GangPhase::running, begun));
    for (std::uint32_t i = 0; i < waiting_jobs; ++i)
      waiting_.push_back(job(device_count + i + 1, GangPhase::waiting, begun));
  }

  void submit(JobSpec, Reply<Submitted> reply) override { no(reply); }
  void translate(JobSpec, Reply<Translation> reply) override { no(reply); }
  void list(const ListQuery& query, Reply<std::vector<JobSummary>> reply) override {
    const auto& from = query.phase == GangPhase::running   ? running_
                       : query.phase == GangPhase::waiting ? waiting_
                                                           : ended_;
    std::vector<JobSummary> told;
    for (const JobSummary& one : from) {
      if (told.size() >= query.limit) break;
      if (contains_text(one.name, query.text)) told.push_back(one);
    }
    reply(told);
  }
  void show(JobId id, std::uint32_t, std::uint32_t, Reply<JobDetail> reply) override {
    JobDetail detail;
    detail.summary = job(static_cast<std::uint32_t>(id.n), GangPhase::running, now());
    detail.summary.gangs = 10'000;
    detail.gangs.push_back(gang({id, 0}));
    reply(detail);
  }
  void show_gang(GangId id, Reply<GangView> reply) override { reply(gang(id)); }
  void why(JobId, Reply<WhyAnswer> reply) override { no(reply); }
  void wait(const WaitQuery&, Reply<JobSummary> reply) override { no(reply); }
  void stop(const StopRequest&, Reply<JobSummary> reply) override { no(reply); }
  void read_log(const LogQuery& query, Reply<LogChunk> reply) override {
    LogChunk chunk;
    const auto line = "step of the training " + std::to_string(tick()) + "\n";
    chunk.from = query.from;
    chunk.bytes = line;
    chunk.size = query.from + line.size();
    reply(chunk);
  }
  void nodes(Reply<std::vector<NodeView>> reply) override {
    for (std::uint32_t n = 0; n < node_count; ++n) read(nodes_[n], n);
    reply(nodes_);
  }
  void feed(const FeedQuery&, Reply<FeedPage> reply) override {
    FeedPage page;
    page.of = "bench";
    page.newest = static_cast<std::uint64_t>(tick());
    FeedEntry entry;
    entry.number = page.newest;
    entry.kind = FeedKind::ended;
    entry.job = JobId{1};
    page.entries.push_back(entry);
    reply(page);
  }
  void cells(JobId id, std::uint32_t, std::uint32_t, Reply<GangCells> reply) override {
    GangCells cells{id, 0, 10'000, std::string(10'000, 'w')};
    for (std::size_t i = 0; i < cells.cells.size(); i += 3)
      cells.cells[i] = "drf"[(i + static_cast<std::size_t>(tick())) % 3];
    reply(cells);
  }
  void results(JobId job, std::uint32_t, std::uint32_t, Reply<JobResults> reply) override {
    JobResults none;
    none.job = job;
    reply(none);
  }
  void figures(Reply<Figures> reply) override { reply(Figures{}); }
  void readings(const ReadingsQuery& query, Reply<Readings> reply) override {
    Readings told;
    for (std::uint32_t i = 0; i < query.most; ++i) told.at.push_back(now());
    for (const std::uint32_t device : query.devices) {
      DeviceReadings one{{query.node, device}, "GPU-1", {}, {}, {}};
      for (std::uint32_t i = 0; i < query.most; ++i) {
        one.busy_percent.push_back(value(device + i));
        one.memory_bytes.push_back(1e9);
        one.power_watts.push_back(300);
      }
      told.devices.push_back(std::move(one));
    }
    reply(told);
  }
  void timeline(const TimeChartQuery& query, Reply<TimeChart> reply) override {
    TimeChart chart;
    chart.now = now();
    for (std::uint32_t i = 0; i < query.most; ++i) {
      TimeBar bar;
      bar.gang = {JobId{i + 1}, 0};
      bar.name = "train" + std::to_string(i);
      bar.owner = "anna";
      bar.from = chart.now - minutes(i / device_count * 10 + 10);
      bar.until = bar.from + minutes(10);
      bar.devices.push_back({NodeId{i % node_count}, i / node_count % devices_of_node});
      bar.nodes.push_back(NodeId{i % node_count});
      chart.bars.push_back(std::move(bar));
    }
    reply(chart);
  }
  void find(const std::string&, Reply<JobId> reply) override { no(reply); }
  void status(Reply<ServiceStatus> reply) override {
    ServiceStatus status;
    status.version = version_;
    status.pid = ::getpid();
    status.running = device_count;
    status.waiting = waiting_jobs;
    reply(status);
  }
  void reserve(const ReserveRequest&, Reply<Reservation> reply) override { no(reply); }
  void reservations(Reply<std::vector<Reservation>> reply) override { no(reply); }
  void cancel_reservation(std::uint64_t, Reply<Reservation> reply) override { no(reply); }
  void ask_pilot(const PilotRequest&, Reply<PilotView> reply) override { no(reply); }
  void pilots(Reply<std::vector<PilotView>> reply) override { no(reply); }
  void stop_pilot(std::uint64_t, Reply<PilotView> reply) override { no(reply); }
  void shut_down(Reply<Unit> reply) override { no(reply); }
  void stay(bool, Reply<Unit> reply) override { no(reply); }

 private:
  template <class T>
  static void no(const Reply<T>& reply) {
    reply(Error{ErrorKind::refused, "not in this bench", "", ""});
  }
  static std::int64_t tick() { return now().us / 1'000'000; }
  static double value(std::uint32_t of) {
    return static_cast<double>((static_cast<std::uint64_t>(tick()) * 7 + of * 13) % 101);
  }

  static NodeView node(std::uint32_t n) {
    NodeView view;
    view.id = NodeId{n};
    view.node.name = "gpu" + std::to_string(n);
    view.node.cpus = CpuSet::parse("0-127").value();
    view.node.memory = gibibytes(1'024);
    view.node.driver = "535.104.05";
    for (std::uint32_t d = 0; d < devices_of_node; ++d) {
      Device device;
      device.vendor = "nvidia";
      device.model = "NVIDIA H100 80GB HBM3";
      device.uid = "GPU-8a5c1000-57e5-4b1f-9f0a-30c1a2b4" + std::to_string(1'000 + d);
      device.memory = gibibytes(80);
      device.pci_address = "0000:c" + std::to_string(d) + ":00.0";
      device.files = {"/dev/nvidia" + std::to_string(d)};
      view.node.devices.push_back(std::move(device));
      for (std::uint32_t other = 0; other < d; ++other)
        view.node.links.push_back({other, d, LinkKind::nvlink, 18});
      DeviceUse use;
      use.gangs.emplace_back(GangId{JobId{n * devices_of_node + d + 1}, 0}, whole_device);
      view.use.push_back(std::move(use));
    }
    return view;
  }
  static void read(NodeView& view, std::uint32_t n) {
    NodeSample sample;
    sample.at = now();
    for (std::uint32_t d = 0; d < devices_of_node; ++d) {
      DeviceSample one;
      const double busy = value(n * devices_of_node + d);
      one.busy_percent = busy;
      one.memory_used = mebibytes(static_cast<std::int64_t>(busy) * 800);
      one.power = Watts{100 + busy * 6};
      one.energy = Joules{static_cast<double>(tick())};
      one.temperature_celsius = 30 + busy / 3;
      sample.devices.push_back(one);
    }
    view.sample = std::move(sample);
  }
  static JobSummary job(std::uint32_t id, GangPhase phase, Time at) {
    JobSummary job;
    job.id = JobId{id};
    job.name = "train" + std::to_string(id);
    job.owner = "anna";
    job.queue = "normal";
    job.phase = phase;
    job.gangs = 1;
    job.submitted = at;
    if (phase == GangPhase::running) job.started = at;
    job.request = "1 task, 1 gpu and 4 cpus";
    if (phase == GangPhase::waiting) job.reason = "1 gpu wanted, none is free; job 1 holds 8";
    return job;
  }
  static GangView gang(GangId id) {
    GangView view;
    view.id = id;
    view.phase = GangPhase::running;
    view.started = now() - minutes(3);
    view.allocation = Allocation{0, {{NodeId{0}, {{0, {{0, whole_device}}, {}, Bytes{0}, {}}}}}};
    return view;
  }

  std::string version_;
  std::vector<NodeView> nodes_;
  std::vector<JobSummary> running_, waiting_, ended_;
};

int serve(const std::string& socket, const std::string& version) {
  BusyCluster cluster(version);
  Loop loop;
  auto listener = listen_unix(socket);
  if (!listener) return 1;
  HttpServerSettings settings;
  settings.version = version;
  HttpServer server(loop, std::move(*listener), settings,
                    [&](HttpRequest request, HttpReply reply) { answer(cluster, request, reply); });
  loop.run();
  return 0;
}

/// Seconds of CPU of this process.
double cpu_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  std::istringstream fields(text.substr(std::min(text.size(), text.rfind(')') + 2)));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  double user = 0, system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

pid_t child_of(pid_t parent) {
  const std::string id = std::to_string(parent);
  std::ifstream file("/proc/" + id + "/task/" + id + "/children");
  pid_t child = 0;
  file >> child;
  return child;
}

/// Takes what it draws, for so long; how many bytes.
std::size_t watch(int terminal, std::chrono::milliseconds span) {
  const auto end = std::chrono::steady_clock::now() + span;
  std::size_t bytes = 0;
  char block[65'536];
  while (std::chrono::steady_clock::now() < end) {
    pollfd source{terminal, POLLIN, 0};
    if (::poll(&source, 1, 50) <= 0) continue;
    const ssize_t n = ::read(terminal, block, sizeof block);
    if (n <= 0) break;
    bytes += static_cast<std::size_t>(n);
  }
  return bytes;
}

int measure(const std::string& gang, const std::string& state, int seconds_each) {
  using std::chrono::milliseconds;
  winsize size{24, 80, 0, 0};
  int terminal = -1;
  const pid_t pid = ::forkpty(&terminal, nullptr, nullptr, &size);
  if (pid == 0) {
    ::setenv("GANGLINE_STATE", state.c_str(), 1);
    ::setenv("TERM", "xterm-256color", 1);
    ::setenv("LC_ALL", "C.UTF-8", 1);
    ::execl(gang.c_str(), gang.c_str(), "top", nullptr);
    ::_exit(127);
  }
  watch(terminal, milliseconds(3'000));
  const pid_t screen = child_of(pid);
  for (const auto& [key, name] : {std::pair{"1", "devices"},
                                  {"2", "jobs"},
                                  {"GGGGGGGG", "all jobs"},
                                  {"3", "job"},
                                  {"4", "plan"}}) {
    // Each goes to the end of what there is and asks for more.
    for (const char* one = key; *one != '\0'; ++one) {
      if (::write(terminal, one, 1) != 1) return 1;
      watch(terminal, milliseconds(500));
    }
    watch(terminal, milliseconds(3'000));
    const double before = cpu_of(screen) + cpu_of(pid);
    const auto begun = std::chrono::steady_clock::now();
    const std::size_t bytes = watch(terminal, milliseconds(seconds_each * 1'000));
    const double wall =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    const double used = cpu_of(screen) + cpu_of(pid) - before;
    std::printf("%-8s %.2f %% of a core, %.0f bytes a second to the terminal\n", name,
                used / wall * 100, static_cast<double>(bytes) / wall);
    std::fflush(stdout);
  }
  if (::write(terminal, "q", 1) != 1) return 1;
  watch(terminal, milliseconds(500));
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int run(const char* gang, int seconds_each) {
  char place[] = "/tmp/gangline-top-XXXXXX";
  if (::mkdtemp(place) == nullptr) return 1;
  const std::string state = place;
  std::filesystem::create_directories(state + "/run");
  std::filesystem::permissions(state + "/run", std::filesystem::perms::owner_all);
  std::filesystem::permissions(state, std::filesystem::perms::owner_all);
  const pid_t service = ::fork();
  if (service == 0) return serve(state + "/run/service.sock", GANGLINE_VERSION);
  while (!std::filesystem::exists(state + "/run/service.sock"))
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  const int code = measure(gang, state, seconds_each);
  ::kill(service, SIGTERM);
  ::waitpid(service, nullptr, 0);
  std::filesystem::remove_all(state);
  return code;
}

}  // namespace
}  // namespace gangline

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  return gangline::run(argv[1], argc > 2 ? std::atoi(argv[2]) : 20);
}
