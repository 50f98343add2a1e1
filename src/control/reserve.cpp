// What is held for people: `gang reserve`, in process.
#include "base/text.h"
#include "control/controller.h"
#include "control/snapshot_of.h"
#include "model/check_spec.h"
#include "schedule/reserve/place_reservation.h"

namespace gangline {
namespace {

// At its devices; what takes none, at the node.
void show_set_aside_on(const NodePart& part, const SetAside& aside, NodeView& view) {
  std::uint64_t cpus = 0;
  bool has_devices = false;
  for (const TaskPlace& task : part.tasks) {
    cpus += cpus_of(task).whole();
    for (const DeviceShare& held : task.devices) {
      if (held.device >= view.use.size()) continue;
      has_devices = true;
      view.use[held.device].set_aside.push_back(
          aside.says + (held.share == whole_device ? "" : " (" + format(held.share) + ")"));
    }
  }
  if (!has_devices)
    view.set_aside.push_back(
        aside.says +
        (aside.user ? ": " + std::to_string(cpus) + (cpus == 1 ? " cpu" : " cpus") : ""));
}

}  // namespace

Result<Reservation> Controller::check_reserve(const ReserveRequest& request) {
  const Time now = world_.now();
  if (request.time < minutes(1) || request.time > longest_reservation)
    return Error{ErrorKind::refused, "a reservation is for 1m to 366d", "--time", ""};
  if (request.from > now + longest_reservation)
    return Error{ErrorKind::refused, "a reservation begins within 366 days", "--from", ""};
  if (cycle_.house().reservations().size() >= most_reservations)
    return Error{
        ErrorKind::refused,
        "there are " + std::to_string(most_reservations) + " reservations; that is the most", "",
        "cancel some: `gang reserve --cancel NUMBER`"};
  if (request.maintenance) {
    const Time begin = std::max(request.from, now);
    return Reservation{0, "", begin, begin + request.time, {}, {}};
  }
  JobSpec as_job;
  as_job.name = "reservation";
  as_job.command = {false, {"true"}};
  as_job.dir = "/";
  as_job.resources = request.resources;
  if (const auto good = check(as_job); !good) return good.error();
  Reservation reservation;
  reservation.person = request.person.empty() ? settings_.owner : request.person;
  reservation.from = std::max(request.from, now);
  reservation.until = reservation.from + request.time;
  reservation.resources = request.resources;
  if (reservation.person.size() > longest_name)
    return Error{ErrorKind::refused, "that is no login name", "--for", ""};
  if (!request.person.empty() && !world_.may_be_login(request.person))
    return Error{ErrorKind::refused,
                 "this machine knows nobody called '" + printable(request.person) + "'", "--for",
                 "give a login name as `getent passwd` has it"};
  cycle_.look();
  cycle_.look_at_house(now);
  picture_.reset();
  auto place =
      place_reservation(picture(), policy_, request.resources, reservation.from, reservation.until);
  if (!place) return place.error();
  reservation.what = *std::move(place);
  return reservation;
}

void Controller::reserve(const ReserveRequest& request, Reply<Reservation> reply) {
  touch();
  when_devices_are_known([this, request, reply = std::move(reply)] {
    auto reservation = check_reserve(request);
    if (!reservation) return reply(reservation.error());
    reservation->number = ++last_reservation_;
    store_.put_reservation(*reservation);
    if (const auto stored = commit({}); !stored) return reply(stored.error());
    if (const auto stored = store_.commit(); !stored) return reply(stored.error());
    cycle_.house().reserve(*reservation);
    picture_.reset();
    ask_for_cycle();
    reply(*reservation);
  });
}

void Controller::reservations(Reply<std::vector<Reservation>> reply) {
  touch();
  std::vector<Reservation> all = cycle_.house().reservations();
  for (const Maintenance& one : settings_.settings.house.maintenance)
    all.push_back(as_reservation(one));
  std::erase_if(all, [&](const Reservation& one) { return one.until <= world_.now(); });
  reply(std::move(all));
}

void Controller::cancel_reservation(std::uint64_t number, Reply<Reservation> reply) {
  touch();
  for (const Reservation& one : cycle_.house().reservations()) {
    if (one.number != number) continue;
    const Reservation cancelled = one;
    store_.drop_reservation(number);
    if (const auto stored = store_.commit(); !stored) return reply(stored.error());
    cycle_.house().cancel(number);
    picture_.reset();
    ask_for_cycle();
    return reply(cancelled);
  }
  reply(Error{ErrorKind::not_found, "there is no reservation " + std::to_string(number), "",
              "`gang reserve --list` lists all"});
}

void Controller::show_set_aside(std::vector<NodeView>& views) const {
  const auto& aside = cycle_.viewpoint().set_aside;
  if (aside == nullptr) return;
  for (const SetAside& one : *aside)
    for (const NodePart& part : one.what->parts)
      if (part.node.n < views.size()) show_set_aside_on(part, one, views[part.node.n]);
}

Result<void> Controller::recall_reservations() {
  auto stored = store_.reservations();
  if (!stored) return stored.error();
  last_reservation_ = store_.last_reservation();
  for (Reservation& one : *stored)
    if (one.until > world_.now()) cycle_.house().reserve(std::move(one));
    else store_.drop_reservation(one.number);
  return {};
}

}  // namespace gangline
