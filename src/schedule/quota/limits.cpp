#include "schedule/quota/limits.h"

#include <algorithm>

#include "base/check.h"

namespace gangline {

std::optional<std::int64_t> left_of_limit(const Desk& desk, std::uint32_t row, Account account) {
  const auto limit = desk.quotas.limit(row, account);
  if (!limit) return std::nullopt;
  std::int64_t left = *limit - desk.quotas.held(row, account);
  for (const Reserved& reserved : desk.reserved)
    if (desk.quotas.is_in_row(reserved.shape->queue, reserved.shape->user, row))
      left -= reserved.shape->charge.of(account);
  return left;
}

namespace {

/// Whether each limit leaves what the shape wants, `more(row, account)` being left beside.
template <class More>
bool fits_with(const Desk& desk, const Shape& shape, const More& more) {
  if (!desk.quotas.has_limits()) return true;
  for (const std::uint32_t row : desk.quotas.rows_of(shape.queue, shape.user))
    for (const Account account : accounts) {
      const std::int64_t wanted = shape.charge.of(account);
      if (wanted == 0 || !desk.quotas.limit(row, account)) continue;
      if (wanted > *left_of_limit(desk, row, account) + more(row, account)) return false;
    }
  return true;
}

}  // namespace

bool fits_limits(const Desk& desk, const Shape& shape) {
  return fits_with(desk, shape, [](std::uint32_t, Account) { return 0; });
}

bool fits_limits_then(const Desk& desk, const Shape& shape) {
  return fits_with(desk, shape, [&](std::uint32_t row, Account account) {
    return desk.quotas.leaving(row, account);
  });
}

bool fits_limits_when_due(const Desk& desk, const Shape& shape) {
  return fits_limits_then(desk, shape) &&
         fits_with(desk, shape, [&](std::uint32_t row, Account account) {
           return desk.quotas.coming(row, account);
         });
}

LackOfLimits::LackOfLimits(const Desk& desk, const Shape& shape) : desk_(desk) {
  if (!desk.quotas.has_limits()) return;
  for (const std::uint32_t row : desk.quotas.rows_of(shape.queue, shape.user))
    for (const Account account : accounts) {
      const std::int64_t wanted = shape.charge.of(account);
      const auto left = left_of_limit(desk, row, account);
      if (wanted > 0 && left)
        lines_.push_back({row, account, wanted - *left - desk.quotas.leaving(row, account)});
    }
}

void LackOfLimits::add(const Holder& holder, std::int64_t sign) {
  if (lines_.empty()) return;
  const Charge charge = charge_of(*holder.allocation);
  for (Line& line : lines_)
    if (desk_.quotas.is_in_row(holder.queue, holder.user, line.row))
      line.lacking += sign * charge.of(line.account);
}

bool LackOfLimits::is_none() const {
  return std::all_of(lines_.begin(), lines_.end(),
                     [](const Line& line) { return line.lacking <= 0; });
}

namespace {

/// Whether with one more of this shape the queue still holds no more than is guaranteed to it.
bool is_within(const Desk& desk, const Shape& shape, std::uint32_t queue) {
  for (const Account account : guaranteed_accounts) {
    const std::int64_t wanted = shape.charge.of(account);
    if (wanted > 0 && desk.quotas.held(queue, account) + wanted >
                          desk.quotas.guaranteed(queue, account).value_or(0))
      return false;
  }
  return true;
}

}  // namespace

bool is_within_guarantee(const Desk& desk, const Shape& shape) {
  const auto chain = desk.quotas.chain(shape.queue);
  const std::size_t from = desk.guaranteed_first.value_or(0);
  return std::any_of(chain.begin(), chain.end(), [&](std::uint32_t queue) {
    return desk.quotas.depth(queue) >= from && is_within(desk, shape, queue);
  });
}

bool has_guarantee_beside(const Desk& desk, const Shape& shape, std::uint32_t other) {
  const auto chain = desk.quotas.chain(shape.queue);
  return std::any_of(chain.begin(), chain.end(), [&](std::uint32_t queue) {
    return !desk.quotas.is_in(other, queue) && is_within(desk, shape, queue);
  });
}

bool LimitsLeft::has_room(const Line& line, const Charge& charge) const {
  const auto limit = desk_.quotas.limit(line.first, line.second);
  const std::int64_t wanted = charge.of(line.second);
  if (!limit || wanted == 0) return true;
  const auto taken = taken_.find(line);
  return desk_.quotas.held(line.first, line.second) + (taken == taken_.end() ? 0 : taken->second) +
             wanted <=
         *limit;
}

std::optional<std::uint32_t> LimitsLeft::row_without_room(const Shape& shape) const {
  for (const std::uint32_t row : desk_.quotas.rows_of(shape.queue, shape.user))
    for (const Account account : accounts)
      if (!has_room({row, account}, shape.charge)) return row;
  return std::nullopt;
}

bool LimitsLeft::take(std::uint32_t queue, std::uint32_t user, const Charge& charge) {
  if (!desk_.quotas.has_limits()) return true;
  const auto rows = desk_.quotas.rows_of(queue, user);
  for (const std::uint32_t row : rows)
    for (const Account account : accounts)
      if (!has_room({row, account}, charge)) return false;
  for (const std::uint32_t row : rows)
    for (const Account account : accounts) taken_[{row, account}] += charge.of(account);
  return true;
}

bool LimitsLeft::take_in_order(const Shape& shape) {
  if (!desk_.quotas.has_limits()) return true;
  const std::size_t shut_before = shut_.size();
  for (const std::uint32_t q : desk_.quotas.rows_of(shape.queue, shape.user))
    for (const Account account : accounts) {
      if (shape.charge.of(account) > 0 && shut_.contains({q, account})) return false;
      if (!has_room({q, account}, shape.charge)) shut_.insert({q, account});
    }
  return shut_.size() == shut_before && take(shape);
}

void LimitsLeft::give_back(const Holder& holder) {
  if (!desk_.quotas.has_limits()) return;
  const Charge charge = charge_of(*holder.allocation);
  for (const std::uint32_t q : desk_.quotas.rows_of(holder.queue, holder.user))
    for (const Account account : accounts) taken_[{q, account}] -= charge.of(account);
}

ShutQueues::ShutQueues(const Desk& desk) : desk_(desk) {
  for (std::uint32_t row = 0; row < desk.quotas.rows(); ++row)
    for (const Account account : accounts) {
      if (!desk.quotas.limit(row, account)) continue;
      Line& line = lines_.emplace_back();
      line.row = row;
      line.account = account;
    }
}

bool ShutQueues::concerns(const Line& line, const Shape& shape) const {
  return shape.charge.of(line.account) > 0 &&
         desk_.quotas.is_in_row(shape.queue, shape.user, line.row);
}

void ShutQueues::learn_of_new_shapes() {
  const auto& shapes = desk_.shapes();
  for (; shapes_known_ < shapes.size(); ++shapes_known_)
    for (Line& line : lines_) {
      const Shape& shape = shapes[shapes_known_];
      if (concerns(line, shape)) line.shapes.emplace(shape.charge.of(line.account), &shape);
    }
}

bool ShutQueues::is_kept(WaitingId id) const {
  return std::any_of(desk_.reserved.begin(), desk_.reserved.end(),
                     [&](const Reserved& reserved) { return reserved.group == id; });
}

void ShutQueues::shut_from(Line& line, const OrderKey& place) {
  if (!line.from || place < *line.from) line.from = place;
}

void ShutQueues::look_again(const OrderKey& place) {
  for (Line& line : lines_) {
    const std::int64_t before = line.left;
    line.left = *left_of_limit(desk_, line.row, line.account);
    if (line.left >= before) continue;
    const auto end = line.shapes.upper_bound(before);
    for (auto it = line.shapes.upper_bound(line.left); it != end; ++it) {
      const Shape& shape = *it->second;
      auto next = shape.line.upper_bound(shape.in_line(place));
      while (next != shape.line.end() && is_kept(next->id)) ++next;
      if (next != shape.line.end()) shut_from(line, shape.now(*next));
    }
  }
}

void ShutQueues::shut(const Shape& shape, const OrderKey& place) {
  for (Line& line : lines_)
    if (concerns(line, shape) &&
        shape.charge.of(line.account) > *left_of_limit(desk_, line.row, line.account))
      shut_from(line, place);
}

bool ShutQueues::is_shut(const Shape& shape, const OrderKey& place) const {
  return std::any_of(lines_.begin(), lines_.end(), [&](const Line& line) {
    return line.from && *line.from <= place && concerns(line, shape);
  });
}

std::optional<OrderKey> ShutQueues::first() const {
  std::optional<OrderKey> first;
  for (const Line& line : lines_)
    if (line.from && (!first || *line.from < *first)) first = line.from;
  return first;
}

void ShutQueues::name_holders(Line& line) const {
  constexpr std::size_t most_named = 8;
  if (line.of_plan == desk_.plans()) return;
  line.of_plan = desk_.plans();
  line.unnamed = 0;
  std::set<JobId> seen;
  const auto name = [&](JobId job, std::vector<JobId>& named) {
    if (!seen.insert(job).second) return;
    if (named.size() < most_named) named.push_back(job);
    else ++line.unnamed;
  };
  line.holders.clear();
  for (const auto& [end, since] : desk_.held.by_end()) {
    const Holder& holder = desk_.held.at(since.id);
    if (desk_.quotas.is_in_row(holder.queue, holder.user, line.row) &&
        charge_of(*holder.allocation).of(line.account) > 0)
      name(holder.job, line.holders);
  }
  line.kept_for.clear();
  for (const Reserved& reserved : desk_.reserved)
    if (concerns(line, *reserved.shape))
      name(desk_.waiting(reserved.group).group.job, line.kept_for);
}

OverQuota ShutQueues::reason(const Shape& shape, const OrderKey& place) {
  const auto found = std::find_if(lines_.begin(), lines_.end(), [&](const Line& line) {
    return line.from && *line.from <= place && concerns(line, shape);
  });
  CHECK(found != lines_.end());
  name_holders(*found);
  const std::int64_t limit = *desk_.quotas.limit(found->row, found->account);
  const std::int64_t left = *left_of_limit(desk_, found->row, found->account);
  const std::int64_t wanted = shape.charge.of(found->account);
  OverQuota reason;
  if (const HouseRule* rule = desk_.quotas.rule(found->row)) reason.rule = rule->says;
  else reason.queue = found->row;
  reason.account = found->account;
  reason.wanted = static_cast<std::uint64_t>(wanted);
  reason.held = static_cast<std::uint64_t>(std::max<std::int64_t>(0, limit - left));
  reason.limit = static_cast<std::uint64_t>(limit);
  reason.holders = found->holders;
  reason.kept_for = found->kept_for;
  reason.unnamed = found->unnamed;
  if (wanted <= left) reason.first = found->from->job;
  return reason;
}

}  // namespace gangline
