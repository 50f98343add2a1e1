// A gang with parts on several nodes, each told of by a launcher of its own, as one. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "model/event.h"

namespace gangline {

class GangOfParts {
 public:
  GangOfParts(GangId gang, std::uint32_t attempt, std::uint32_t parts)
      : gang_(gang), attempt_(attempt), parts_(parts) {}

  /// A part began. The start of the gang, once all have begun.
  std::optional<Event> began(std::uint32_t part, Time at, const GangStarted& started);
  /// A part is over. The end of the gang, once all are over.
  std::optional<Event> ended(std::uint32_t part, Time at, const GangEnded& ended);

  /// One ended badly and the others have to, too.
  bool is_failing() const { return first_bad_.has_value(); }
  bool has_ended(std::uint32_t part) const { return parts_[part].ended; }
  bool was_told_to_start() const { return told_; }
  std::uint32_t attempt() const { return attempt_; }

 private:
  struct Part {
    bool begun = false, ended = false;
    Time started{0};
    std::vector<Fence> fences;
    Ending ending;
  };
  Ending joined_ending() const;

  GangId gang_;
  std::uint32_t attempt_;
  std::vector<Part> parts_;
  std::optional<std::uint32_t> first_bad_;
  bool told_ = false;
  Time last_end_{0};
};

}  // namespace gangline
