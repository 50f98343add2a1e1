// A service that checks what reaches it and answers something at once.
#pragma once

#include <string>
#include <vector>

#include "base/check.h"
#include "model/check_spec.h"
#include "service/service.h"

namespace gangline {

class StandIn : public Service {
 public:
  void submit(JobSpec spec, Reply<Submitted> reply) override {
    if (const auto good = check(spec); !good) return reply(good.error());
    reply(Submitted{JobId{1}, total_gangs(spec)});
  }
  void translate(JobSpec, Reply<Translation> reply) override { reply(Translation{}); }
  void list(const ListQuery&, Reply<std::vector<JobSummary>> reply) override {
    reply(std::vector<JobSummary>(2));
  }
  void show(JobId, std::uint32_t, std::uint32_t, Reply<JobDetail> reply) override {
    reply(JobDetail{});
  }
  void show_gang(GangId, Reply<GangView> reply) override { reply(GangView{}); }
  void why(JobId, Reply<WhyAnswer> reply) override { reply(WhyAnswer{}); }
  void wait(const WaitQuery& query, Reply<JobSummary> reply) override {
    CHECK(query.longest.us >= 0);
    reply(JobSummary{});
  }
  void stop(const StopRequest&, Reply<JobSummary> reply) override { reply(JobSummary{}); }
  void read_log(const LogQuery& query, Reply<LogChunk> reply) override {
    CHECK(query.most <= 4u << 20);
    reply(LogChunk{"\xff\n", 0, 2, 0});
  }
  void nodes(Reply<std::vector<NodeView>> reply) override { reply(std::vector<NodeView>(1)); }
  void feed(const FeedQuery& query, Reply<FeedPage> reply) override {
    CHECK(query.most <= most_feed_entries);
    reply(FeedPage{});
  }
  void cells(JobId, std::uint32_t, std::uint32_t most, Reply<GangCells> reply) override {
    CHECK(most <= most_cells);
    reply(GangCells{});
  }
  void results(JobId, std::uint32_t, std::uint32_t most, Reply<JobResults> reply) override {
    CHECK(most <= most_results);
    reply(JobResults{});
  }
  void readings(const ReadingsQuery&, Reply<Readings> reply) override { reply(Readings{}); }
  void timeline(const TimeChartQuery& query, Reply<TimeChart> reply) override {
    CHECK(query.most <= most_timeline_bars);
    reply(TimeChart{});
  }
  void figures(Reply<Figures> reply) override { reply(Figures{}); }
  void find(const std::string& name, Reply<JobId> reply) override {
    CHECK(name.find('\0') == std::string::npos);
    reply(Error{ErrorKind::not_found, name, "", ""});
  }
  void status(Reply<ServiceStatus> reply) override { reply(ServiceStatus{}); }
  void shut_down(Reply<Unit> reply) override { reply(Unit{}); }
  void stay(bool, Reply<Unit> reply) override { reply(Unit{}); }
  void reserve(const ReserveRequest&, Reply<Reservation> reply) override { reply(Reservation{}); }
  void reservations(Reply<std::vector<Reservation>> reply) override {
    reply(std::vector<Reservation>{});
  }
  void ask_pilot(const PilotRequest&, Reply<PilotView> reply) override { reply(PilotView{}); }
  void pilots(Reply<std::vector<PilotView>> reply) override { reply(std::vector<PilotView>(1)); }
  void stop_pilot(std::uint64_t, Reply<PilotView> reply) override { reply(PilotView{}); }
  void cancel_reservation(std::uint64_t, Reply<Reservation> reply) override {
    reply(Reservation{});
  }
};

}  // namespace gangline
