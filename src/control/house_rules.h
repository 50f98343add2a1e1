// The manners of the config file as rules that a plan follows.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/usage.h"
#include "model/house_rule.h"
#include "model/reservation.h"
#include "model/settings.h"

namespace gangline {

/// As it is listed beside what people reserved.
Reservation as_reservation(const Maintenance& maintenance);

class HouseBook {
 public:
  explicit HouseBook(const Settings& settings) : settings_(settings) {}

  /// What is held for people. Those that are over are forgotten by `set_aside`.
  const std::vector<Reservation>& reservations() const { return reservations_; }
  void reserve(Reservation reservation);
  /// False: there is no such one.
  bool cancel(std::uint64_t number);

  /// No rule is set.
  bool is_empty() const;
  /// What anybody uses must be counted.
  bool counts_hours() const;

  /// The rules that are known now; null: none. The same pointer while they are the same. Use is
  /// looked at once a minute.
  std::shared_ptr<const HouseRules> rules(const Usage& usage, Time now);
  /// What is set aside on these machines now or later; null: nothing. The same pointer while it is
  /// the same.
  std::shared_ptr<const SetAsides> set_aside(Usage& usage,
                                             const std::shared_ptr<const Cluster>& cluster,
                                             Time now);
  /// By then somebody who may start nothing now may be able to, or the other way round.
  Time again(Time now) const;

  /// Why this person could never start such a gang in this queue; empty: may be.
  std::optional<Error> why_never(std::uint32_t queue, const std::string& person,
                                 const ResourceRequest& request) const;

 private:
  void add_rules_of(const std::string& name, std::uint32_t user, HouseRules& rules) const;
  void add_spent(const Usage& usage, std::uint32_t user, Time now, HouseRules& rules) const;

  const Settings settings_;
  std::vector<Reservation> reservations_;
  std::shared_ptr<const SetAsides> aside_;
  std::shared_ptr<const Cluster> aside_of_;
  bool reserved_anew_ = false;
  std::shared_ptr<const HouseRules> told_;
  std::optional<Time> told_of_;
  std::size_t told_users_ = 0;
};

}  // namespace gangline
