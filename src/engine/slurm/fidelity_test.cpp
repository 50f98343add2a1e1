#include "engine/slurm/fidelity.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

namespace gangline {
namespace {

JobSpec plain_job() {
  JobSpec spec;
  spec.name = "train";
  spec.command = {true, {"python3 train.py"}};
  spec.dir = "/home/anna";
  return spec;
}

SlurmSite site_with(std::vector<GresType> gres) {
  SlurmSite site;
  site.partitions = {{"main", true, true, hours(24), std::nullopt, "n[1-4]"}, {"gpu"}};
  site.gres = std::move(gres);
  return site;
}

SlurmSite h100_site() { return site_with({{"gpu", "a100", 4}, {"gpu", "h100", 8}}); }

DeviceRequest gpus(std::uint32_t count) {
  DeviceRequest request;
  request.count = count;
  return request;
}

FidelityRow row_of(const JobSpec& spec, const SlurmSite& site, const std::string& field) {
  const auto rows = fidelity_of(spec, site);
  const auto found = std::find_if(rows.begin(), rows.end(),
                                  [&](const FidelityRow& row) { return row.field == field; });
  return found == rows.end() ? FidelityRow{field, Fidelity::exact, "no row"} : *found;
}

JobSpec with_devices(const DeviceRequest& devices) {
  JobSpec spec = plain_job();
  spec.resources.alternatives[0].devices = devices;
  return spec;
}

TEST(fidelity, has_no_row_for_what_a_job_does_not_use) {
  std::vector<std::string> fields;
  SlurmSite site = h100_site();
  site.partitions[0].max_time.reset();
  for (const FidelityRow& row : fidelity_of(plain_job(), site)) {
    fields.push_back(row.field);
    EXPECT_EQ(row.how, Fidelity::exact) << row.field;
  }
  EXPECT_EQ(fields, (std::vector<std::string>{"name", "command", "dir"}));
}

TEST(fidelity, whole_gpus_are_exact_and_shares_are_impossible) {
  const FidelityRow two = row_of(with_devices(gpus(2)), h100_site(), "gpus");
  EXPECT_EQ(two, (FidelityRow{"gpus", Fidelity::exact, "--gpus-per-task=2"}));
  DeviceRequest half = gpus(1);
  half.share = Share{500};
  EXPECT_EQ(row_of(with_devices(half), h100_site(), "gpus").how, Fidelity::impossible);
  EXPECT_EQ(row_of(with_devices(gpus(9)), h100_site(), "gpus").says,
            "a task asks for 9, and no node has more than 8 such GPUs");
  EXPECT_EQ(row_of(with_devices(gpus(1)), site_with({}), "gpus").how, Fidelity::impossible);
}

TEST(fidelity, a_model_is_near_where_a_type_is_called_so) {
  DeviceRequest asked = gpus(1);
  asked.model = "H100";
  const JobSpec spec = with_devices(asked);
  EXPECT_EQ(row_of(spec, h100_site(), "model").how, Fidelity::near);
  EXPECT_EQ(row_of(spec, h100_site(), "gpus").says, "--gpus-per-task=h100:1");
  EXPECT_EQ(row_of(spec, site_with({{"gpu", "nvidia_h100_80gb_hbm3", 8}}), "gpus").says,
            "--gpus-per-task=nvidia_h100_80gb_hbm3:1");
  const FidelityRow none =
      row_of(spec, site_with({{"gpu", "a100", 4}, {"gpu", "v100", 4}}), "model");
  EXPECT_EQ(none.how, Fidelity::impossible);
  EXPECT_EQ(none.says, "no GPU is known to be H100; here are a100, v100");
  EXPECT_EQ(row_of(spec, site_with({{"gpu", "", 4}}), "model").says,
            "no GPU is known to be H100; GPUs have no types here");
}

TEST(fidelity, memory_and_vendor_of_gpus_are_known_by_their_type_or_not_at_all) {
  DeviceRequest asked = gpus(1);
  asked.memory = gibibytes(60);
  asked.vendor = "nvidia";
  EXPECT_EQ(row_of(with_devices(asked), h100_site(), "gpu_memory").how, Fidelity::near);
  EXPECT_EQ(row_of(with_devices(asked), h100_site(), "gpus").says, "--gpus-per-task=h100:1");
  EXPECT_EQ(row_of(with_devices(asked), h100_site(), "device").how, Fidelity::near);
  EXPECT_EQ(row_of(with_devices(asked), site_with({{"gpu", "big", 4}}), "gpu_memory").how,
            Fidelity::impossible);
  asked.model = "A100";
  EXPECT_EQ(row_of(with_devices(asked), h100_site(), "model").how, Fidelity::impossible);
  asked = gpus(1);
  asked.kind = DeviceKind::fpga;
  EXPECT_EQ(row_of(with_devices(asked), h100_site(), "device").how, Fidelity::impossible);
}

TEST(fidelity, memory_is_for_each_task) {
  JobSpec spec = plain_job();
  spec.resources.alternatives[0].cpus = whole_cpus(3);
  spec.resources.alternatives[0].memory = gibibytes(1);
  EXPECT_EQ(row_of(spec, h100_site(), "memory"),
            (FidelityRow{"memory", Fidelity::exact, "--mem=1024M"}));
  spec.resources.tasks = 2;
  EXPECT_EQ(row_of(spec, h100_site(), "memory"),
            (FidelityRow{"memory", Fidelity::near, "--mem-per-cpu=342M, rounded up"}));
  spec.resources.alternatives[0].cpus = CpuAmount{500};
  EXPECT_EQ(row_of(spec, h100_site(), "cpus").how, Fidelity::near);
}

TEST(fidelity, the_time_of_a_job_and_that_of_its_queue) {
  JobSpec spec = plain_job();
  spec.time = hours(2);
  EXPECT_EQ(row_of(spec, h100_site(), "time").says,
            "kept to by Gangline on the node; to Slurm --time=122 (minutes), which comes after it");
  spec.time = hours(24);
  EXPECT_EQ(row_of(spec, h100_site(), "time").how, Fidelity::near);
  EXPECT_NE(row_of(spec, h100_site(), "time").says.find("--time=1440"), std::string::npos);
  spec.time = hours(25);
  EXPECT_EQ(row_of(spec, h100_site(), "time").how, Fidelity::impossible);
  spec.time.reset();
  EXPECT_EQ(row_of(spec, h100_site(), "time").says,
            "none is asked, so the queue's own holds: 1d00h");
}

TEST(fidelity, a_queue_is_a_partition_of_that_name) {
  JobSpec spec = plain_job();
  spec.queue = "gpu";
  EXPECT_EQ(row_of(spec, h100_site(), "queue").says, "--partition=gpu");
  spec.queue = "fast";
  EXPECT_EQ(row_of(spec, h100_site(), "queue").how, Fidelity::impossible);
  EXPECT_EQ(row_of(spec, h100_site(), "queue").says,
            "no partition is called fast; here are main, gpu");
}

TEST(fidelity, priority_goes_downwards_alone) {
  JobSpec spec = plain_job();
  spec.priority = -3;
  EXPECT_EQ(row_of(spec, h100_site(), "priority").how, Fidelity::near);
  spec.priority = 3;
  EXPECT_EQ(row_of(spec, h100_site(), "priority").how, Fidelity::impossible);
}

TEST(fidelity, of_alternatives_the_one_liked_best_that_can_be_had_is_sent) {
  JobSpec spec = plain_job();
  TaskRequest fpga, a100, cpus;
  fpga.devices = gpus(1);
  fpga.devices->kind = DeviceKind::fpga;
  a100.devices = gpus(1);
  a100.devices->model = "A100";
  spec.resources.alternatives = {fpga, a100, cpus};
  EXPECT_EQ(alternative_for(spec, h100_site()), 1u);
  EXPECT_EQ(alternative_for(spec, site_with({})), 2u);
  EXPECT_EQ(row_of(spec, h100_site(), "any_of").how, Fidelity::near);
  EXPECT_TRUE(refuses(fidelity_of(spec, h100_site()), false).ok());
  spec.resources.alternatives = {fpga, a100};
  EXPECT_EQ(alternative_for(spec, site_with({})), 0u);
  EXPECT_EQ(row_of(spec, site_with({}), "any_of").how, Fidelity::impossible);
}

TEST(fidelity, many_gangs_are_arrays) {
  JobSpec spec = plain_job();
  spec.sweep = {{"n", std::vector<std::string>(2'500, "x")}};
  EXPECT_EQ(row_of(spec, h100_site(), "sweep"),
            (FidelityRow{"sweep", Fidelity::exact, "3 arrays of at most 1001"}));
  SlurmSite site = h100_site();
  site.max_array_size = 0;
  EXPECT_EQ(row_of(spec, site, "sweep").how, Fidelity::near);
}

TEST(fidelity, what_is_impossible_is_refused_by_name_unless_lossy) {
  JobSpec spec = plain_job();
  spec.mps = true;
  spec.queue = "fast";
  const auto rows = fidelity_of(spec, h100_site());
  const auto refused = refuses(rows, false);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().sentence(),
            "Slurm cannot do all of this: queue (no partition is called fast; here are main, gpu); "
            "mps (Gangline runs no MPS on Slurm's nodes); --lossy sends it without that");
  EXPECT_TRUE(refuses(rows, true).ok());
  EXPECT_TRUE(refuses(fidelity_of(plain_job(), h100_site()), false).ok());
}

TEST(fidelity, the_row_for_each_other_key) {
  JobSpec spec = plain_job();
  spec.resources.tasks = 2;
  spec.retries = 1;
  spec.retry_on = {RetryOn::lost, RetryOn::failure};
  spec.after = {"prepare"};
  spec.env = {{"A", "b"}};
  spec.split = Split{};
  spec.split->shards = {{"a"}, {"b"}};
  spec.gather = Command{true, {"cat {outputs}"}};
  spec.launcher = TeamLauncher::mpi;
  spec.grace = minutes(5);
  spec.stop_signal = 10;
  spec.checkpoint = true;
  spec.log_limit = mebibytes(1);
  const std::pair<const char*, Fidelity> expected[] = {
      {"tasks", Fidelity::near},      {"retries", Fidelity::exact},
      {"retry_on", Fidelity::exact},  {"after", Fidelity::exact},
      {"env", Fidelity::exact},       {"split", Fidelity::exact},
      {"gather", Fidelity::exact},    {"launcher", Fidelity::near},
      {"grace", Fidelity::near},      {"stop_signal", Fidelity::exact},
      {"checkpoint", Fidelity::near}, {"log_limit", Fidelity::exact},
  };
  for (const auto& [field, how] : expected) {
    const FidelityRow row = row_of(spec, h100_site(), field);
    EXPECT_EQ(row.how, how) << field;
    EXPECT_NE(row.says, "no row") << field;
  }
  spec.grace = seconds(20);
  EXPECT_EQ(row_of(spec, h100_site(), "grace").how, Fidelity::exact);
  spec.name = "a\nb";
  EXPECT_EQ(row_of(spec, h100_site(), "name").how, Fidelity::near);
}

/// The first word of each row of the first table behind this line of a page: "`gpus`" is gpus.
std::vector<std::string> keys_in_page(const std::string& page, const std::string& after) {
  std::ifstream file(std::string(SOURCE_DIR) + "/docs/guide/" + page);
  std::vector<std::string> keys;
  for (std::string line; line != after && std::getline(file, line);) continue;
  for (std::string line; std::getline(file, line);) {
    const bool row = line.starts_with("| `");
    if (row) keys.push_back(line.substr(3, line.find('`', 3) - 3));
    else if (!keys.empty()) break;
  }
  return keys;
}

TEST(fidelity, the_page_on_slurm_has_a_row_for_each_key_of_the_job_file) {
  auto of_jobs = keys_in_page("jobs.md", ""),
       of_slurm = keys_in_page("slurm.md", "## What Slurm does of a job file");
  std::sort(of_jobs.begin(), of_jobs.end());
  std::sort(of_slurm.begin(), of_slurm.end());
  EXPECT_FALSE(of_jobs.empty());
  EXPECT_EQ(of_jobs, of_slurm);
}

}  // namespace
}  // namespace gangline
