#include "devices/intel/intel_backend.h"

#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "devices/intel/card.h"
#include "devices/intel/processes.h"
#include "devices/process_owner.h"
#include "devices/sysfs/read.h"
#include "devices/sysfs/see.h"

namespace gangline {
namespace {

using intel::IntelCard;

class IntelBackend final : public DeviceBackend {
 public:
  IntelBackend(const std::string& root, std::function<Span()> clock)
      : root_(root), clock_(std::move(clock)), owners_(root), open_files_(root), users_(root) {}

  BackendFacts facts() override {
    BackendFacts facts;
    intel::Cards found = intel::read_cards(root_);
    cards_.clear();
    render_files_.clear();
    for (IntelCard& card : found.cards) {
      if (card.integrated) {
        facts.notes.push_back("the Intel GPU at " + card.address +
                              " is left out: it is a part of the CPU");
        continue;
      }
      facts.devices.push_back(card.facts);
      add_driver(card, facts);
      if (!card.render_file.empty()) render_files_.insert(card.render_file);
      cards_.push_back(std::move(card));
    }
    for (const std::string& address : found.driverless)
      facts.notes.push_back("an Intel GPU is on the PCI bus (" + address +
                            "), but no driver (xe or i915) has it");
    add_links(facts);
    add_notes(facts);
    return facts;
  }

  BackendSample sample() override {
    BackendSample all;
    if (cards_.empty()) return all;
    const Span at = clock_();
    auto holders = open_files_.read(render_files_);
    for (const IntelCard& card : cards_) {
      DeviceSample& sample = all.devices.emplace_back();
      if (end_of_link(card.directory + "/driver") != card.driver) {
        all.facts_changed = true;
        continue;
      }
      sample = intel::read_sample(card, meters_[card.address], at);
      if (card.render_file.empty()) continue;
      sample.processes = users_.among(card.address, holders[card.render_file]);
      for (DeviceProcess& process : *sample.processes) owners_.name(process);
    }
    owners_.forget_others();
    return all;
  }

 private:
  static void add_driver(const IntelCard& card, BackendFacts& facts) {
    if (facts.driver.find(card.driver) != std::string::npos) return;
    facts.driver += (facts.driver.empty() ? "" : ", ") + card.driver;
  }

  void add_links(BackendFacts& facts) const {
    for (std::uint32_t a = 0; a < cards_.size(); ++a)
      for (std::uint32_t b = a + 1; b < cards_.size(); ++b)
        if (const auto kind = pci_link(cards_[a].path, cards_[b].path, cards_[a].facts.numa_node,
                                       cards_[b].facts.numa_node))
          facts.links.push_back({a, b, *kind, 0});
  }

  void add_notes(BackendFacts& facts) const {
    if (cards_.empty()) return;
    const bool closed = std::ranges::any_of(render_files_, [&](const std::string& file) {
      const auto may = see_access(root_ + file, R_OK | W_OK);
      return !may && may.error().kind == ErrorKind::denied;
    });
    if (closed)
      facts.notes.emplace_back(
          "Intel GPUs compute only for users who may open /dev/dri/renderD…, and this one may not; "
          "its group is mostly called render");
    if (::geteuid() != 0)
      facts.notes.emplace_back(
          "who uses Intel GPUs is seen of this user's processes only; a service of root sees all");
  }

  std::string root_;
  std::function<Span()> clock_;
  ProcessOwners owners_;
  OpenFiles open_files_;
  intel::CardUsers users_;
  std::vector<IntelCard> cards_;  ///< by the last `facts`, its devices in order
  std::set<std::string> render_files_;
  std::map<std::string, intel::CardMeter> meters_;  ///< by PCI address
};

}  // namespace

std::unique_ptr<DeviceBackend> make_intel_backend(const std::string& root,
                                                  std::function<Span()> clock) {
  return std::make_unique<IntelBackend>(root, std::move(clock));
}

}  // namespace gangline
