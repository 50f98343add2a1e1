#include "gateway/remembered.h"

#include "gateway/limits.h"

namespace gangline {

Remembered::Entry* Remembered::find(std::string_view target, Span now) {
  const auto found = entries_.find(target);
  if (found == entries_.end()) return nullptr;
  if (now - found->second.asked_at < longest_remembered) return &found->second;
  bytes_ -= found->second.body.bytes.size();
  entries_.erase(found);
  return nullptr;
}

void Remembered::keep(std::string_view target, Entry entry, std::uint64_t during) {
  const std::size_t size = entry.body.bytes.size();
  if (during != turn_ || size > most_remembered_bytes / 2) return;
  if (bytes_ + size > most_remembered_bytes || entries_.size() >= most_remembered) {
    entries_.clear();
    bytes_ = 0;
  }
  Entry& kept = entries_[std::string(target)];
  bytes_ += size - kept.body.bytes.size();
  kept = std::move(entry);
}

void Remembered::forget_all() {
  entries_.clear();
  bytes_ = 0;
  ++turn_;
}

}  // namespace gangline
