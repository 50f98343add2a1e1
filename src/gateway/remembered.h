// Answers of the service that may be given again while nothing has happened, and questions that
// several ask at once.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/units.h"
#include "os/web/web.h"

namespace gangline {

class Remembered {
 public:
  struct Entry {
    WebBody body;
    std::optional<WebBody> packed;  ///< gzip; made when it is first wanted
    std::string fields = {};        ///< of the answer
    Span asked_at{0};
  };

  /// Null: it is not known, or no longer. The entry stays until the next call.
  Entry* find(std::string_view target, Span now);
  /// `during`: `turn()` when the question was asked. An answer to one that was asked before
  /// something happened is not kept.
  void keep(std::string_view target, Entry entry, std::uint64_t during);
  /// Something happened.
  void forget_all();
  std::uint64_t turn() const { return turn_; }

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  std::unordered_map<std::string, Entry, TextHash, std::equal_to<>> entries_;
  std::size_t bytes_ = 0;
  std::uint64_t turn_ = 0;
};

}  // namespace gangline
