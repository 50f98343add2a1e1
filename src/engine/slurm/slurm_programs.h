// Slurm asked by its command-line programs.
#pragma once

#include <string>
#include <vector>

#include "engine/slurm/slurm.h"
#include "engine/slurm/slurm_calls.h"

namespace gangline {

class SlurmPrograms final : public Slurm {
 public:
  SlurmPrograms(Loop& loop, const std::vector<EnvVar>& environment) : calls_(loop, environment) {}

  std::string way() const override { return "Slurm's programs"; }
  Result<SlurmSeen> ask_site() override;
  void ask_nodes(Heard<std::vector<SlurmNodeSeen>> heard) override;
  void ask_partitions(Heard<std::vector<SlurmPartition>> heard) override;
  void ask_queue(Heard<std::vector<SlurmJobSeen>> heard) override;
  void ask_accounts(std::vector<std::string> numbers,
                    Heard<std::vector<SlurmJobSeen>> heard) override;
  void ask_holders(Heard<std::vector<SlurmHolder>> heard) override;
  void submit(const std::string& script, const std::string& tag,
              std::function<void(SlurmSent)> heard) override;
  void stop(std::vector<SlurmStopped> jobs, SlurmStop how, std::function<void()> told) override;
  bool starts_at_once() const override { return true; }
  void start_at_once(std::vector<std::string> words, std::string output_file,
                     std::function<void()> ended) override;
  bool tests() const override { return true; }
  void test(const std::string& script,
            std::function<void(std::optional<TestedStart>)> heard) override;

 private:
  SlurmCalls calls_;
};

}  // namespace gangline
