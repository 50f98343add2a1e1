// For tests and benchmarks: a file of published results, packed or not, as rows by column.
#pragma once

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "base/check.h"
#include "replay/input/input.h"

namespace gangline {

/// The file must be readable and its fields hold no comma.
inline std::vector<std::map<std::string, std::string>> csv_rows(const std::string& path) {
  auto input = Input::open(path);
  CHECK(input.ok());
  while (input->read_more()) continue;
  std::istringstream lines{std::string(input->window())};
  std::vector<std::string> names;
  std::vector<std::map<std::string, std::string>> rows;
  for (std::string line; std::getline(lines, line);) {
    if (line.ends_with('\r')) line.pop_back();
    std::vector<std::string> fields(1);
    for (const char c : line) {
      if (c == ',') fields.emplace_back();
      else fields.back() += c;
    }
    if (names.empty()) {
      names = fields;
      continue;
    }
    auto& row = rows.emplace_back();
    for (std::size_t i = 0; i < names.size() && i < fields.size(); ++i) row[names[i]] = fields[i];
  }
  return rows;
}

}  // namespace gangline
