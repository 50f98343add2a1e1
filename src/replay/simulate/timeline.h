// What was used and what lay idle, over time, in a bounded number of equal pieces.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/units.h"

namespace gangline {

/// Why a device is idle at a moment: by what the first gang in order waits for.
enum class IdleBecause : std::uint8_t {
  nothing_asked,  ///< nobody waits
  kept,           ///< it is promised to one that goes first, or the policy lets nobody overtake
  scattered,      ///< enough is free, but not side by side
  too_few,        ///< less is free than the first wants
  other_kind,  ///< what is free is of a kind, or on nodes without the CPUs or memory, it cannot use
};
constexpr std::size_t idle_causes = 5;
const char* name_of(IdleBecause cause);

/// Devices in thousandths, each times how long it was so, in seconds.
struct Piece {
  double used = 0;
  std::array<double, idle_causes> idle{};
  double waiting_gangs = 0;    ///< gangs times seconds
  double waiting_devices = 0;  ///< what these ask for
};

class Timeline {
 public:
  static constexpr std::size_t most_pieces = 2'048;

  Timeline() = default;
  /// Devices of the cluster, in thousandths. `width`: of a piece at first; it doubles when there
  /// are too many.
  Timeline(Time begin, Span width, double capacity)
      : begin_(begin), width_(width), capacity_(capacity) {}

  struct Now {
    double used = 0, waiting_gangs = 0, waiting_devices = 0;
    IdleBecause idle = IdleBecause::nothing_asked;
  };
  /// From then until the time of the next call it is so.
  void set(Time at, const Now& now);

  /// Devices that were idle here because nothing was asked did what they do in `part`, which lies
  /// within this time. A piece of `part` is spread evenly over the pieces here that it covers.
  void put_in(const Timeline& part);

  Time begin() const { return begin_; }
  Span width() const { return width_; }
  double capacity() const { return capacity_; }
  const std::vector<Piece>& pieces() const { return pieces_; }
  Piece sum() const;

 private:
  void halve();

  Time begin_;
  Span width_{1};
  double capacity_ = 0;
  std::vector<Piece> pieces_;
  Time last_;
  Now now_;
  bool any_ = false;
};

}  // namespace gangline
