#include "control/house_rules.h"

#include <algorithm>

#include "base/text.h"
#include "control/quiet_hours.h"
#include "schedule/quota/quotas.h"

namespace gangline {
namespace {

constexpr Span looked_at_every = minutes(1);

Time whole_minute(Time at) { return Time{at.us - at.us % looked_at_every.us}; }

std::string amount(std::uint32_t n, const char* noun) {
  return std::to_string(n) + " " + noun + (n == 1 ? "" : "s");
}

NodePart all_of(const Node& node, std::uint32_t n) {
  TaskPlace place{n, {}, node.cpus, node.memory, node.cpus.empty() ? node.counted : CpuAmount{}};
  for (std::uint32_t d = 0; d < node.devices.size(); ++d) place.devices.push_back({d});
  return {{n}, {std::move(place)}};
}

std::shared_ptr<const Allocation> all_of(const Cluster& cluster) {
  Allocation all;
  for (std::uint32_t n = 0; n < cluster.nodes.size(); ++n)
    all.parts.push_back(all_of(cluster.nodes[n], n));
  return std::make_shared<const Allocation>(std::move(all));
}

bool has_ends(const Cluster& cluster) {
  return std::any_of(cluster.nodes.begin(), cluster.nodes.end(),
                     [](const Node& node) { return node.up && node.until.has_value(); });
}

/// Who would not have ended when a node goes away does not start there.
void add_ends(const Cluster& cluster, SetAsides& all) {
  for (std::uint32_t n = 0; n < cluster.nodes.size(); ++n) {
    const Node& node = cluster.nodes[n];
    if (!node.up || !node.until) continue;
    auto whole = std::make_shared<Allocation>();
    whole->parts.push_back(all_of(node, n));
    all.push_back({*node.until, never, {}, std::move(whole), "the end of " + node.name, true});
  }
}

/// One rule for each thing that is counted, so that what is said is what stands in the way.
void add(const PersonLimits& limits, HouseRule rule, const std::string& name,
         const std::string& where, HouseRules& rules) {
  const auto one = [&](const std::optional<std::uint32_t>& limit, Account account,
                       const std::string& text) {
    if (!limit) return;
    HouseRule own = rule;
    if (account == Account::devices) own.most.devices = limit;
    if (account == Account::cpus) own.most.cpus = limit;
    if (account == Account::gangs) own.gangs = limit;
    own.says = name + text + where;
    rules.push_back(std::move(own));
  };
  const std::string may_hold = " may hold ";
  one(limits.devices, Account::devices,
      may_hold + amount(limits.devices.value_or(0), "device") + " at once");
  one(limits.cpus, Account::cpus, may_hold + amount(limits.cpus.value_or(0), "cpu") + " at once");
  one(limits.gangs, Account::gangs,
      " may run " + amount(limits.gangs.value_or(0), "gang") + " at once");
}

}  // namespace

Reservation as_reservation(const Maintenance& maintenance) {
  return {0, "", maintenance.from, maintenance.to, {}, {}, maintenance.name};
}

bool HouseBook::is_empty() const {
  const House& house = settings_.house;
  return !house.everybody.any() && house.people.empty() && house.quiet.empty() &&
         std::none_of(settings_.queues.begin(), settings_.queues.end(),
                      [](const Queue& queue) { return queue.each.any(); });
}

bool HouseBook::counts_hours() const {
  const House& house = settings_.house;
  return house.everybody.device_hours ||
         std::any_of(house.people.begin(), house.people.end(),
                     [](const auto& one) { return one.second.device_hours.has_value(); });
}

void HouseBook::add_rules_of(const std::string& name, std::uint32_t user, HouseRules& rules) const {
  HouseRule rule;
  rule.user = user;
  add(settings_.house.limits_of(name), rule, name, "", rules);
  for (std::uint32_t queue = 0; queue < settings_.queues.size(); ++queue) {
    const Queue& of = settings_.queues[queue];
    rule.queue = queue;
    add(of.each, rule, name, " in queue " + of.name, rules);
  }
}

void HouseBook::add_spent(const Usage& usage, std::uint32_t user, Time now,
                          HouseRules& rules) const {
  const std::string& name = usage.names()[user];
  const auto& most = settings_.house.limits_of(name).device_hours;
  if (!most) return;
  const Span period = settings_.house.period;
  const Span used = usage.hours().used(user, period, now);
  if (used < hours(*most)) return;
  HouseRule rule;
  rule.user = user;
  rule.gangs = 0;
  rule.says = name + " has used all of the " + amount(*most, "device-hour") + " in " +
              format(period) + "; nothing starts until enough of that is longer ago";
  rules.push_back(std::move(rule));
}

std::shared_ptr<const HouseRules> HouseBook::rules(const Usage& usage, Time now) {
  if (is_empty()) return nullptr;
  const Time minute = whole_minute(now);
  const std::vector<std::string>& names = usage.names();
  if (told_of_ == minute && told_users_ == names.size()) return told_;
  told_of_ = minute;
  told_users_ = names.size();
  HouseRules rules;
  for (std::uint32_t user = 0; user < names.size(); ++user) {
    add_rules_of(names[user], user, rules);
    add_spent(usage, user, minute, rules);
  }
  add_quiet_hours(settings_, minute, rules);
  if (told_ == nullptr || *told_ != rules)
    told_ = std::make_shared<const HouseRules>(std::move(rules));
  return told_;
}

void HouseBook::reserve(Reservation reservation) {
  reservations_.push_back(std::move(reservation));
  reserved_anew_ = true;
}

bool HouseBook::cancel(std::uint64_t number) {
  const bool known = std::erase_if(reservations_, [&](const Reservation& one) {
                       return one.number == number;
                     }) > 0;
  reserved_anew_ = reserved_anew_ || known;
  return known;
}

std::shared_ptr<const SetAsides> HouseBook::set_aside(Usage& usage,
                                                      const std::shared_ptr<const Cluster>& cluster,
                                                      Time now) {
  const auto& maintenance = settings_.house.maintenance;
  if (reservations_.empty() && maintenance.empty() && aside_ == nullptr &&
      (aside_of_ == cluster || !has_ends(*cluster)))
    return nullptr;
  const bool is_over =
      aside_ != nullptr && std::any_of(aside_->begin(), aside_->end(),
                                       [&](const auto& one) { return one.until <= now; });
  if (!std::exchange(reserved_anew_, false) && !is_over && aside_of_ == cluster) return aside_;
  aside_of_ = cluster;
  std::erase_if(reservations_, [&](const Reservation& one) { return one.until <= now; });
  SetAsides all;
  const std::shared_ptr<const Allocation> everything = all_of(*cluster);
  for (const Reservation& one : reservations_) {
    const bool for_nobody = one.person.empty();
    const auto user = for_nobody ? std::nullopt : std::optional(usage.number_for(one.person));
    all.push_back({one.from, one.until, user,
                   for_nobody ? everything : std::make_shared<const Allocation>(one.what),
                   describe(one)});
  }
  for (const Maintenance& one : maintenance) {
    if (one.to <= now) continue;
    all.push_back({one.from, one.to, {}, everything, describe(as_reservation(one))});
  }
  add_ends(*cluster, all);
  const bool same = aside_ != nullptr ? *aside_ == all : all.empty();
  if (!same) aside_ = std::make_shared<const SetAsides>(std::move(all));
  if (aside_ != nullptr && aside_->empty()) aside_.reset();
  return aside_;
}

Time HouseBook::again(Time now) const {
  Time over = never;  // of what is set aside
  if (aside_ != nullptr)
    for (const SetAside& one : *aside_) over = std::min(over, one.until);
  if (told_ == nullptr) return over;
  const bool somebody_has_spent =
      std::any_of(told_->begin(), told_->end(),
                  [](const HouseRule& rule) { return rule.gangs == 0 && rule.until == never; });
  const Time change = std::min(over, rules_change_after(told_.get(), now));
  return somebody_has_spent ? std::min(change, whole_minute(now) + looked_at_every) : change;
}

std::optional<Error> HouseBook::why_never(std::uint32_t queue, const std::string& person,
                                          const ResourceRequest& request) const {
  if (is_empty()) return std::nullopt;
  HouseRules rules;
  add_rules_of(person, 0, rules);
  return exceeds_limit(Quotas(settings_.queues, std::move(rules)), settings_.queues, queue, 0,
                       request);
}

}  // namespace gangline
