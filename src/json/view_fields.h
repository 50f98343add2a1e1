// What the answers of a service look like as JSON; the nouns in them are in fields.h.
#pragma once

#include "json/fields.h"
#include "model/reservation.h"
#include "model/views.h"

namespace gangline {

template <class M>
void fields(M& m, FieldTranslated& v) {
  m("field", v.field);
  m("how", v.how);
  m("says", v.says);
}
template <class M>
void fields(M& m, Translation& v) {
  m("fields", v.fields);
  m("script", v.script);
}
template <class M>
void fields(M& m, Submitted& v) {
  m("id", v.id);
  m("gangs", v.gangs);
  m("note", v.note);
}
template <class M>
void fields(M& m, JobSummary& v) {
  m("id", v.id);
  m("name", v.name);
  m("owner", v.owner);
  m("queue", v.queue);
  m("phase", v.phase);
  m("gangs", v.gangs);
  m("waiting", v.waiting);
  m("starting", v.starting);
  m("running", v.running);
  m("ended_well", v.ended_well);
  m("ended_badly", v.ended_badly);
  m("never_ran", v.never_ran);
  m("submitted", v.submitted);
  m("started", v.started);
  m("ended", v.ended);
  m("ending", v.ending);
  m("request", v.request);
  m("taken", v.taken);
  m("reason", v.reason);
  m("expected", v.expected);
}
template <class M>
void fields(M& m, GangView& v) {
  m("id", v.id);
  m("attempt", v.attempt);
  m("phase", v.phase);
  m("gather", v.gather);
  m("values", v.values);
  m("started", v.started);
  m("ended", v.ended);
  m("ending", v.ending);
  m("allocation", v.allocation);
  m("fences", v.fences);
  m("output", v.output);
  m("energy", v.energy);
  m("busy_percent", v.busy_percent);
  m("measured", v.measured);
  m("notes", v.notes);
}
template <class M>
void fields(M& m, JobDetail& v) {
  m("summary", v.summary);
  m("spec", v.spec);
  m("gangs", v.gangs);
  m("first_gang", v.first_gang);
  m("energy", v.energy);
}
template <class M>
void fields(M& m, Suggestion& v) {
  m("change", v.change);
  m("start", v.start);
}
template <class M>
void fields(M& m, WhyAnswer& v) {
  m("job", v.job);
  m("phase", v.phase);
  m("reason", v.reason);
  m("expected", v.expected);
  m("expected_because", v.expected_because);
  m("run_guessed", v.run_guessed);
  m("suggestions", v.suggestions);
}
template <class M>
void fields(M& m, DeviceUse& v) {
  m("gangs", v.gangs);
  m("foreign", v.foreign);
  m("leased", v.leased);
  m("set_aside", v.set_aside);
}
template <class M>
void fields(M& m, PartitionView& v) {
  m("name", v.name);
  m("is_default", v.is_default);
  m("up", v.up);
  m("longest", v.longest);
}
template <class M>
void fields(M& m, DevicesHeld& v) {
  m("model", v.model);
  m("count", v.count);
  m("held", v.held);
}
template <class M>
void fields(M& m, PlacedNode& v) {
  m("at", v.at);
  m("state", v.state);
  m("partitions", v.partitions);
  m("cpus_held", v.cpus_held);
  m("memory_held", v.memory_held);
  m("devices", v.devices);
  m("devices_held", v.devices_held);
}
template <class M>
void fields(M& m, NodeView& v) {
  m("id", v.id);
  m("node", v.node);
  m("sample", v.sample);
  m("use", v.use);
  m("cpus_taken", v.cpus_taken);
  m("memory_taken", v.memory_taken);
  m("set_aside", v.set_aside);
  m("counted_taken", v.counted_taken);
  m("placed", v.placed);
}
template <class M>
void fields(M& m, LogChunk& v) {
  m("bytes", v.bytes);
  m("from", v.from);
  m("size", v.size);
  m("dropped", v.dropped);
}
template <class M>
void fields(M& m, ReserveRequest& v) {
  m("resources", v.resources);
  m("from", v.from);
  m("time", v.time);
  m("person", v.person);
  m("maintenance", v.maintenance);
}
template <class M>
void fields(M& m, Reservation& v) {
  m("number", v.number);
  m("person", v.person);
  m("from", v.from);
  m("until", v.until);
  m("resources", v.resources);
  m("what", v.what);
  m("name", v.name);
}
template <class M>
void fields(M& m, PilotRequest& v) {
  m("nodes", v.nodes);
  m("gpus", v.gpus);
  m("model", v.model);
  m("cpus", v.cpus);
  m("memory", v.memory);
  m("time", v.time);
  m("queue", v.queue);
  m("idle", v.idle);
  m("renew", v.renew);
}
template <class M>
void fields(M& m, PilotView& v) {
  m("number", v.number);
  m("request", v.request);
  m("phase", v.phase);
  m("allocation", v.allocation);
  m("reason", v.reason);
  m("ends", v.ends);
  m("nodes", v.nodes);
  m("gangs", v.gangs);
}
template <class M>
void fields(M& m, ServiceStatus& v) {
  m("version", v.version);
  m("pid", v.pid);
  m("started", v.started);
  m("state_dir", v.state_dir);
  m("waiting", v.waiting);
  m("running", v.running);
  m("ended", v.ended);
  m("jobs", v.jobs);
  m("stays", v.stays);
  m("trouble", v.trouble);
  m("notes", v.notes);
  m("way", v.way);
}

}  // namespace gangline
