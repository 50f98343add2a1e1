// For tests and benchmarks: the tables of Pollux' artifact (OSDI'21) as this project's own.
#pragma once

#include <sstream>

#include "base/check.h"
#include "replay/input/amounts.h"
#include "replay/simulate/csv_rows.h"
#include "replay/simulate/speeds.h"

namespace gangline {

inline std::vector<double> numbers(const std::string& text) {
  std::istringstream in(text);
  std::vector<double> all;
  for (std::string word; in >> word;) {
    const auto number = parse_decimal(word);
    CHECK(number.has_value());
    all.push_back(*number);
  }
  return all;
}

/// A stage is an epoch: what it is in work, by how much of that is done in a second. An epoch ends
/// at a whole second there.
inline Speeds pollux_speeds(const std::string& folder) {
  std::map<std::string, std::vector<double>> work;
  for (const auto& row : csv_rows(folder + "/progress.csv"))
    work[row.at("app")] = numbers(row.at("cumulative_progress_by_epoch"));
  Speeds speeds;
  speeds.set_step(1);
  for (const auto& row : csv_rows(folder + "/tiresias_rates.csv.gz")) {
    const std::vector<double>& until = work.at(row.at("app"));
    const std::vector<double> rates = numbers(row.at("goodput_per_epoch"));
    Stages stages;
    for (std::size_t epoch = 0; epoch < rates.size(); ++epoch)
      stages.push_back((until.at(epoch + 1) - until.at(epoch)) / rates[epoch]);
    speeds.add({row.at("app") + " (batch size " + row.at("target_batch_size") + ")",
                row.at("placement"), ""},
               std::move(stages));
  }
  return speeds;
}

/// 16 nodes of 4 GPUs; each start costs 30 s.
inline Cluster pollux_cluster() {
  Node node;
  node.counted = whole_cpus(4);
  node.devices.assign(4, Device{});
  Cluster cluster;
  for (int n = 0; n < 16; ++n) {
    node.name = "n" + std::to_string(n);
    cluster.nodes.push_back(node);
  }
  return cluster;
}

}  // namespace gangline
