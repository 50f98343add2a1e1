// For the tests of readers: a small log as text, and what came of it.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "replay/readers/read_history.h"

namespace gangline {

/// The history of a text that must be readable.
inline History history_of(const std::string& text, const HowToRead& how = {}) {
  auto history = read_history_text(text, "small.log", how);
  EXPECT_TRUE(history.ok()) << (history.ok() ? "" : history.error().sentence());
  if (!history) return {};
  EXPECT_EQ(history->entries, history->jobs.size() + history->left_out.count);
  for (const PastJob& job : history->jobs) {
    EXPECT_NE(job.request, nullptr);
    EXPECT_GE(job.run, Span{0});
  }
  return *std::move(history);
}

/// The sentence of a text that must be refused.
inline std::string refusal_of(const std::string& text, const HowToRead& how = {},
                              const std::string& name = "small.log") {
  const auto history = read_history_text(text, name, how);
  EXPECT_FALSE(history.ok());
  return history.ok() ? "" : history.error().sentence();
}

inline const TaskRequest& task_of(const PastJob& job) { return job.request->alternatives.front(); }

/// GPUs of all tasks together.
inline std::uint32_t gpus_of(const PastJob& job) {
  const auto& devices = task_of(job).devices;
  return devices ? job.request->tasks * devices->count : 0;
}

/// Where the public traces are, by GANGLINE_DATA or beside the sources; empty where they are not.
inline std::string data_folder() {
  const char* told = std::getenv("GANGLINE_DATA");
  const std::filesystem::path folder =
      told != nullptr ? std::filesystem::path(told)
                      : std::filesystem::path(SOURCE_DIR) / ".." / "shared" / "data";
  std::error_code none;
  return std::filesystem::is_directory(folder, none) ? folder.string() + "/" : std::string();
}

}  // namespace gangline
