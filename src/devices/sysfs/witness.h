// Who keeps a record of what this room sees of the world: files (see.h) and vendor calls.
#pragma once

#include <string>
#include <string_view>

#include "base/units.h"

namespace gangline {

enum class SightKind { file, directory, link, access };

/// One look at a path, whole.
struct Sight {
  SightKind kind = SightKind::file;
  std::string_view path;     ///< with the root in front
  int error = 0;             ///< errno; 0: seen
  bool too_large = false;    ///< there, and not taken
  std::string_view content;  ///< bytes of a file, target of a link, a directory's names, one a line
  Span took{0};
};

/// Told before and after each look and each call, on the thread that makes it. Between the two, the
/// kernel or a vendor library may hang.
class Witness {
 public:
  virtual ~Witness() = default;
  virtual void looks(SightKind kind, std::string_view path) = 0;
  virtual void saw(const Sight& sight) = 0;
  /// A function of a library, with its arguments as words.
  virtual void calls(std::string_view function, std::string_view arguments) = 0;
  virtual void answered(int code, std::string_view results, Span took) = 0;
  /// Anything else worth a line of its own: what a library has, why it does not open.
  virtual void remarks(std::string_view line) = 0;
};

/// The witness of this thread; null, as mostly: nobody keeps a record.
Witness* present_witness();

/// Makes a witness present for as long as this lives. It must live longer, and there is one.
class WitnessPresence {
 public:
  explicit WitnessPresence(Witness& witness);
  ~WitnessPresence();
  WitnessPresence(const WitnessPresence&) = delete;
  WitnessPresence& operator=(const WitnessPresence&) = delete;
};

}  // namespace gangline
