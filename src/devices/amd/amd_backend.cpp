#include "devices/amd/amd_backend.h"

#include <unistd.h>

#include <map>
#include <set>

#include "devices/amd/links.h"
#include "devices/amd/processes.h"
#include "devices/process_owner.h"
#include "devices/sysfs/read.h"
#include "devices/sysfs/see.h"

namespace gangline {
namespace {

using amd::Card;
using amd::CardPart;
using amd::KfdNode;

class AmdBackend final : public DeviceBackend {
 public:
  explicit AmdBackend(const std::string& root) : root_(root), kfd_processes_(root), owners_(root) {}

  BackendFacts facts() override {
    BackendFacts facts;
    generation_ = amd::topology_generation(root_);
    kfd_processes_ = amd::KfdProcesses(root_);  // it knows others of the cards that were
    const amd::KfdTopology topology = amd::read_topology(root_);
    std::vector<KfdNode> nodes;
    for (const KfdNode& node : topology.gpus)
      if (!node.integrated) nodes.push_back(node);
    cards_ = amd::read_cards(root_, nodes);
    add_devices(topology, facts);
    facts.links = amd::read_links(cards_, found_);
    add_notes(topology, facts);
    if (!cards_.empty()) facts.driver = driver();
    return facts;
  }

  BackendSample sample() override {
    BackendSample all;
    all.facts_changed = amd::topology_generation(root_) != generation_;
    std::vector<std::size_t> gone;
    for (std::size_t i = 0; i < found_.size(); ++i) {
      const CardPart& found = found_[i];
      const Card& card = cards_[found.card];
      DeviceSample& sample = all.devices.emplace_back();
      if (found.node && !amd::is_still_there(root_, card.nodes[*found.node])) {
        all.facts_changed = true;
        gone.push_back(i);
        continue;
      }
      // What the sensors of a card say is about all its partitions together.
      if (card.partitions.empty() || !found.node)
        sample = amd::read_sample(card, energy_[card.address]);
    }
    add_processes(all);
    for (const std::size_t i : gone) all.devices[i] = {};
    owners_.forget_others();
    return all;
  }

 private:
  void add_processes(BackendSample& all) {
    if (cards_.empty()) return;
    std::vector<amd::KfdProcesses::CardUse> uses;
    for (const Card& card : cards_)
      for (uses.emplace_back(); const KfdNode& node : card.nodes)
        uses.back().gpu_ids.push_back(node.gpu_id);
    for (std::size_t i = 0; i < found_.size(); ++i)
      if (all.devices[i].memory_used) uses[found_[i].card].used = all.devices[i].memory_used;
    auto processes = kfd_processes_.read(uses);
    if (!processes) return;
    for (std::size_t i = 0; i < found_.size(); ++i) {
      if (!found_[i].node) continue;
      const KfdNode& node = cards_[found_[i].card].nodes[*found_[i].node];
      auto& list = all.devices[i].processes.emplace(std::move((*processes)[node.gpu_id]));
      for (DeviceProcess& process : list) owners_.name(process);
    }
  }

  std::string driver() const {
    const auto version = name_at(root_ + "/sys/module/amdgpu/version");
    return version ? "amdgpu " + *version : "amdgpu";
  }

  void add_devices(const amd::KfdTopology& topology, BackendFacts& facts) {
    found_.clear();
    std::set<std::string> uids;
    for (std::size_t i = 0; i < cards_.size(); ++i) {
      const Card& card = cards_[i];
      const auto parent = static_cast<std::uint32_t>(facts.devices.size());
      if (!card.partitions.empty()) {
        found_.push_back({i, {}});
        facts.devices.push_back(card.facts);
        if (facts.devices.back().uid.empty() || !uids.insert(card.facts.uid).second)
          facts.devices.back().uid = "AMD-" + card.address;
      }
      for (std::size_t n = 0; n < card.nodes.size(); ++n) {
        Device device = card.partitions.empty() ? card.facts : partition_of(card, n, parent);
        if (device.uid.empty() || !uids.insert(device.uid).second) {
          device.uid = "AMD-" + card.address;
          if (device.parent) device.uid += "/" + std::to_string(n);
        }
        device.ordinal = ordinal_of(topology, card.nodes[n]);
        found_.push_back({i, n});
        facts.devices.push_back(std::move(device));
      }
    }
  }

  static Device partition_of(const Card& card, std::size_t n, std::uint32_t parent) {
    const KfdNode& node = card.nodes[n];
    Device device = card.facts;
    device.model += " " + card.partitions + " partition";
    device.uid = node.unique_id == 0 ? "" : amd::uid_of(node.unique_id);
    device.memory = node.memory;
    device.parent = parent;
    device.allottable = true;
    device.power_limit.reset();
    device.files.clear();
    if (node.render_minor)
      device.files.push_back("/dev/dri/renderD" + std::to_string(*node.render_minor));
    return device;
  }

  /// ROCm counts all nodes of KFD that are GPUs, also those that we leave out.
  static std::uint32_t ordinal_of(const amd::KfdTopology& topology, const KfdNode& node) {
    std::uint32_t ordinal = 0;
    for (const KfdNode& other : topology.gpus) ordinal += other.number < node.number ? 1 : 0;
    return ordinal;
  }

  void add_notes(const amd::KfdTopology& topology, BackendFacts& facts) const {
    for (const KfdNode& node : topology.gpus)
      if (node.integrated)
        facts.notes.push_back("the AMD GPU at " + node.address +
                              " is left out: it is a part of the CPU");
    if (topology.unreadable > 0)
      facts.notes.push_back(std::to_string(topology.unreadable) +
                            " AMD GPUs cannot be read; perhaps this user may not use them");
    if (!topology.present)
      for (const std::string& address : accelerators_on_bus(root_, amd::vendor_id))
        facts.notes.push_back("an AMD GPU is on the PCI bus (" + address +
                              "), but its driver for computing (amdgpu with KFD) is not there");
    if (cards_.empty()) return;
    const auto kfd = see_access(root_ + "/dev/kfd", R_OK | W_OK);
    if (!kfd)
      facts.notes.emplace_back(
          kfd.error().kind == ErrorKind::denied
              ? "AMD GPUs compute only for users who may open /dev/kfd, and this "
                "one may not; its group is mostly called render"
              : "AMD GPUs compute only with /dev/kfd, which is not there");
  }

  std::string root_;
  amd::KfdProcesses kfd_processes_;
  ProcessOwners owners_;
  std::optional<std::uint64_t> generation_;
  std::vector<Card> cards_;                       ///< by the last `facts`
  std::vector<CardPart> found_;                   ///< its devices, in order
  std::map<std::string, RunningCounter> energy_;  ///< by PCI address
};

}  // namespace

std::unique_ptr<DeviceBackend> make_amd_backend(const std::string& root) {
  return std::make_unique<AmdBackend>(root);
}

}  // namespace gangline
