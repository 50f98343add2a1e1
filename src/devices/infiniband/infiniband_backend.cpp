#include "devices/infiniband/infiniband_backend.h"

#include <utility>

#include "base/text.h"
#include "devices/pack_node.h"
#include "devices/sysfs/pci.h"
#include "devices/sysfs/read.h"

namespace gangline {
namespace {

constexpr std::uint32_t readings_a_question = 10;

// "4: ACTIVE"
std::string word_after_number(const std::string& path) {
  const auto text = name_at(path);
  if (!text) return {};
  const std::size_t colon = text->find(": ");
  if (colon == std::string::npos || !parse_number(text->substr(0, colon))) return {};
  return text->substr(colon + 2);
}

class InfinibandBackend final : public DeviceBackend {
 public:
  explicit InfinibandBackend(std::string root) : root_(std::move(root)) {}

  BackendFacts facts() override {
    BackendFacts facts;
    directories_.clear();
    samples_.clear();
    readings_ = 0;
    const std::string all = root_ + "/sys/class/infiniband";
    const auto cards = names_in(all);
    if (!cards) return facts;
    for (const std::string& card : *cards) {
      if (printable(card) != card) continue;
      const std::string address = address_of(all + "/" + card);
      for (const std::uint32_t n : numbered_in(all + "/" + card + "/ports", "")) {
        if (facts.ports.size() == most_ports) return facts;
        directories_.push_back(all + "/" + card + "/ports/" + std::to_string(n));
        NetworkPort& port = facts.ports.emplace_back();
        port.card = card;
        port.port = n;
        port.layer = name_at(directories_.back() + "/link_layer").value_or("");
        port.pci_address = address;
        if (!address.empty()) port.numa_node = pci_numa(root_, address);
      }
    }
    return facts;
  }

  BackendSample sample() override {
    if (!directories_.empty() && readings_++ % readings_a_question == 0) {
      samples_.clear();
      for (const std::string& directory : directories_)
        samples_.push_back(
            {word_after_number(directory + "/state"), name_at(directory + "/rate").value_or("")});
    }
    BackendSample all;
    all.ports = samples_;
    return all;
  }

 private:
  // One in software sits on no bus: its device is a network interface, or none.
  std::string address_of(const std::string& card) const {
    std::string end = end_of_link(card + "/device");
    return !end.empty() && hex_at(pci_directory(root_, end) + "/vendor") ? end : "";
  }

  std::string root_;
  std::vector<std::string> directories_;    ///< of the ports, by the last `facts`
  std::vector<NetworkPortSample> samples_;  ///< as asked last
  std::uint32_t readings_ = 0;
};

}  // namespace

std::unique_ptr<DeviceBackend> make_infiniband_backend(const std::string& root) {
  return std::make_unique<InfinibandBackend>(root);
}

}  // namespace gangline
