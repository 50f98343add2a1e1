// The small world around an engine in the tests that every engine must pass (conformance.h).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/engine.h"

namespace gangline {

/// What a gang of a test does, said so that real programs and pretended ones can do it.
struct Behaviour {
  Span runs{0};
  int exit_code = 0;
  bool ignores_stop = false;  ///< goes on after the stop signal
  bool exists = true;         ///< false: there is no such program
};

class ConformanceWorld {
 public:
  virtual ~ConformanceWorld() = default;

  virtual Engine& engine() = 0;
  /// Why this world cannot be had here; empty: it is there.
  virtual std::string missing() const { return {}; }
  /// An order for gangs first .. first + count - 1 of a job of `gangs`, each behaving like this.
  virtual StartOrder order(JobId job, std::uint32_t gangs, const Behaviour& behaviour) = 0;
  /// Lets the world go on until `done`, at most for some generous time. False: it was not done.
  virtual bool run_until(const std::function<bool()>& done) = 0;
  /// The service dies, and a new one comes: `engine()` is another one, which has resumed.
  virtual void restart(const std::string& cursor, const std::vector<StartOrder>& asked) = 0;
};

/// Listens to an engine as control does: takes news, stores, acknowledges.
class ConformanceEar {
 public:
  explicit ConformanceEar(ConformanceWorld& world) : world_(world) {}

  bool hear_until(const std::function<bool()>& done) {
    return world_.run_until([&] {
      take();
      return done();
    });
  }
  bool hear_end_of(GangId gang) {
    return hear_until([&] { return ends.contains({gang, 1}); });
  }
  void take() {
    News news = world_.engine().poll(Time{});
    for (const Event& event : news.events) note(event);
    if (!news.events.empty()) cursor = news.cursor;
    if (acknowledges && !cursor.empty()) world_.engine().acknowledge(cursor);
  }

  using Attempt = std::pair<GangId, std::uint32_t>;
  std::map<Attempt, GangEnded> ends;
  std::vector<Attempt> starts;
  std::set<std::uint32_t> returned;  ///< of the one job that returns turns
  std::vector<Attempt> ended_twice;
  std::string cursor;
  bool acknowledges = true;

 private:
  void note(const Event& event) {
    if (const auto* started = std::get_if<GangStarted>(&event.body)) {
      starts.emplace_back(started->gang, started->attempt);
    } else if (const auto* ended = std::get_if<GangEnded>(&event.body)) {
      const Attempt attempt{ended->gang, ended->attempt};
      if (!ends.emplace(attempt, *ended).second) ended_twice.push_back(attempt);
    } else if (const auto* back = std::get_if<TurnsReturned>(&event.body)) {
      for (std::uint32_t i = 0; i < back->count; ++i) returned.insert(back->first + i);
    }
  }

  ConformanceWorld& world_;
};

}  // namespace gangline
