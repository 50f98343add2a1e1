#include "devices/discover.h"

#include <cstdlib>
#include <iterator>
#include <utility>

#include "devices/amd/amd_backend.h"
#include "devices/cpu/rapl_backend.h"
#include "devices/cpu/read_cpus.h"
#include "devices/fpga/fpga_backend.h"
#include "devices/infiniband/infiniband_backend.h"
#include "devices/infiniband/near_devices.h"
#include "devices/intel/intel_backend.h"
#include "devices/nvidia/nvidia_backend.h"
#include "os/clock.h"

namespace gangline {
namespace {

// Backends count their devices from 0; on the node they stand one after the other.
void append(BackendFacts facts, Node& node) {
  const auto first = static_cast<std::uint32_t>(node.devices.size());
  for (Device& device : facts.devices) {
    if (device.parent) *device.parent += first;
    node.devices.push_back(std::move(device));
  }
  for (const Link& link : facts.links)
    node.links.push_back({link.a + first, link.b + first, link.kind, link.lanes});
  for (CpuPackage& package : facts.packages) node.packages.push_back(std::move(package));
  for (NetworkPort& port : facts.ports) node.ports.push_back(std::move(port));
  if (!facts.driver.empty()) {
    if (!node.driver.empty()) node.driver += ", ";
    node.driver += facts.driver;
  }
  for (std::string& note : facts.notes) node.notes.push_back(std::move(note));
}

}  // namespace

Sources sources_from_environment() {
  Sources sources;
  const char* root = std::getenv("GANGLINE_ROOT");
  if (root != nullptr && *root != '\0') sources.root = root;
  if (const char* library = std::getenv("GANGLINE_NVML")) sources.nvml_library = library;
  return sources;
}

NodeReader::NodeReader(const Sources& sources) : root_(sources.root) {
  backends_.push_back(make_nvidia_backend(sources.root, sources.nvml_library));
  backends_.push_back(make_amd_backend(sources.root));
  backends_.push_back(make_intel_backend(sources.root));
  backends_.push_back(make_fpga_backend(sources.root));
  backends_.push_back(make_rapl_backend(sources.root));
  backends_.push_back(make_infiniband_backend(sources.root));
}

Node NodeReader::cpu_facts() const {
  Node node;
  read_cpus(root_, node);
  return node;
}

Node NodeReader::facts() {
  Node node = cpu_facts();
  for (const auto& backend : backends_) append(backend->facts(), node);
  find_near_devices(root_, node);
  return node;
}

NodeReader::Reading NodeReader::sample() {
  Reading reading;
  for (const auto& backend : backends_) {
    BackendSample sample = backend->sample();
    const auto move_all = [](auto& from, auto& to) {
      to.insert(to.end(), std::make_move_iterator(from.begin()),
                std::make_move_iterator(from.end()));
    };
    move_all(sample.devices, reading.sample.devices);
    move_all(sample.packages, reading.sample.packages);
    move_all(sample.ports, reading.sample.ports);
    reading.facts_changed = reading.facts_changed || sample.facts_changed;
  }
  reading.sample.at = now();
  return reading;
}

Node discover(const Sources& sources) { return NodeReader(sources).facts(); }

}  // namespace gangline
