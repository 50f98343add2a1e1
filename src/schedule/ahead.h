// What will be free: at one time, or step by step as those who hold end.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "schedule/desk.h"

namespace gangline {

/// What of this is kept at any time from `from` until `until`. A start that nobody can date meets
/// everything.
bool meets(const Reserved& reserved, Time from, Time until);

/// Takes away what is set aside for others than this shape's user between these times.
void leave_set_aside(const Desk& desk, const Shape& shape, Time from, Time until, FreeView& view);
/// The first of these that begins; null: none.
const SetAside* first_set_aside(const Desk& desk, const Shape& shape, Time from, Time until);

/// What is free for this shape when this opening comes, less what is kept for others or set aside
/// at any time until `until`.
FreeView free_at(const Desk& desk, const Shape& shape, const Opening& opening,
                 std::span<const Reserved> others, Time until);

/// Whether just this place is free then, with `extra` (may be null) held by somebody else, whose
/// MPS is `extra_of`.
bool is_free_at(const Desk& desk, const Shape& shape, const Allocation& where,
                const Opening& opening, std::span<const Reserved> others, Time until,
                const Allocation* extra, MpsOf extra_of = std::nullopt);

/// A place for the gang, by the first of its alternatives that has one; null: none.
std::shared_ptr<const Allocation> place_first(const Shape& shape, const FreeView& free);

/// A place in `free` beside what is set aside between these times; null: none.
std::shared_ptr<const Allocation> place_beside_set_aside(const Desk& desk, const Shape& shape,
                                                         const FreeView& free, Time from,
                                                         Time until);

/// A place in `free` beside what is kept for others or set aside between these times; null: none.
std::shared_ptr<const Allocation> place_beside_reserved(const Desk& desk, const Shape& shape,
                                                        const FreeView& free, Time from,
                                                        Time until);

/// Counts how many tasks of a shape there is room for while more and more becomes free.
class RoomCount {
 public:
  RoomCount(const Desk& desk, const Shape& shape);

  void give_back(const Holder& holder);
  /// One of the alternatives has enough, if nothing of it is kept for others.
  bool is_enough() const;
  const FreeView& view() const { return view_; }

 private:
  const Desk& desk_;
  const Shape& shape_;
  FreeView view_;
  std::vector<std::uint64_t> tasks_;  // for each Wanted of the shape
};

}  // namespace gangline
