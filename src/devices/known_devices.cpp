#include "devices/known_devices.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "devices/pack_node.h"

namespace gangline {
namespace {

std::string note_missing(const Device& device) {
  return device.uid + " (" + device.model + ") was on this node and is no longer found";
}

}  // namespace

KeptNode keep_places(const Node& known, Node found) {
  KeptNode kept;
  std::vector<Device> devices = known.devices;
  std::vector<bool> taken(devices.size(), false);
  std::map<std::string, std::uint32_t> by_uid;
  for (std::uint32_t i = 0; i < devices.size(); ++i) {
    devices[i].present = false;
    by_uid.emplace(devices[i].uid, i);
  }
  // 1. Give each device found its place: the old one, or a new one at the end.
  for (const Device& device : found.devices) {
    const auto next = static_cast<std::uint32_t>(devices.size());
    const std::uint32_t place = by_uid.emplace(device.uid, next).first->second;
    if (place < next ? taken[place] : next >= most_devices) {
      kept.places.push_back(std::nullopt);
      found.notes.push_back(device.uid + " is left out: it is there twice, or one too many");
      continue;
    }
    kept.places.push_back(place);
    if (place == next) {
      devices.emplace_back();
      taken.push_back(false);
    }
    taken[place] = true;
  }
  // 2. Move them there, with what they say of each other.
  for (std::size_t i = 0; i < found.devices.size(); ++i) {
    if (!kept.places[i]) continue;
    Device device = std::move(found.devices[i]);
    if (device.parent) device.parent = kept.places[*device.parent];
    devices[*kept.places[i]] = std::move(device);
  }
  std::vector<Link> links;
  for (const Link& link : found.links) {
    const auto a = kept.places[link.a], b = kept.places[link.b];
    if (a && b) links.push_back({std::min(*a, *b), std::max(*a, *b), link.kind, link.lanes});
  }
  for (NetworkPort& port : found.ports) {
    std::vector<std::uint32_t> near;
    for (const std::uint32_t device : port.near)
      if (const auto place = kept.places[device]) near.push_back(*place);
    port.near = std::move(near);
  }
  // 3. Name those that are missing.
  for (std::size_t i = 0; i < devices.size(); ++i)
    if (!taken[i]) found.notes.push_back(note_missing(devices[i]));
  found.devices = std::move(devices);
  found.links = std::move(links);
  kept.node = std::move(found);
  return kept;
}

NodeSample keep_places(const KeptNode& kept, NodeSample sample) {
  NodeSample moved;
  moved.at = sample.at;
  moved.packages = std::move(sample.packages);
  moved.ports = std::move(sample.ports);
  moved.devices.resize(kept.node.devices.size());
  const std::size_t count = std::min(sample.devices.size(), kept.places.size());
  for (std::size_t i = 0; i < count; ++i)
    if (const auto place = kept.places[i]) moved.devices[*place] = std::move(sample.devices[i]);
  return moved;
}

}  // namespace gangline
