// What those who watch are told, as JSON; the nouns in it are in fields.h and view_fields.h.
#pragma once

#include "json/view_fields.h"
#include "model/follow.h"

namespace gangline {

template <>
struct mapping::AllOf<FeedKind> {
  static constexpr FeedKind values[] = {
      FeedKind::submitted, FeedKind::starting, FeedKind::started,      FeedKind::ended,
      FeedKind::again,     FeedKind::returned, FeedKind::stopping,     FeedKind::making_room,
      FeedKind::never_ran, FeedKind::promised, FeedKind::promise_lost, FeedKind::trimmed,
      FeedKind::measured,  FeedKind::node,     FeedKind::foreign};
};

template <class M>
void fields(M& m, FeedEntry& v) {
  m("number", v.number);
  m("at", v.at);
  m("kind", v.kind);
  m("job", v.job);
  m("gang", v.gang);
  m("count", v.count);
  m("cause", v.cause);
  m("name", v.name);
  m("says", v.says);
  m("when", v.when);
}
template <class M>
void fields(M& m, FeedPage& v) {
  m("of", v.of);
  m("newest", v.newest);
  m("broken", v.broken);
  m("entries", v.entries);
}
template <class M>
void fields(M& m, GangCells& v) {
  m("job", v.job);
  m("first", v.first);
  m("gangs", v.gangs);
  m("cells", v.cells);
}
template <class M>
void fields(M& m, GangResult& v) {
  m("gang", v.gang);
  m("values", v.values);
  m("numbers", v.numbers);
}
template <class M>
void fields(M& m, JobResults& v) {
  m("job", v.job);
  m("first", v.first);
  m("gangs", v.gangs);
  m("looked_at", v.looked_at);
  m("results", v.results);
}
template <class M>
void fields(M& m, DeviceReadings& v) {
  m("device", v.device);
  m("uid", v.uid);
  m("busy_percent", v.busy_percent);
  m("memory_bytes", v.memory_bytes);
  m("power_watts", v.power_watts);
}
template <class M>
void fields(M& m, Readings& v) {
  m("at", v.at);
  m("devices", v.devices);
}
template <class M>
void fields(M& m, TimeBar& v) {
  m("gang", v.gang);
  m("attempt", v.attempt);
  m("name", v.name);
  m("owner", v.owner);
  m("from", v.from);
  m("until", v.until);
  m("phase", v.phase);
  m("cause", v.cause);
  m("devices", v.devices);
  m("nodes", v.nodes);
}
template <class M>
void fields(M& m, TimeChart& v) {
  m("now", v.now);
  m("bars", v.bars);
  m("cut", v.cut);
}

}  // namespace gangline
