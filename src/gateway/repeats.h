// Submits that were sent twice: who gives a key with a submit gets the same job for the same key.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "os/web/web.h"

namespace gangline {

constexpr std::size_t longest_repeat_key = 200;
constexpr std::size_t most_repeats = 10'000;
constexpr Span repeats_kept = hours(24);

/// Remembers in memory: what was submitted before this process began is not known.
class Repeats {
 public:
  struct Said {
    unsigned status;
    std::string body;
    std::string version = {};  ///< of the service
  };
  using Told = std::function<void(const Said&)>;
  enum class Seen {
    first,    ///< to be submitted, and its end told by `over`
    again,    ///< `told` is called with what the first was answered, now or later
    another,  ///< the key stands for something else
    full,     ///< too many are under way
  };

  Seen begin(const std::string& key, std::string_view body, Span now, Told told);
  /// Only what went well is remembered; after anything else the key may be used again.
  void over(const std::string& key, const Said& said);

 private:
  struct Kept {
    std::array<unsigned char, 32> hash;
    Span at;
    bool done = false;
    Said said = {};
    std::vector<Told> waiting = {};
  };
  std::map<std::string, Kept> kept_;
  std::list<std::string> order_;  // the oldest first
};

}  // namespace gangline
