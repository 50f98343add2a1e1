#include "devices/fpga/fpga_backend.h"

#include <unistd.h>

#include <algorithm>
#include <set>
#include <utility>

#include "devices/fpga/board.h"
#include "devices/open_files.h"
#include "devices/pack_node.h"
#include "devices/process_owner.h"
#include "devices/sysfs/read.h"

namespace gangline {
namespace {

using fpga::Board;

class FpgaBackend final : public DeviceBackend {
 public:
  explicit FpgaBackend(const std::string& root) : root_(root), owners_(root), open_files_(root) {}

  BackendFacts facts() override {
    BackendFacts facts;
    boards_ = fpga::read_boards(root_);
    used_.clear();
    std::set<std::string> uids;
    for (Board& board : boards_) {
      for (int again = 2; !uids.insert(board.facts.uid).second; ++again)
        board.facts.uid += "/" + std::to_string(again);
      used_.insert(board.used.begin(), board.used.end());
      facts.devices.push_back(board.facts);
      if (board.facts.files.empty())
        facts.notes.push_back("the FPGA " + board.facts.uid +
                              " has no device file, so nothing keeps others from it and who uses "
                              "it is not seen");
    }
    for (std::uint32_t a = 0; a < boards_.size(); ++a)
      for (std::uint32_t b = a + 1; b < boards_.size(); ++b)
        if (const auto kind = pci_link(boards_[a].path, boards_[b].path, boards_[a].facts.numa_node,
                                       boards_[b].facts.numa_node))
          facts.links.push_back({a, b, *kind, 0});
    if (!used_.empty() && ::geteuid() != 0)
      facts.notes.emplace_back(
          "who uses FPGAs is seen of this user's processes only; a service of root sees all");
    return facts;
  }

  BackendSample sample() override {
    BackendSample all;
    if (boards_.empty()) return all;
    const auto holders = open_files_.read(used_);
    for (const Board& board : boards_) {
      DeviceSample& sample = all.devices.emplace_back();
      if (!names_in(board.directory)) {
        all.facts_changed = true;
        continue;
      }
      sample = fpga::read_sample(board);
      if (!board.used.empty()) sample.processes = users_of(board, holders);
    }
    owners_.forget_others();
    return all;
  }

 private:
  using Holders = std::map<std::string, std::vector<OpenFiles::Holder>>;

  std::vector<DeviceProcess> users_of(const Board& board, const Holders& holders) {
    std::set<std::int64_t> pids;
    for (const std::string& file : board.used)
      if (const auto found = holders.find(file); found != holders.end())
        for (const OpenFiles::Holder& holder : found->second) pids.insert(holder.pid);
    std::vector<DeviceProcess> users;
    for (const std::int64_t pid : pids) {
      if (users.size() == most_processes_on_device) break;
      users.emplace_back().pid = pid;
      owners_.name(users.back());
    }
    return users;
  }

  std::string root_;
  ProcessOwners owners_;
  OpenFiles open_files_;
  std::vector<Board> boards_;  ///< by the last `facts`, its devices in order
  std::set<std::string> used_;
};

}  // namespace

std::unique_ptr<DeviceBackend> make_fpga_backend(const std::string& root) {
  return std::make_unique<FpgaBackend>(root);
}

}  // namespace gangline
