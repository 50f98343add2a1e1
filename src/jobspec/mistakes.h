// All that is wrong with a job file or a command line: told together, each at its place.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "jobspec/written.h"

namespace gangline {

class Mistakes {
 public:
  /// `file_name` as it is to stand in messages; empty where there is no file.
  explicit Mistakes(std::string file_name) : file_name_(std::move(file_name)) {}

  /// Remembers one; those beyond `most_mistakes_told` are only counted.
  void add(SourcePlace place, std::string what, std::string hint = "");
  bool any() const { return !errors_.empty(); }
  std::size_t count() const { return errors_.size(); }
  bool full() const;

  /// In the order of the file, those of flags behind, and how many more there are.
  std::vector<Error> in_order() const;

  /// "train.toml:3:1", "--gpus", or the file's name where the place is not known.
  std::string where(SourcePlace place) const;

 private:
  std::string file_name_;
  std::vector<std::pair<SourcePlace, Error>> errors_;
  std::size_t more_ = 0;
};

/// These as one, a line each; a single one as it is. Never of none.
Error together(const std::vector<Error>& errors);

}  // namespace gangline
