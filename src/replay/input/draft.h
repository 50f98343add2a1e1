// A history while it is being read.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "replay/history.h"
#include "replay/input/request.h"

namespace gangline {

/// Why an entry cannot be used; the first reason stays.
class Why {
 public:
  /// `brief` is the same for all entries of one kind: "'duration' is no number".
  void say(std::string brief, std::string detail);
  void say(const std::string& brief) { say(brief, brief); }
  bool said() const { return !brief_.empty(); }
  const std::string& brief() const { return brief_; }
  const std::string& detail() const { return detail_; }

 private:
  std::string brief_;
  std::string detail_;
};

/// Counts one more that was left out. `line`: its number in the file.
void leave_out(LeftOut& left_out, std::uint64_t line, const Why& why);

/// What a file says, cut to `longest_text_kept` and without what moves a cursor.
constexpr std::size_t longest_text_kept = 256;
std::string kept_text(std::string_view text);

class HistoryDraft {
 public:
  /// So that what is kept of a file fits into memory, whatever it holds.
  static constexpr std::uint64_t most_entries = 20'000'000;

  /// Keeps the job, or counts it as left out if `why` says something.
  void add(PastJob job, std::uint64_t line, const Why& why);
  void leave_out(std::uint64_t line, const Why& why);
  void note(std::string text) { history_.notes.push_back(std::move(text)); }
  /// For each entry that `note` holds of: "3 jobs name others they waited for; ...".
  void count(const std::string& note) { ++counted_[note]; }
  bool full() const { return history_.entries >= most_entries; }

  /// The one request that is equal to this one.
  std::shared_ptr<const ResourceRequest> one(ResourceRequest request);

  std::vector<PastJob>& jobs() { return history_.jobs; }
  /// What was read, in the order of the file; or why the file could not be read to its end.
  Result<History> finish(const class Input& input) &&;

 private:
  struct Hash {
    std::size_t operator()(const ResourceRequest& request) const;
  };

  History history_;
  std::map<std::string, std::uint64_t> counted_;
  std::unordered_map<ResourceRequest, std::shared_ptr<const ResourceRequest>, Hash> requests_;
};

}  // namespace gangline
