// Any bytes as a history of jobs and as a list of machines, in each format and in the one that the
// bytes look like: refused with a sentence, or each entry is a job that holds together or is
// counted as left out. A cluster that was read is the same after it was written and read again.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "model/check_spec.h"
#include "model/job.h"
#include "replay/clusters/read_cluster.h"
#include "replay/readers/read_history.h"

namespace gangline {
namespace {

void expect_sound(const PastJob& job) {
  CHECK(job.request != nullptr);
  CHECK(job.request->tasks >= 1 && job.request->tasks <= most_tasks_in_a_gang);
  const TaskRequest& task = job.request->alternatives.at(0);
  CHECK(task.memory >= Bytes{0} && task.memory <= most_memory_of_a_task);
  if (task.devices) {
    CHECK(task.devices->count >= 1 && task.devices->count <= most_devices_of_a_task);
    CHECK(task.devices->share.thousandths >= 1 && task.devices->share <= whole_device);
    CHECK(task.devices->share == whole_device || task.devices->count == 1);
  }
  CHECK(job.run >= Span{0} && job.run <= longest_time + longest_time);
  CHECK(job.submitted >= Time{0} && job.submitted < never);
}

void expect_sound(const Result<History>& history) {
  if (!history) {
    CHECK(!history.error().what.empty());
    return;
  }
  CHECK(history->entries == history->jobs.size() + history->left_out.count);
  std::uint64_t by_reason = 0;
  for (const auto& [reason, count] : history->left_out.by_reason) by_reason += count;
  CHECK(by_reason == history->left_out.count);
  for (std::size_t i = 0; i < history->jobs.size(); ++i) {
    expect_sound(history->jobs[i]);
    CHECK(i == 0 || history->jobs[i - 1].submitted <= history->jobs[i].submitted);
  }
}

void expect_sound(const Result<FoundCluster>& found) {
  if (!found) {
    CHECK(!found.error().what.empty());
    return;
  }
  const auto again = read_cluster_text(write_cluster(*found), "again.toml", "toml");
  CHECK(again.ok());
  CHECK(again->cluster.nodes.size() == found->cluster.nodes.size());
  for (std::size_t i = 0; i < found->cluster.nodes.size(); ++i) {
    CHECK(again->cluster.nodes[i].name == found->cluster.nodes[i].name);
    CHECK(again->cluster.nodes[i].cpus == found->cluster.nodes[i].cpus);
    CHECK(again->cluster.nodes[i].memory == found->cluster.nodes[i].memory);
    CHECK(again->cluster.nodes[i].devices.size() == found->cluster.nodes[i].devices.size());
  }
}

}  // namespace
}  // namespace gangline

// The first byte chooses: a format of histories or of clusters, or none of both.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  const auto histories = gangline::history_formats();
  const auto clusters = gangline::cluster_formats();
  const std::size_t choice = bytes[0] % (histories.size() + clusters.size() + 1);
  gangline::HowToRead how;
  if ((bytes[0] & 0x80) != 0) how.processors = gangline::Processors::gpus;
  how.as_given = (bytes[0] & 0x40) != 0;
  if (choice < histories.size()) how.format = histories[choice].name;
  if (choice < histories.size() || choice == histories.size() + clusters.size())
    gangline::expect_sound(gangline::read_history_text(input, "fuzz", how));
  if (choice < histories.size()) return 0;
  const std::size_t which = choice - histories.size();
  const std::string format(which < clusters.size() ? clusters[which].name : "");
  gangline::expect_sound(gangline::read_cluster_text(input, "fuzz", format));
  return 0;
}
