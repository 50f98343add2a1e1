#include "engine/local/lease_watch.h"

#include <utility>

#include "launch/lease/leases.h"

namespace gangline {
namespace {

// Somebody's short gangs, one after the other, end and take a lease many times a second.
constexpr Span between_looks = milliseconds(50);

}  // namespace

LeaseWatch::LeaseWatch(Loop& loop, std::function<void()> changed, std::string scope)
    : loop_(loop), changed_(std::move(changed)), scope_(std::move(scope)) {}

void LeaseWatch::set_devices(const std::vector<Device>& devices) {
  std::vector<Seen> before = std::exchange(seen_, {});
  seen_.resize(devices.size());
  for (std::size_t i = 0; i < devices.size(); ++i) {
    seen_[i].uid = devices[i].uid;
    // What watches a line knows it by its place among the devices.
    if (i < before.size() && before[i].uid == seen_[i].uid) seen_[i] = std::move(before[i]);
  }
}

void LeaseWatch::set_ours(OurLauncher ours) {
  ours_ = std::move(ours);
  for (Seen& each : seen_) {
    each.hang_up.reset();  // before the line that it watches
    each = Seen{each.uid, "", false, Fd{}, nullptr};
  }
}

void LeaseWatch::look(bool doubtful) {
  // To read all sockets of the machine takes a while, so only where something is wrong.
  for (const Seen& each : seen_) doubtful = doubtful || each.silent;
  std::set<std::string> taken;
  if (doubtful) taken = taken_names(scope_);
  for (std::size_t i = 0; i < seen_.size(); ++i)
    if (!seen_[i].line.open() && !seen_[i].uid.empty()) look_at_device(i, taken);
}

std::vector<std::string> LeaseWatch::holders() const {
  std::vector<std::string> holders;
  for (const Seen& each : seen_) holders.push_back(each.holder);
  return holders;
}

void LeaseWatch::look_at_device(std::size_t device, const std::set<std::string>& taken) {
  Seen& seen = seen_[device];
  const std::string name = lease_name(scope_, seen.uid);
  Glance glance = look_at(name);
  seen.silent = !glance.held && taken.contains(name);
  const bool ours = glance.holder && is_of_launcher(scope_, *glance.holder, ours_.uid, ours_.epoch);
  const bool others = (glance.held && !ours) || seen.silent;
  seen.holder = others ? name_lease_holder(glance.holder) : "";
  if (!glance.line.open()) return;
  seen.line = std::move(glance.line);
  // Nobody writes to it, so that it can be read means that it has ended.
  seen.hang_up = loop_.on_readable(seen.line.number(), [this, device] { lost_line(device); });
}

void LeaseWatch::lost_line(std::size_t device) {
  Seen& seen = seen_[device];
  seen.hang_up.reset();  // before the line that it watches
  seen.line.reset();
  if (seen.holder.empty()) return;  // ours has ended, which the launcher tells
  look_again_ = loop_.after(between_looks, [this] {
    const auto before = holders();
    look();
    if (holders() != before) changed_();
  });
}

}  // namespace gangline
