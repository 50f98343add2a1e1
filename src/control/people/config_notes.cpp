#include "control/people/config_notes.h"

#include "base/text.h"
#include "model/reservation.h"

namespace gangline {
namespace {

constexpr Span notes_are_good_for = minutes(5);
constexpr Span longest_look = milliseconds(200);
constexpr std::size_t most_told = 10;

void add_unknown_people(const House& house, World& world, std::vector<std::string>& notes) {
  const Time began = world.now();
  std::size_t unknown = 0;
  for (const auto& [name, limits] : house.people) {
    if (world.now() - began > longest_look) break;
    if (world.may_be_login(name)) continue;
    if (++unknown <= most_told)
      notes.push_back("[people." + name +
                      "] in the config file is for nobody: this machine knows " +
                      "no such login name");
  }
  if (unknown > most_told)
    notes.push_back("and " + std::to_string(unknown - most_told) +
                    " more people in the config file are not known here");
}

void add_past_maintenance(const House& house, Time now, std::vector<std::string>& notes) {
  std::size_t past = 0;
  for (const Maintenance& one : house.maintenance)
    if (one.to <= now && ++past <= most_told)
      notes.push_back("[maintenance." + one.name +
                      "] in the config file is over: " + describe_times(one.from, one.to));
  if (past > most_told)
    notes.push_back("and " + std::to_string(past - most_told) + " more maintenance that is over");
}

}  // namespace

const std::vector<std::string>& ConfigNotes::of(const House& house, World& world) {
  const Time now = world.now();
  if (asked_ && now - *asked_ < notes_are_good_for) return notes_;
  asked_ = now;
  notes_.clear();
  add_unknown_people(house, world, notes_);
  add_past_maintenance(house, now, notes_);
  return notes_;
}

}  // namespace gangline
