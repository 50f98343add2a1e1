#include "launch/cgroup.h"

#include <unistd.h>

namespace gangline {

struct Cgroups::Places {
  std::string root;
};

Cgroups::Cgroups(std::string root) : places_(std::make_unique<Places>(Places{std::move(root)})) {}
Cgroups::~Cgroups() = default;

RaisedFences Cgroups::raise(const Node& node, const NodePart& part, const std::string&) {
  RaisedFences raised;
  raised.fences.push_back({"cpus", false, "bound to them; a program can undo it"});
  if (!node.devices.empty())
    raised.fences.push_back({"devices", false, "*_VISIBLE_DEVICES only; a program can ignore it"});
  bool memory = false;
  for (const TaskPlace& place : part.tasks) memory = memory || place.memory.n > 0;
  if (memory) raised.fences.push_back({"memory", false, "counted, not limited"});
  return raised;
}

void Cgroups::close_doors(RaisedFences& raised) {
  for (const CgroupDoors& doors : raised.doors)
    for (const int door : doors) ::close(door);
  raised.doors.clear();
}

bool Cgroups::out_of_memory(const std::vector<std::string>&) { return false; }
bool Cgroups::lower(const std::vector<std::vector<std::string>>&) { return true; }
std::vector<std::vector<std::string>> Cgroups::find(const std::string&) const { return {}; }

}  // namespace gangline
