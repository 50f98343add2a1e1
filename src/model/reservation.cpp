#include "model/reservation.h"

#include "base/text.h"

namespace gangline {

std::string describe_times(Time from, Time until) {
  const auto minute = [](Time at) {
    std::string text = format_utc(at).substr(0, 16);
    if (text.size() == 16) text[10] = ' ';
    return text;
  };
  const std::string begin = minute(from), end = minute(until);
  const bool same_day = begin.substr(0, 10) == end.substr(0, 10);
  return begin + " to " + (same_day ? end.substr(11) : end) + " UTC";
}

std::string describe(const Reservation& reservation) {
  if (!reservation.name.empty())
    return "maintenance (" + reservation.name + "), " +
           describe_times(reservation.from, reservation.until);
  if (reservation.person.empty())
    return "maintenance " + std::to_string(reservation.number) + ", " +
           describe_times(reservation.from, reservation.until);
  return "reservation " + std::to_string(reservation.number) + " of " + reservation.person + ", " +
         describe_times(reservation.from, reservation.until);
}

}  // namespace gangline
