// The files of a recording as a machine that can be looked at again.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "devices/record/recording.h"

namespace gangline {

constexpr std::size_t most_tree_entries = 500'000;

/// What stood where when the recording ended, below a root that nothing leads out of: what a link
/// leads to is found within the tree, and an entry that would change what a link means is refused.
class RecordedTree {
 public:
  enum class Kind {
    directory,
    file,
    link,
    unreadable,  ///< there, but a read of it fails: made as a directory, which root cannot read
                 ///< either
    closed,      ///< there, but not for this user
    hangs,       ///< whoever opens it waits
  };
  struct Entry {
    Kind kind = Kind::directory;
    std::string content;  ///< of a file; the target of a link
  };

  /// An Error names the line that cannot be.
  static Result<RecordedTree> of(const Recording& recording, const std::string& where);

  /// By path without links in it; a directory before what is in it.
  const std::map<std::string, Entry>& entries() const { return entries_; }

  /// Makes it below `directory`, which must be new or empty.
  Result<void> write(const std::string& directory) const;

 private:
  Result<void> add(const RecordedLook& look);
  Result<void> add_link(const std::string& place, const std::string& target);
  Result<std::string> resolve(std::string_view path, const std::string& from, bool last_too,
                              int& hops, bool make);
  Result<void> put(const std::string& place, Entry entry);
  void take_away(const std::string& place);
  void keep_what_was_listed();

  std::map<std::string, Entry> entries_;
  std::map<std::string, std::string> listed_;  ///< names in a directory when it was looked at last
};

}  // namespace gangline
