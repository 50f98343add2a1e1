// For tests: a controller around a pretended clock and engine.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <filesystem>
#include <map>

#include "control/controller.h"

namespace gangline {

// Time that passes when the test says so.
class PretendWorld final : public World {
 public:
  Time now() override { return now_; }
  void call_soon(std::function<void()> call) override { soon_.push_back(std::move(call)); }
  void call_later(Span delay, std::function<void()> call) override {
    later_.emplace(now_ + delay, std::move(call));
  }
  std::size_t calls_that_wait() const { return later_.size(); }
  void settle() {
    while (!soon_.empty()) {
      const auto call = std::move(soon_.front());
      soon_.pop_front();
      call();
    }
  }
  void pass(Span span) {
    const Time until = now_ + span;
    settle();
    while (!later_.empty() && later_.begin()->first <= until) {
      now_ = later_.begin()->first;
      const auto call = std::move(later_.begin()->second);
      later_.erase(later_.begin());
      call();
      settle();
    }
    now_ = until;
  }

 private:
  Time now_{seconds(1'000'000).us};
  std::deque<std::function<void()>> soon_;
  std::multimap<Time, std::function<void()>> later_;
};

// An engine that starts nothing: the test says what happens to each gang.
class PretendEngine final : public Engine {
 public:
  explicit PretendEngine(PretendWorld& world) : world_(world) {
    node_.name = "a";
    node_.cpus = CpuSet::first(2);
    node_.memory = gibibytes(8);
  }
  Result<std::vector<Node>> describe_nodes() override {
    std::vector<Node> all{node_};
    all.insert(all.end(), lent.begin(), lent.end());
    return all;
  }
  void adopt_node(NodeId, const Node&) override {}
  void resume(const std::string& cursor, const std::vector<StartOrder>& asked) override {
    resumed_cursor = cursor;
    resumed = asked;
  }
  void start(const StartOrder& order) override { starts.push_back(order); }
  void stop(const StopOrder& order) override { stops.push_back(order); }
  void return_turns(JobId job, std::uint32_t first, std::uint32_t count) override {
    returned.push_back({job, first, count});
  }
  News poll(Time) override { return std::exchange(news_, {}); }
  void acknowledge(const std::string& cursor) override { acknowledged = cursor; }
  void on_news(std::function<void()> wake) override { wake_ = std::move(wake); }
  void on_sample(std::function<void(NodeId, const NodeSample&)> hear) override {
    hear_ = std::move(hear);
  }
  std::optional<NodeSample> sample() override {
    return reads_devices ? std::optional<NodeSample>(NodeSample{}) : std::nullopt;
  }
  Result<LogChunk> read_log(const LogQuery&) override {
    return Error{ErrorKind::not_found, "no log", "", ""};
  }
  void retire() override { retired = true; }
  bool asks_devices() const override { return asks; }
  bool places(const JobSpec& spec) const override { return places_itself && !spec.pilot; }
  EngineWait wait_of(GangId) const override { return wait; }
  std::string lacks(const JobSpec& spec) const override { return spec.pilot ? "no pilot" : ""; }
  std::optional<PilotRequest> pilot_for(const JobSpec&) const override { return own_pilot; }
  std::vector<PilotView> pilots(Time) override { return living_pilots; }
  void ask_pilot(const PilotRequest& request, PilotReply reply) override {
    asked_pilots.push_back(request);
    if (no_pilot) return reply(*no_pilot);
    living_pilots.emplace_back().request = request;
    reply(living_pilots.back());
  }

  void find_gpu() {
    node_.devices.resize(1);
    report(NodeSeen{{}, node_});
  }
  void read(const DeviceSample& device) { hear_({0}, {world_.now(), {device}}); }
  void report(EventBody body) {
    news_.events.push_back({world_.now(), std::move(body)});
    news_.cursor = std::to_string(++place_);
    wake_();
    world_.settle();
  }
  void start_and_end(GangId gang, EndCause cause, std::uint32_t attempt = 1,
                     std::int32_t code = 0) {
    report(GangStarted{gang, attempt, {}});
    Ending ending;
    ending.cause = cause;
    ending.exit_code = code;
    report(GangEnded{gang, attempt, world_.now(), ending, false});
  }

  std::vector<StartOrder> starts, resumed;
  std::vector<StopOrder> stops;
  std::vector<TurnsReturned> returned;
  std::string resumed_cursor, acknowledged;
  bool retired = false;
  bool reads_devices = true;
  bool asks = false;
  bool places_itself = false;
  std::vector<Node> lent;  ///< besides its own
  EngineWait wait;
  std::optional<PilotRequest> own_pilot;  ///< for every job
  std::vector<PilotRequest> asked_pilots;
  std::vector<PilotView> living_pilots;
  std::optional<Error> no_pilot;

 private:
  PretendWorld& world_;
  Node node_;
  News news_;
  std::function<void()> wake_;
  std::function<void(NodeId, const NodeSample&)> hear_;
  int place_ = 0;
};

class Control : public testing::Test {
 protected:
  Control() { begin(0); }

  void begin(std::int64_t most_pages) {
    char name[] = "/tmp/gangline-control-XXXXXX";
    if (dir_.empty()) dir_ = ::mkdtemp(name);
    controller_.reset();
    store_.reset();
    engine_ = std::make_unique<PretendEngine>(world_);
    store_ = std::move(*Store::open({dir_ + "/db", most_pages}));
    controller_ = std::make_unique<Controller>(
        world_, *store_, *engine_, ControllerSettings{settings_, "anna", 1000, 1, "1", dir_, false},
        [&] { ended_ = true; });
    ASSERT_TRUE(controller_->begin());
    world_.settle();
  }
  ~Control() override {
    controller_.reset();
    std::filesystem::remove_all(dir_);
  }

  static JobSpec a_spec(const std::string& name = "train") {
    JobSpec spec;
    spec.name = name;
    spec.command = {false, {"true"}};
    spec.dir = "/";
    return spec;
  }
  static JobSpec a_gpu_spec() {
    JobSpec spec = a_spec();
    spec.resources.alternatives = {TaskRequest{DeviceRequest{}, whole_cpus(1), {}}};
    return spec;
  }
  Result<Submitted> submit(const JobSpec& spec) {
    std::optional<Result<Submitted>> answer;
    controller_->submit(spec, [&](auto given) { answer = std::move(given); });
    world_.settle();
    return *answer;
  }
  JobSummary line(JobId job) {
    std::optional<Result<JobSummary>> answer;
    controller_->wait({job, {}, Span{0}}, [&](auto given) { answer = std::move(given); });
    world_.settle();
    return **answer;
  }

  GangView shown(GangId gang) {
    std::optional<Result<GangView>> answer;
    controller_->show_gang(gang, [&](auto given) { answer = std::move(given); });
    return **answer;
  }
  std::vector<GangView> page(JobId job) {
    std::optional<Result<JobDetail>> answer;
    controller_->show(job, 0, 100, [&](auto given) { answer = std::move(given); });
    return (**answer).gangs;
  }

  PretendWorld world_;
  Settings settings_;
  std::string dir_;
  std::unique_ptr<PretendEngine> engine_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Controller> controller_;
  bool ended_ = false;
};

}  // namespace gangline
