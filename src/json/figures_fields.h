// Numbers of a service as JSON; the nouns in them are in fields.h.
#pragma once

#include "json/fields.h"
#include "model/figures.h"

namespace gangline {

template <class M>
void fields(M& m, Counted& v) {
  m("counts", v.counts);
  m("sum", v.sum);
}
template <class M>
void fields(M& m, CausesCounted& v) {
  m("cause", v.cause);
  m("gangs", v.gangs);
}
template <class M>
void fields(M& m, QueueCounted& v) {
  m("queue", v.queue);
  m("submitted", v.submitted);
  m("started", v.started);
  m("again", v.again);
  m("ended", v.ended);
  m("waits", v.waits);
  m("runs", v.runs);
  m("energy_joules", v.energy_joules);
}
template <class M>
void fields(M& m, QueueNow& v) {
  m("queue", v.queue);
  m("jobs_waiting", v.jobs_waiting);
  m("jobs_running", v.jobs_running);
  m("gangs_waiting", v.gangs_waiting);
  m("gangs_starting", v.gangs_starting);
  m("gangs_running", v.gangs_running);
}
template <class M>
void fields(M& m, DeviceFigures& v) {
  m("device", v.device);
  m("node", v.node);
  m("uid", v.uid);
  m("model", v.model);
  m("allotted", v.allotted);
  m("gangs", v.gangs);
  m("foreign", v.foreign);
  m("memory", v.memory);
  m("memory_used", v.memory_used);
  m("busy_percent", v.busy_percent);
  m("power", v.power);
  m("energy", v.energy);
  m("temperature_celsius", v.temperature_celsius);
}
template <class M>
void fields(M& m, NodeFigures& v) {
  m("node", v.node);
  m("up", v.up);
}
template <class M>
void fields(M& m, RunningPlace& v) {
  m("gang", v.gang);
  m("name", v.name);
  m("owner", v.owner);
  m("queue", v.queue);
  m("node", v.node);
  m("device", v.device);
  m("uid", v.uid);
}
template <class M>
void fields(M& m, Figures& v) {
  m("now", v.now);
  m("version", v.version);
  m("events", v.events);
  m("counted", v.counted);
  m("queues", v.queues);
  m("queues_now", v.queues_now);
  m("nodes", v.nodes);
  m("devices", v.devices);
  m("running", v.running);
  m("running_left_out", v.running_left_out);
  m("plans", v.plans);
  m("commits", v.commits);
  m("trouble", v.trouble);
  m("started", v.started);
}

}  // namespace gangline
