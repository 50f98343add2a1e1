#include "schedule/quota/quotas.h"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <limits>
#include <set>

namespace gangline {
namespace {

constexpr std::size_t at(Account account) { return static_cast<std::size_t>(account); }

std::int64_t cpus_of_task(CpuAmount cpus) { return std::max<std::int64_t>(1, cpus.whole()); }

constexpr std::uint32_t nobody = std::numeric_limits<std::uint32_t>::max();

std::array<std::optional<std::int64_t>, 3> in_own_units(const QueueAmounts& amounts) {
  std::array<std::optional<std::int64_t>, 3> units;
  if (amounts.devices)
    units[at(Account::devices)] = std::int64_t{*amounts.devices} * whole_device.thousandths;
  if (amounts.cpus) units[at(Account::cpus)] = *amounts.cpus;
  return units;
}

}  // namespace

Charge charge_of(const Allocation& allocation) {
  Charge charge;
  for (const NodePart& part : allocation.parts)
    for (const TaskPlace& task : part.tasks) {
      for (const DeviceShare& share : task.devices) charge.devices += share.share.thousandths;
      charge.cpus += cpus_of_task(cpus_of(task));
    }
  if (charge.devices > 0) charge.cpus = 0;
  return charge;
}

Charge charge_of(const ResourceRequest& request) {
  Charge most;
  const std::int64_t tasks = request.tasks;
  for (const TaskRequest& task : request.alternatives) {
    if (task.devices)
      most.devices = std::max(most.devices, tasks * task.devices->count *
                                                std::int64_t{task.devices->share.thousandths});
    else most.cpus = std::max(most.cpus, tasks * cpus_of_task(task.cpus));
  }
  return most;
}

Quotas::Quotas(const std::vector<Queue>& queues, HouseRules rules)
    : rows_(queues.size()), rules_(std::move(rules)) {
  for (std::uint32_t q = 0; q < queues.size(); ++q) {
    Row& row = rows_[q];
    row.limit = in_own_units(queues[q].limit);
    row.guaranteed = in_own_units(queues[q].guaranteed);
    for (const Account account : accounts) {
      has_limits_ = has_limits_ || row.limit[at(account)];
      has_guarantees_ = has_guarantees_ || row.guaranteed[at(account)].value_or(0) > 0;
    }
    for (std::optional<std::uint32_t> next = q;
         next && *next < queues.size() && row.chain.size() < queues.size();
         next = queues[*next].parent)
      row.chain.push_back(*next);
  }
  if (!rules_.empty()) add_rules(queues);
}

void Quotas::add_rules(const std::vector<Queue>& queues) {
  has_limits_ = true;
  std::set<std::uint32_t> users{nobody};
  for (const HouseRule& rule : rules_) {
    Row& row = rows_.emplace_back();
    row.limit = in_own_units(rule.most);
    if (rule.gangs) row.limit[at(Account::gangs)] = *rule.gangs;
    if (rule.user) users.insert(*rule.user);
  }
  const auto queue_count = static_cast<std::uint32_t>(queues.size());
  for (std::uint32_t queue = 0; queue < queue_count; ++queue)
    for (const std::uint32_t user : users) {
      std::vector<std::uint32_t>& rows = rows_of_[{queue, user}];
      rows = rows_[queue].chain;
      for (std::uint32_t r = 0; r < rules_.size(); ++r) {
        const HouseRule& rule = rules_[r];
        const bool its_queue =
            !rule.queue || *rule.queue == queue || (rule.with_parts && is_in(queue, *rule.queue));
        if (its_queue && (!rule.user || *rule.user == user)) rows.push_back(queue_count + r);
      }
    }
}

std::span<const std::uint32_t> Quotas::rows_of(std::uint32_t queue, std::uint32_t user) const {
  if (rules_.empty()) return chain(queue);
  auto found = rows_of_.find({queue, user});
  if (found == rows_of_.end()) found = rows_of_.find({queue, nobody});
  if (found == rows_of_.end()) return {};
  return found->second;
}

bool Quotas::is_in_row(std::uint32_t queue, std::uint32_t user, std::uint32_t row) const {
  const auto all = rows_of(queue, user);
  return std::find(all.begin(), all.end(), row) != all.end();
}

const HouseRule* Quotas::rule(std::uint32_t row) const {
  const std::size_t queues = rows_.size() - rules_.size();
  return row < queues ? nullptr : &rules_[row - queues];
}

std::span<const std::uint32_t> Quotas::chain(std::uint32_t queue) const {
  if (queue >= rows_.size()) return {};
  return rows_[queue].chain;
}

bool Quotas::is_in(std::uint32_t queue, std::uint32_t whole) const {
  const auto all = chain(queue);
  return std::find(all.begin(), all.end(), whole) != all.end();
}

std::vector<std::size_t> Quotas::depths_with_guarantees() const {
  std::set<std::size_t, std::greater<>> depths;
  for (std::uint32_t q = 0; q < rows_.size(); ++q)
    for (const Account account : accounts)
      if (guaranteed(q, account).value_or(0) > 0) depths.insert(depth(q));
  return {depths.begin(), depths.end()};
}

void Quotas::add(const Holder& holder, std::int64_t held, std::int64_t leaving) {
  if (!is_kept()) return;
  const Charge charge = charge_of(*holder.allocation);
  for (const std::uint32_t q : rows_of(holder.queue, holder.user))
    for (const Account account : accounts) {
      rows_[q].held[at(account)] += held * charge.of(account);
      rows_[q].leaving[at(account)] += leaving * charge.of(account);
    }
}

void Quotas::leaves(const Holder& holder, bool undo) { add(holder, undo ? -1 : 1, undo ? -1 : 1); }

void Quotas::comes(const Holder& holder) {
  if (!is_kept()) return;
  const Charge charge = charge_of(*holder.allocation);
  for (const std::uint32_t q : rows_of(holder.queue, holder.user))
    for (const Account account : accounts) rows_[q].coming[at(account)] += charge.of(account);
}

void Quotas::room_is_made() {
  coming_.clear();
  for (Row& row : rows_) row.coming = {};
}

void Quotas::add_rest(const Rest& rest, std::int64_t sign) {
  for (const std::uint32_t q : rows_of(rest.queue, rest.user))
    for (const Account account : accounts)
      rows_[q].held[at(account)] += sign * rest.charge.of(account);
}

void Quotas::keep_rest(const WaitingGroup& group, const Charge& kept, const Allocation& taken) {
  if (!is_kept()) return;
  const Charge charge = charge_of(taken);
  const Charge rest{kept.devices - charge.devices, kept.cpus - charge.cpus, 0};
  if (rest.devices <= 0 && rest.cpus <= 0) return;
  rests_.push_back({group.queue, group.user, rest});
  add_rest(rests_.back(), 1);
}

void Quotas::plan_is_done() {
  for (const Rest& rest : rests_) add_rest(rest, -1);
  rests_.clear();
}

std::int64_t Quotas::held(std::uint32_t queue, Account account) const {
  return rows_[queue].held[at(account)];
}

std::int64_t Quotas::leaving(std::uint32_t queue, Account account) const {
  return rows_[queue].leaving[at(account)];
}

std::int64_t Quotas::coming(std::uint32_t queue, Account account) const {
  return rows_[queue].coming[at(account)];
}

std::optional<std::int64_t> Quotas::limit(std::uint32_t queue, Account account) const {
  return rows_[queue].limit[at(account)];
}

std::optional<std::int64_t> Quotas::guaranteed(std::uint32_t queue, Account account) const {
  return rows_[queue].guaranteed[at(account)];
}

void Quotas::make_room_for(std::uint32_t queue, JobId job) {
  for (const std::uint32_t q : chain(queue))
    if (rows_[q].guaranteed[0] || rows_[q].guaranteed[1]) coming_.emplace_back(q, job);
}

std::optional<JobId> Quotas::room_goes_to(std::uint32_t queue) const {
  for (const auto& [q, job] : coming_)
    if (is_in(queue, q)) return job;
  return std::nullopt;
}

std::string quota_text(Account account, std::uint64_t amount) {
  char text[40];
  const int unit = account == Account::devices ? whole_device.thousandths : 1;
  std::snprintf(text, sizeof text, "%.12g", static_cast<double>(amount) / unit);
  const char* noun = account == Account::devices ? " device"
                     : account == Account::cpus  ? " cpu"
                                                 : " gang";
  return text + std::string(noun) + (std::string(text) == "1" ? "" : "s");
}

std::optional<Error> exceeds_limit(const std::vector<Queue>& queues, std::uint32_t queue,
                                   const ResourceRequest& request) {
  return exceeds_limit(Quotas(queues), queues, queue, 0, request);
}

std::optional<Error> exceeds_limit(const Quotas& quotas, const std::vector<Queue>& queues,
                                   std::uint32_t queue, std::uint32_t user,
                                   const ResourceRequest& request) {
  if (!quotas.has_limits()) return std::nullopt;
  const Charge charge = charge_of(request);
  for (const std::uint32_t row : quotas.rows_of(queue, user))
    for (const Account account : accounts) {
      const auto limit = quotas.limit(row, account);
      const HouseRule* rule = quotas.rule(row);
      if (!limit || charge.of(account) <= *limit || (rule != nullptr && !rule->lasts())) continue;
      const std::string wants =
          "it wants " + quota_text(account, static_cast<std::uint64_t>(charge.of(account))) +
          " at once, and ";
      if (rule != nullptr)
        return Error{ErrorKind::refused, wants + rule->says, "", "ask for less at once"};
      const std::string most = quota_text(account, static_cast<std::uint64_t>(*limit));
      return Error{ErrorKind::refused,
                   wants + "the limit of queue " + queues[row].name + " is " + most, "",
                   "ask for less at once, or choose another queue"};
    }
  return std::nullopt;
}

}  // namespace gangline
