#include "control/people/for_people.h"

#include "base/check.h"
#include "base/text.h"

namespace gangline {
namespace {

void hide_private(JobSummary& summary) {
  if (summary.ending) summary.ending->last_lines.clear();
}

void hide_private(GangView& gang) {
  gang.values.clear();
  gang.output.clear();
  if (gang.ending) gang.ending->last_lines.clear();
}

void hide_private(JobDetail& detail) {
  hide_private(detail.summary);
  for (GangView& gang : detail.gangs) hide_private(gang);
  JobSpec& spec = detail.spec;
  spec.command = {false, {"(private)"}};
  spec.dir.clear();
  spec.env.clear();
  for (SweepAxis& axis : spec.sweep) axis = {"(private)", std::move(axis.values)};
  for (SweepAxis& axis : spec.sweep)
    for (std::string& value : axis.values) value = "(private)";
  if (spec.split) {
    spec.split->source.clear();
    for (Shard& shard : spec.split->shards) shard = {};
  }
  if (spec.gather) spec.gather = Command{false, {"(private)"}};
}

}  // namespace

ForPeople::ForPeople(Controller& controller, Caller caller)
    : controller_(controller), caller_(std::move(caller)) {
  CHECK(caller_.person != nullptr);
}

Result<void> ForPeople::may_touch(JobId job, const char* doing) {
  if (caller_.is_operator) return {};
  const auto owner = controller_.owner_of(job);
  if (!owner) return owner.error();
  if (owner->second == caller_.person->uid) return {};
  return Error{ErrorKind::denied,
               "job " + format(job) + " is of " + printable(owner->first) + ", and you may not " +
                   doing + " it",
               "", "ask them, or an operator of this machine"};
}

bool ForPeople::sees_all_of(JobId job) { return may_touch(job, "").ok(); }

void ForPeople::submit(JobSpec spec, Reply<Submitted> reply) {
  if (caller_.person->uid == 0)
    return reply(Error{ErrorKind::denied, "the service for all starts nothing as root", "",
                       "submit it as another user: su USER -c 'gang run ...'"});
  if (spec.priority > 0 && !caller_.is_operator)
    return reply(Error{ErrorKind::denied, "only an operator may give a job a priority above 0",
                       "priority", "leave it out; below 0 lets others go first"});
  controller_.submit_as({caller_.login, caller_.person->uid, caller_.person}, std::move(spec),
                        std::move(reply));
}

void ForPeople::translate(JobSpec spec, Reply<Translation> reply) {
  controller_.translate(std::move(spec), std::move(reply));
}

void ForPeople::list(const ListQuery& query, Reply<std::vector<JobSummary>> reply) {
  controller_.list(query, [caller = caller_, reply = std::move(reply)](auto jobs) {
    if (jobs && !caller.is_operator)
      for (JobSummary& job : *jobs)
        if (job.owner != caller.login) hide_private(job);
    reply(std::move(jobs));
  });
}

void ForPeople::show(JobId job, std::uint32_t first_gang, std::uint32_t most,
                     Reply<JobDetail> reply) {
  const bool all = sees_all_of(job);
  controller_.show(job, first_gang, most, [all, reply = std::move(reply)](auto detail) {
    if (detail && !all) hide_private(*detail);
    reply(std::move(detail));
  });
}

void ForPeople::show_gang(GangId gang, Reply<GangView> reply) {
  const bool all = sees_all_of(gang.job);
  controller_.show_gang(gang, [all, reply = std::move(reply)](auto view) {
    if (view && !all) hide_private(*view);
    reply(std::move(view));
  });
}

void ForPeople::why(JobId job, Reply<WhyAnswer> reply) { controller_.why(job, std::move(reply)); }

void ForPeople::wait(const WaitQuery& query, Reply<JobSummary> reply) {
  const bool all = sees_all_of(query.job);
  controller_.wait(query, [all, reply = std::move(reply)](auto summary) {
    if (summary && !all) hide_private(*summary);
    reply(std::move(summary));
  });
}

void ForPeople::stop(const StopRequest& request, Reply<JobSummary> reply) {
  if (const auto may = may_touch(request.job, "stop"); !may) return reply(may.error());
  StopRequest named = request;
  named.by = caller_.login;
  controller_.stop(named, std::move(reply));
}

void ForPeople::read_log(const LogQuery& query, Reply<LogChunk> reply) {
  if (const auto may = may_touch(query.gang.job, "read"); !may) return reply(may.error());
  controller_.read_log(query, std::move(reply));
}

void ForPeople::nodes(Reply<std::vector<NodeView>> reply) { controller_.nodes(std::move(reply)); }

// All see that others' jobs begin and end, and on what; a reason may name what is private.
void ForPeople::feed(const FeedQuery& query, Reply<FeedPage> reply) {
  controller_.feed(query, [this_caller = caller_, &controller = controller_,
                           reply = std::move(reply)](auto page) {
    if (page && !this_caller.is_operator)
      for (FeedEntry& entry : page->entries) {
        if (!entry.job || entry.says.empty()) continue;
        const auto owner = controller.owner_of(*entry.job);
        if (!owner || owner->second != this_caller.person->uid) entry.says.clear();
      }
    reply(std::move(page));
  });
}

void ForPeople::cells(JobId job, std::uint32_t first, std::uint32_t most, Reply<GangCells> reply) {
  controller_.cells(job, first, most, std::move(reply));
}

void ForPeople::results(JobId job, std::uint32_t first, std::uint32_t most,
                        Reply<JobResults> reply) {
  if (const auto may = may_touch(job, "read"); !may) return reply(may.error());
  controller_.results(job, first, most, std::move(reply));
}

void ForPeople::readings(const ReadingsQuery& query, Reply<Readings> reply) {
  controller_.readings(query, std::move(reply));
}

void ForPeople::timeline(const TimeChartQuery& query, Reply<TimeChart> reply) {
  controller_.timeline(query, std::move(reply));
}

// Names and owners of all jobs, as in a list.
void ForPeople::figures(Reply<Figures> reply) { controller_.figures(std::move(reply)); }

void ForPeople::find(const std::string& name, Reply<JobId> reply) {
  controller_.find_of(name, caller_.person->uid,
                      [name, others = caller_.is_operator, &controller = controller_,
                       reply = std::move(reply)](auto own) {
                        if (own || !others) reply(std::move(own));
                        else controller.find_of_one(name, reply);
                      });
}

void ForPeople::status(Reply<ServiceStatus> reply) { controller_.status(std::move(reply)); }

void ForPeople::reserve(const ReserveRequest& request, Reply<Reservation> reply) {
  if (!caller_.is_operator)
    return reply(Error{ErrorKind::denied, "only an operator may reserve on this machine", "",
                       "ask one for `gang reserve --for " + printable(caller_.login) + "`"});
  ReserveRequest named = request;
  if (named.person.empty()) named.person = caller_.login;
  controller_.reserve(named, std::move(reply));
}

void ForPeople::reservations(Reply<std::vector<Reservation>> reply) {
  controller_.reservations(std::move(reply));
}

void ForPeople::cancel_reservation(std::uint64_t number, Reply<Reservation> reply) {
  if (caller_.is_operator) return controller_.cancel_reservation(number, std::move(reply));
  controller_.reservations([&](const Result<std::vector<Reservation>>& all) {
    if (!all) return reply(all.error());
    for (const Reservation& one : *all)
      if (one.number == number && one.person != caller_.login)
        return reply(Error{ErrorKind::denied, "it is held for somebody else", "",
                           "ask them, or an operator of this machine"});
    controller_.cancel_reservation(number, reply);
  });
}

// The service for all is of this machine alone, which says that there are none.
void ForPeople::ask_pilot(const PilotRequest& request, Reply<PilotView> reply) {
  controller_.ask_pilot(request, std::move(reply));
}
void ForPeople::pilots(Reply<std::vector<PilotView>> reply) {
  controller_.pilots(std::move(reply));
}
void ForPeople::stop_pilot(std::uint64_t number, Reply<PilotView> reply) {
  controller_.stop_pilot(number, std::move(reply));
}

void ForPeople::shut_down(Reply<Unit> reply) {
  // Who could not start it again is not to end it.
  if (caller_.person->uid == 0) return controller_.shut_down(std::move(reply));
  reply(Error{ErrorKind::denied, "the service is for all, and only root may end it", "",
              "nothing of it is yours to end; `gang stop` ends your jobs"});
}

void ForPeople::stay(bool stays, Reply<Unit> reply) {
  if (stays) return controller_.stay(true, std::move(reply));  // it does so already
  reply(Error{ErrorKind::denied, "the service for all stays until it is uninstalled", "",
              "`gang daemon uninstall`, as root"});
}

}  // namespace gangline
