#include "launch/environment.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>

#include "base/text.h"
#include "os/clock.h"
#include "os/fd.h"

namespace gangline {
namespace {

struct VendorVariable {
  const char* vendor;
  const char* name;
  const char* uids;  // a uid that begins so is understood; null: none is, and numbers are used
  const char* none;  // its value where a task has no such device
};
constexpr VendorVariable vendor_variables[] = {
    {"nvidia", "CUDA_VISIBLE_DEVICES", "", ""},
    {"amd", "ROCR_VISIBLE_DEVICES", "GPU-", ""},
    // An empty mask is no mask to Level Zero, which then shows all; a number that no GPU has leaves
    // none.
    {"intel", "ZE_AFFINITY_MASK", nullptr, "65535"},
};

bool holds(const TaskPlace& place, std::uint32_t device) {
  return std::any_of(place.devices.begin(), place.devices.end(),
                     [&](const DeviceShare& share) { return share.device == device; });
}

/// How the vendor's runtime counts a device in this task: without those that a fence hides.
std::uint32_t number_of(const Node& node, const TaskPlace& place, std::uint32_t index,
                        bool others_hidden) {
  const Device& device = node.devices[index];
  std::uint32_t position = 0, hidden = 0;
  for (std::uint32_t i = 0; i < node.devices.size(); ++i) {
    const Device& other = node.devices[i];
    if (i == index || other.kind != device.kind || other.vendor != device.vendor) continue;
    position += i < index ? 1 : 0;
    if (other.ordinal && device.ordinal && other.present && *other.ordinal < *device.ordinal &&
        !holds(place, i))
      ++hidden;
  }
  const std::uint32_t number = device.ordinal.value_or(position);
  return others_hidden ? number - std::min(number, hidden) : number;
}

class Variables {
 public:
  void set(std::string name, std::string value) {
    list_.emplace_back(std::move(name), std::move(value));
  }
  void set(std::string name, std::uint64_t value) { set(std::move(name), std::to_string(value)); }
  std::vector<EnvVar> take() { return std::move(list_); }

 private:
  std::vector<EnvVar> list_;
};

// A program finds its FPGAs by their place on the bus (XRT) or by their files (OPAE).
void set_fpgas(Variables& vars, const Node& node, const TaskPlace& place) {
  std::string names, files;
  bool has_fpgas = false;
  for (std::uint32_t i = 0; i < node.devices.size(); ++i) {
    const Device& device = node.devices[i];
    if (device.kind != DeviceKind::fpga) continue;
    has_fpgas = true;
    if (!holds(place, i)) continue;
    names +=
        (names.empty() ? "" : ",") + (device.pci_address.empty() ? device.uid : device.pci_address);
    for (const std::string& file : device.files) files += (files.empty() ? "" : ",") + file;
  }
  if (!has_fpgas) return;
  vars.set("GANG_FPGAS", names);
  vars.set("GANG_FPGA_FILES", files);
}

std::string capitals(std::string_view name) {
  std::string text(name);
  for (char& c : text) {
    c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return text;
}

std::uint32_t tasks_of(const Allocation& allocation) {
  std::size_t n = 0;
  for (const NodePart& part : allocation.parts) n += part.tasks.size();
  return static_cast<std::uint32_t>(n);
}

std::string tensorflow_config(const EnvironmentOf& of) {
  const Meeting& meeting = *of.meeting;
  std::string hosts;
  for (std::size_t rank = 0; rank < meeting.task_ports.size(); ++rank) {
    const std::string& address =
        rank < meeting.task_addresses.size() ? meeting.task_addresses[rank] : meeting.address;
    hosts += (hosts.empty() ? "\"" : ", \"") + address + ":" +
             std::to_string(meeting.task_ports[rank]) + "\"";
  }
  return "{\"cluster\": {\"worker\": [" + hosts +
         "]}, \"task\": {\"type\": \"worker\", \"index\": " + std::to_string(of.place->rank) + "}}";
}

/// The network ports that are near to a device of the task: "mlx5_0:1,mlx5_1:1".
void set_ports(Variables& vars, const Node& node, const TaskPlace& place) {
  if (node.ports.empty()) return;
  std::string ports;
  for (const NetworkPort& port : node.ports) {
    const bool near =
        std::any_of(place.devices.begin(), place.devices.end(), [&](const DeviceShare& share) {
          if (share.device >= node.devices.size()) return false;
          const std::uint32_t whole = node.devices[share.device].parent.value_or(share.device);
          return std::find(port.near.begin(), port.near.end(), whole) != port.near.end();
        });
    if (near) ports += (ports.empty() ? "" : ",") + port.card + ":" + std::to_string(port.port);
  }
  vars.set("GANG_PORTS", ports);
}

void set_gang(Variables& vars, const EnvironmentOf& of, std::uint32_t tasks) {
  const JobSpec& spec = *of.job->spec;
  vars.set("GANG_JOB", of.gang.job.n);
  vars.set("GANG_GANG", of.gang.index);
  vars.set("GANG_GANGS", gang_count(spec));
  vars.set("GANG_RANK", of.place->rank);
  vars.set("GANG_TASKS", tasks);
  vars.set("GANG_ATTEMPT", of.attempt);
  vars.set("GANG_NAME", spec.name);
  vars.set("GANG_ID", of.id);
  vars.set("GANG_OUTPUT", of.output);
  if (of.gang.index >= gang_count(spec)) return;  // the gather has no values of its own
  if (spec.split) vars.set("GANG_SHARD", of.shard);
  for (const EnvVar& value : sweep_values(spec, of.gang.index))
    vars.set("GANG_SWEEP_" + capitals(value.first), value.second);
}

void set_torch(Variables& vars, const EnvironmentOf& of, std::uint32_t tasks) {
  const auto& part = of.allocation->parts[of.part];
  const std::uint32_t local_rank = of.place->rank - part.tasks.front().rank;
  vars.set("RANK", of.place->rank);
  vars.set("LOCAL_RANK", local_rank);
  vars.set("WORLD_SIZE", tasks);
  vars.set("LOCAL_WORLD_SIZE", part.tasks.size());
  vars.set("NODE_RANK", of.part);
  vars.set("GROUP_RANK", of.part);
  vars.set("GROUP_WORLD_SIZE", of.allocation->parts.size());
  vars.set("ROLE_NAME", "default");
  vars.set("ROLE_RANK", of.place->rank);
  vars.set("ROLE_WORLD_SIZE", tasks);
  vars.set("MASTER_ADDR", of.meeting->address);
  vars.set("MASTER_PORT", of.meeting->master_port);
  vars.set("TORCHELASTIC_RUN_ID", of.id);
  vars.set("TORCHELASTIC_RESTART_COUNT", of.attempt - 1);
  vars.set("TORCHELASTIC_MAX_RESTARTS", of.job->spec->retries);
  // Rank 0 serves the store: there is no agent beside it that would.
  vars.set("TORCHELASTIC_USE_AGENT_STORE", "False");
}

void set_others(Variables& vars, const EnvironmentOf& of, std::uint32_t tasks) {
  if (tasks > 1) vars.set("TF_CONFIG", tensorflow_config(of));
  vars.set("JAX_COORDINATOR_ADDRESS",
           of.meeting->address + ":" + std::to_string(of.meeting->coordinator_port));
  vars.set("JAX_NUM_PROCESSES", tasks);
  vars.set("JAX_PROCESS_ID", of.place->rank);
  const std::uint32_t cpus = cpus_of(*of.place).whole();
  if (cpus > 0) vars.set("OMP_NUM_THREADS", cpus);
  if (of.job->spec->launcher != TeamLauncher::mpi) return;
  const auto& part = of.allocation->parts[of.part];
  vars.set("OMPI_COMM_WORLD_SIZE", tasks);
  vars.set("OMPI_COMM_WORLD_RANK", of.place->rank);
  vars.set("OMPI_COMM_WORLD_LOCAL_RANK", of.place->rank - part.tasks.front().rank);
  vars.set("OMPI_COMM_WORLD_LOCAL_SIZE", part.tasks.size());
  vars.set("OMPI_COMM_WORLD_NODE_RANK", of.part);
  vars.set("GANG_HOSTFILE", of.meeting->host_file);
  vars.set("OMPI_MCA_orte_default_hostfile", of.meeting->host_file);
  vars.set("PRTE_MCA_prte_default_hostfile", of.meeting->host_file);
}

}  // namespace

bool port_is_free(std::uint16_t port) {
  const Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.open()) return false;
  const int yes = 1;  // as servers do: a port whose last connections still fade out is free
  ::setsockopt(fd.number(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  return ::bind(fd.number(), reinterpret_cast<const sockaddr*>(&address),  // NOLINT
                sizeof address) == 0;
}

std::vector<std::uint16_t> Ports::take(std::size_t count) {
  constexpr int span = highest - lowest;
  if (next_ == 0)
    next_ = static_cast<std::uint16_t>(lowest + (since_boot().us ^ ::getpid()) % span);
  std::vector<std::uint16_t> found;
  for (int tried = 0; tried < span && found.size() < count; ++tried) {
    const std::uint16_t port = next_;
    next_ = next_ + 1 < highest ? static_cast<std::uint16_t>(next_ + 1) : lowest;
    if (taken_.contains(port) || !port_is_free(port)) continue;
    taken_.insert(port);
    found.push_back(port);
  }
  return found;
}

void Ports::give_back(const std::vector<std::uint16_t>& ports) {
  for (const std::uint16_t port : ports) taken_.erase(port);
}

std::string device_word(const Node& node, const TaskPlace& place) {
  if (place.devices.empty()) return "cpu";
  const std::uint32_t first = place.devices.front().device;
  if (first >= node.devices.size()) return "gpu";
  const Device& device = node.devices[first];
  if (device.kind == DeviceKind::fpga) return "fpga";
  for (const VendorVariable& variable : vendor_variables)
    if (device.vendor == variable.vendor) return device.vendor;
  return "gpu";
}

std::vector<EnvVar> team_variables(const EnvironmentOf& of) {
  const std::uint32_t tasks = tasks_of(*of.allocation);
  Variables vars;
  set_gang(vars, of, tasks);
  vars.set("GANG_DEVICE", device_word(*of.node, *of.place));
  set_ports(vars, *of.node, *of.place);
  set_torch(vars, of, tasks);
  set_others(vars, of, tasks);
  return vars.take();
}

std::vector<EnvVar> fence_variables(const Node& node, const TaskPlace& place, bool others_hidden) {
  Variables vars;
  for (const VendorVariable& variable : vendor_variables) {
    std::string visible, counted;
    bool has_vendor = false;
    std::uint32_t count = 0;
    for (std::uint32_t i = 0; i < node.devices.size(); ++i) {
      const Device& device = node.devices[i];
      if (device.kind != DeviceKind::gpu || device.vendor != variable.vendor) continue;
      has_vendor = true;
      if (!holds(place, i)) continue;
      // NVIDIA's GPUs have a number only where their driver does not tell who they are.
      const bool numbered = device.ordinal && device.vendor == "nvidia";
      const bool by_uid =
          variable.uids != nullptr && device.uid.starts_with(variable.uids) && !numbered;
      visible += (visible.empty() ? "" : ",") +
                 (by_uid ? device.uid : std::to_string(number_of(node, place, i, others_hidden)));
      counted += (counted.empty() ? "" : ",") + std::to_string(count++);
    }
    if (!has_vendor) continue;
    vars.set(variable.name, visible.empty() ? variable.none : visible);
    if (variable.vendor == std::string_view("nvidia")) {
      vars.set("CUDA_DEVICE_ORDER", "PCI_BUS_ID");
    } else if (variable.vendor == std::string_view("amd")) {
      // These count what ROCR_VISIBLE_DEVICES has left. Set, so that no inherited value chooses
      // again and HIP does not take CUDA_VISIBLE_DEVICES for its own.
      vars.set("HIP_VISIBLE_DEVICES", counted);
      vars.set("GPU_DEVICE_ORDINAL", counted);
    } else {
      // The mask counts cards in the order of the PCI bus only with these.
      vars.set("ZE_ENABLE_PCI_ID_DEVICE_ORDER", "1");
      vars.set("ZE_FLAT_DEVICE_HIERARCHY", "COMPOSITE");
    }
  }
  set_fpgas(vars, node, place);
  return vars.take();
}

void set_fence_variables(const std::vector<EnvVar>& variables,
                         std::vector<std::string>& environment) {
  for (const auto& [name, value] : variables)
    for (std::string& entry : environment)
      if (entry.starts_with(name + "=")) entry = name + "=" + value;
}

}  // namespace gangline
