#include "random_world.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

namespace gangline::worlds {
namespace {

void add_devices(Node& node, Dice& dice) {
  const std::uint32_t count = dice.one_in(4) ? 0 : dice.from(1, 8);
  for (std::uint32_t d = 0; d < count; ++d) {
    Device device;
    device.vendor = "nvidia";
    device.model = dice.one_in(4) ? "NVIDIA A100" : "NVIDIA H100";
    device.memory = gibibytes(dice.one_in(3) ? 40 : 80);
    if (device.model == "NVIDIA A100" && d % 3 == 0) device.vendor = "amd";
    if (!dice.one_in(3)) device.numa_node = dice.from(0, 1);
    if (dice.one_in(20)) device.kind = DeviceKind::fpga;
    node.devices.push_back(device);
  }
  const std::uint32_t island = dice.from(1, 5);
  for (std::uint32_t a = 0; a < count; ++a)
    for (std::uint32_t b = a + 1; b < count; ++b) {
      if (a / island == b / island && island > 1) node.links.push_back({a, b, LinkKind::nvlink, 2});
      else if (dice.one_in(2))
        node.links.push_back({a, b, static_cast<LinkKind>(dice.from(2, 6)), 0});
    }
  if (count == 0 || !dice.one_in(4)) return;
  const std::uint32_t parent = dice.from(0, count - 1);
  node.devices[parent].allottable = false;
  const std::uint32_t slices = dice.from(1, 7);
  for (std::uint32_t s = 0; s < slices; ++s) {
    Device slice = node.devices[parent];
    slice.allottable = true;
    slice.parent = parent;
    if (slices % 2 == 0) slice.vendor = "amd";  // of which a task may have several
    slice.memory = gibibytes(10);
    node.devices.push_back(slice);
  }
}

Node random_node(Dice& dice, std::uint32_t n) {
  Node node;
  node.name = std::string(1, static_cast<char>('a' + n));
  const std::uint32_t cpus = dice.from(1, 24);
  node.cpus = CpuSet::first(cpus);
  if (dice.one_in(5)) node.cpus.remove(dice.from(0, cpus - 1));
  if (node.cpus.empty()) node.cpus.add(0);
  if (dice.one_in(2))
    for (std::uint32_t c = 0; c + 1 < cpus; c += 2) node.cores.push_back(CpuSet::of({c, c + 1}));
  if (dice.one_in(2)) {
    node.numa.resize(2);
    node.numa[1].n = 1;
    for (std::uint32_t c = 0; c < cpus; ++c) node.numa[c < cpus / 2 ? 0 : 1].cpus.add(c);
  }
  node.memory = gibibytes(dice.from(0, 64));
  add_devices(node, dice);
  return node;
}

TaskRequest random_task(Dice& dice) {
  TaskRequest task;
  task.cpus = whole_cpus(dice.one_in(3) ? dice.from(1, 12) : 1);
  if (dice.one_in(4)) task.memory = gibibytes(dice.from(1, 40));
  if (dice.one_in(3)) return task;
  task.devices = DeviceRequest{};
  task.devices->count = dice.one_in(3) ? dice.from(1, 9) : dice.from(1, 2);
  if (dice.one_in(3)) {
    task.devices->count = 1;
    task.devices->share = {static_cast<std::int32_t>(dice.from(1, 10)) * 100};
  }
  if (dice.one_in(4)) task.devices->model = dice.one_in(2) ? "h100" : "A100";
  if (dice.one_in(8)) task.devices->memory = gibibytes(60);
  if (dice.one_in(25)) task.devices->kind = DeviceKind::fpga;
  return task;
}

WaitingGroup random_job(Dice& dice, std::uint64_t number) {
  WaitingGroup job;
  job.job = {number};
  job.count = dice.one_in(3) ? dice.from(1, 12) : 1;
  job.turns = dice.one_in(2) ? dice.from(1, 8) : 1;
  ResourceRequest request;
  request.tasks = dice.one_in(3) ? dice.from(1, 7) : 1;
  request.alternatives = {random_task(dice)};
  while (dice.one_in(4)) request.alternatives.push_back(random_task(dice));
  job.request = std::make_shared<const ResourceRequest>(std::move(request));
  job.queue = dice.from(0, 2);
  job.priority = dice.one_in(3) ? static_cast<std::int32_t>(dice.from(0, 5)) : 0;
  job.submitted = Time{seconds(dice.from(0, 200)).us};
  if (!dice.one_in(4)) job.time = seconds(dice.from(1, 80));
  if (number > 1 && dice.one_in(6))
    job.after.push_back({dice.from(1, static_cast<std::uint32_t>(number - 1))});
  return job;
}

}  // namespace

std::uint64_t Dice::next() {  // splitmix64
  state_ += 0x9E3779B97F4A7C15ull;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

World random_world(std::uint64_t seed) {
  Dice dice(seed);
  World world;
  const std::uint32_t nodes = dice.from(1, 5);
  for (std::uint32_t n = 0; n < nodes; ++n) world.cluster.nodes.push_back(random_node(dice, n));
  world.queues = {{"normal", 0, false}, {"urgent", 3, false}, {"bold", 0, true}};
  const std::uint32_t jobs = dice.from(1, 25);
  for (std::uint32_t j = 1; j <= jobs; ++j) world.jobs.push_back(random_job(dice, j));
  world.overstays = dice.one_in(5);
  const std::uint32_t mishaps = dice.one_in(2) ? dice.from(0, 6) : 0;
  for (std::uint32_t m = 0; m < mishaps; ++m) {
    Mishap mishap;
    mishap.kind = static_cast<Mishap::Kind>(dice.from(0, 2));
    mishap.device.node = {dice.from(0, nodes - 1)};
    const auto devices = world.cluster.nodes[mishap.device.node.n].devices.size();
    if (devices == 0) mishap.kind = Mishap::Kind::down;
    if (devices > 0) mishap.device.index = dice.from(0, static_cast<std::uint32_t>(devices - 1));
    mishap.from = Time{seconds(dice.from(0, 300)).us};
    mishap.until = std::min(quiet, mishap.from + seconds(dice.from(1, 100)));
    world.mishaps.push_back(mishap);
  }
  // Of dice of their own, so that older seeds mean the same worlds as before.
  Dice others(seed + 1'000'003);
  for (WaitingGroup& job : world.jobs) {
    if (others.one_in(2)) job.progress.whole_run = seconds(others.from(1, 80));
    job.keeps_work = others.one_in(2);
  }
  return world;
}

World under_switches(World world, std::uint64_t seed) {
  Dice dice(seed + 2'000'003);
  auto& nodes = world.cluster.nodes;
  for (std::uint32_t more = dice.from(0, 6); more > 0; --more) {
    nodes.push_back(nodes[dice.from(0, static_cast<std::uint32_t>(nodes.size() - 1))]);
    nodes.back().name = std::string(1, static_cast<char>('a' + nodes.size() - 1));
  }
  for (Node& node : nodes) {
    const std::uint32_t levels = dice.one_in(6) ? dice.from(0, 3) : 2;
    for (std::uint32_t level = 0; level < levels; ++level)
      node.place.push_back(std::string(1, static_cast<char>('p' + dice.from(0, 1))));
  }
  for (WaitingGroup& job : world.jobs) {
    auto request = *job.request;
    if (dice.one_in(2)) request.tasks = dice.from(2, 12);
    if (dice.one_in(2))
      for (TaskRequest& task : request.alternatives)
        if (!dice.one_in(4)) task.rate = 500 * dice.from(1, 6);
    job.request = std::make_shared<const ResourceRequest>(std::move(request));
  }
  return world;
}

namespace {

/// Some at random of so many, or none said.
std::optional<std::uint32_t> some_of(std::uint32_t all, Dice& dice) {
  if (all == 0 || !dice.one_in(2)) return std::nullopt;
  return dice.from(0, all);
}

void guarantee_and_limit(Queue& queue, std::uint32_t devices, std::uint32_t cpus, Dice& dice) {
  queue.share = dice.from(1, 4);
  queue.guaranteed = {some_of(devices / 2 + 1, dice), some_of(cpus / 2 + 1, dice)};
  queue.limit = {some_of(devices, dice), some_of(cpus, dice)};
  if (queue.limit.devices && queue.guaranteed.devices)
    queue.limit.devices = std::max(*queue.limit.devices, *queue.guaranteed.devices);
  if (queue.limit.cpus && queue.guaranteed.cpus)
    queue.limit.cpus = std::max(*queue.limit.cpus, *queue.guaranteed.cpus);
}

}  // namespace

World random_world_of_queues(std::uint64_t seed) {
  World world = random_world(seed);
  Dice dice(seed + 5'000'011);
  std::uint32_t devices = 0, cpus = 0;
  for (const Node& node : world.cluster.nodes) {
    cpus += node.cpus.count();
    for (const Device& device : node.devices) devices += device.allottable;
  }
  const std::uint32_t more = dice.from(0, 4);
  for (std::uint32_t n = 0; n < more; ++n) {
    Queue& queue = world.queues.emplace_back();
    queue.name = "part" + std::to_string(n);
    const auto before = static_cast<std::uint32_t>(world.queues.size() - 2);
    if (!dice.one_in(4)) queue.parent = dice.from(0, before);
  }
  for (Queue& queue : world.queues)
    if (!dice.one_in(3)) guarantee_and_limit(queue, devices, cpus, dice);
  for (WaitingGroup& job : world.jobs) {
    job.queue = dice.from(0, static_cast<std::uint32_t>(world.queues.size() - 1));
    job.user = dice.from(0, 3);
  }
  return world;
}

namespace {

/// Some devices and CPUs of a node, or all of it.
SetAside random_set_aside(const World& world, Dice& dice) {
  const auto n = dice.from(0, static_cast<std::uint32_t>(world.cluster.nodes.size() - 1));
  const Node& node = world.cluster.nodes[n];
  const bool all = dice.one_in(3);
  TaskPlace place;
  for (std::uint32_t d = 0; d < node.devices.size(); ++d)
    if (all || dice.one_in(2)) place.devices.push_back({d});
  for (const std::uint32_t cpu : node.cpus.list())
    if (all || dice.one_in(3)) place.cpus.add(cpu);
  if (all) place.memory = node.memory;
  SetAside one;
  one.from = Time{seconds(dice.from(0, 250)).us};
  one.until = one.from + seconds(dice.from(1, 120));
  if (!dice.one_in(3)) one.user = dice.from(0, 3);
  one.what = std::make_shared<const Allocation>(Allocation{0, {{{n}, {place}}}});
  one.says = "what is set aside";
  return one;
}

HouseRule random_rule(const World& world, Dice& dice) {
  HouseRule rule;
  if (!dice.one_in(3)) rule.user = dice.from(0, 3);
  if (!rule.user || dice.one_in(3))
    rule.queue = dice.from(0, static_cast<std::uint32_t>(world.queues.size() - 1));
  if (dice.one_in(6)) rule.queue.reset();
  rule.with_parts = dice.one_in(2);
  switch (dice.from(0, 2)) {
    case 0: rule.most.devices = dice.from(0, 8); break;
    case 1: rule.most.cpus = dice.from(0, 16); break;
    default: rule.gangs = dice.from(1, 4); break;
  }
  if (!dice.one_in(3)) {
    rule.from = Time{seconds(dice.from(0, 250)).us};
    rule.until = rule.from + seconds(dice.from(1, 100));
    if (dice.one_in(2)) {
      rule.most = {};
      rule.gangs = 0;
    }
  }
  rule.says = "a rule of some";
  return rule;
}

}  // namespace

World random_world_of_rules(std::uint64_t seed) {
  World world = random_world_of_queues(seed);
  Dice dice(seed + 7'000'003);
  if (dice.one_in(2))
    for (Queue& queue : world.queues) queue.limit = queue.guaranteed = {};
  for (std::uint32_t n = dice.from(1, 4); n > 0; --n)
    world.rules.push_back(random_rule(world, dice));
  if (dice.one_in(2)) {
    for (std::uint32_t n = dice.from(1, 3); n > 0; --n)
      world.set_aside.push_back(random_set_aside(world, dice));
    if (dice.one_in(2)) world.rules.clear();
  }
  return world;
}

World random_world_of_mps(std::uint64_t seed) {
  World world = seed % 3 == 0   ? random_world_of_rules(seed)
                : seed % 3 == 1 ? random_world_of_queues(seed)
                                : random_world(seed);
  Dice dice(seed + 9'000'011);
  const std::uint32_t people = dice.from(2, 3);
  for (WaitingGroup& job : world.jobs) {
    job.user = dice.from(0, people - 1);
    job.mps = !dice.one_in(4);
    if (dice.one_in(3)) continue;
    auto request = *job.request;
    for (TaskRequest& task : request.alternatives) {
      task.devices = DeviceRequest{};
      task.devices->share = {static_cast<std::int32_t>(dice.from(1, 6)) * 100};
      if (dice.one_in(8)) task.devices->share = whole_device;
    }
    job.request = std::make_shared<const ResourceRequest>(std::move(request));
  }
  return world;
}

std::shared_ptr<const std::vector<UserUse>> random_use(const World& world, Dice& dice) {
  auto used = std::make_shared<std::vector<UserUse>>();
  for (std::uint32_t queue = 0; queue < world.queues.size(); ++queue)
    for (std::uint32_t user = 0; user < 4; ++user)
      if (!dice.one_in(3)) used->push_back({queue, user, dice.from(0, 5) * 100});
  return used;
}

}  // namespace gangline::worlds
