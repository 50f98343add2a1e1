// How good each standing is for those that ask for the same devices: worked out once.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "schedule/place/choose_devices.h"
#include "schedule/place/free_state.h"

namespace gangline {

/// Slices (MIG) among the devices that may be chosen.
enum class Slices : std::uint8_t { any, only, none };

/// Which devices of a node may serve a request.
struct Usable {
  bool node = false;                   ///< the node is up
  std::uint32_t cpus_each = 0;         ///< what one task takes of its CPUs, in thousandths
  std::vector<std::uint32_t> devices;  ///< those that may be chosen when free, ascending
  std::vector<bool> slice;             ///< for each of them
  /// Left out, because the devices of one task are of one vendor; ascending.
  std::vector<std::uint32_t> of_other_vendors;
};

struct Score {
  std::uint32_t most = 0;  ///< tasks that its devices could take
  Closeness closeness{};   ///< of a gang that is all there, where `most` is enough
};

class Scores {
 public:
  Scores(std::uint32_t tasks, std::uint32_t each, Share share)
      : tasks_(tasks), each_(each), share_(share) {}

  /// Of a standing. `usable`: on nodes of its kind.
  const Score& of(const FreeState& free, std::uint32_t standing, const Usable& usable,
                  Slices slices);
  /// Score::most of a standing alone.
  std::uint32_t most_on(const FreeState& free, std::uint32_t standing, const Usable& usable,
                        Slices slices);
  /// Of a node with these devices free, arranged.
  Score of_devices(const NodeLayout& layout, const std::vector<std::int32_t>& free,
                   const Usable& usable, Slices slices) const;

 private:
  std::uint32_t tasks_;
  std::uint32_t each_;
  Share share_;
  std::array<std::vector<std::optional<Score>>, 3> known_;  // by Slices and standing
  std::array<std::vector<std::uint32_t>, 3> most_;          // 1 more than it is; 0: not known yet
};

/// Devices of a node that may serve and have as much left as one of them must have.
std::vector<std::uint32_t> candidates_of(const Usable& usable,
                                         const std::vector<std::int32_t>& free, Share share,
                                         Slices slices);
/// How many tasks of `each` devices of `share` they could take.
std::uint32_t tasks_on_devices(const Usable& usable, const std::vector<std::int32_t>& free,
                               std::uint32_t each, Share share, Slices slices);

}  // namespace gangline
