// An NVML that answers what one on another machine answered, from a recording.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "devices/nvidia/nvml_library.h"

namespace gangline::nvml {

class Replay {
 public:
  struct Answers;

  /// Of the recording at `path`, or the Error that says what is wrong with it, and where.
  static Result<Replay> read(const std::string& path);
  /// The same of text.
  static Result<Replay> from(std::string_view text, const std::string& where);

  /// The calls that the library had, each with the answer that it gave last to the same arguments;
  /// one that did not return then does not return now. False: the recording has no library.
  bool fill(Calls& calls) const;
  /// Empty where there simply was no library.
  const std::string& trouble() const { return trouble_; }

 private:
  std::shared_ptr<Answers> answers_;
  std::string trouble_;
};

}  // namespace gangline::nvml
