#include "devices/fpga/board.h"

#include <algorithm>
#include <cstdio>

#include "devices/sysfs/device_names.h"
#include "devices/sysfs/hwmon.h"
#include "devices/sysfs/read.h"

namespace gangline::fpga {
namespace {

constexpr std::size_t most_boards = 256;
constexpr std::size_t most_ports = 32;  // of a board

struct KnownVendor {
  std::uint64_t id;
  const char* name;
};
constexpr KnownVendor known_vendors[] = {
    {0x8086, "intel"}, {0x1172, "altera"}, {0x10ee, "xilinx"}, {0x1c2c, "silicom"}};

struct KnownName {
  std::uint64_t vendor, device;
  const char* name;
};
// The cards that the kernel's driver dfl-pci names.
constexpr KnownName known_names[] = {
    {0x8086, 0x09c4, "Intel PAC Arria 10 GX"}, {0x8086, 0x0b2b, "Intel PAC D5005"},
    {0x8086, 0x0b30, "Intel PAC N3000"},       {0x1c2c, 0x1000, "Silicom PAC N5010"},
    {0x1c2c, 0x1001, "Silicom PAC N5011"},
};

bool is_on_bus(const std::string& root, const std::string& address) {
  return !address.empty() && hex_at(pci_directory(root, address) + "/vendor").has_value();
}

/// "0000:65:00" of "0000:65:00.1": the functions of one card share it.
std::string slot_of(const std::string& address) { return address.substr(0, address.rfind('.')); }

// What the PCI bus says of the board at this address.
void read_place(const std::string& root, const std::string& address, Board& board) {
  Device& facts = board.facts;
  facts.kind = DeviceKind::fpga;
  if (!is_on_bus(root, address)) return;
  facts.pci_address = address;
  facts.numa_node = pci_numa(root, address);
  board.path = pci_path(root, address, {});
  const std::string directory = pci_directory(root, address);
  const auto vendor = hex_at(directory + "/vendor").value_or(0);
  const auto device = hex_at(directory + "/device").value_or(0);
  for (const KnownVendor& known : known_vendors)
    if (known.id == vendor) facts.vendor = known.name;
  for (const KnownName& known : known_names)
    if (known.vendor == vendor && known.device == device) facts.model = known.name;
  if (facts.model.empty()) facts.model = name_in_pci_ids(root, vendor, device).value_or("");
  if (!facts.model.empty()) return;
  char text[40];
  std::snprintf(text, sizeof text, "FPGA %04llx:%04llx",
                static_cast<unsigned long long>(vendor & 0xffff),
                static_cast<unsigned long long>(device & 0xffff));
  facts.model = text;
}

// /sys/class/fpga_region/region0 is an FPGA if it holds an FME, which manages it, or ports, by
// which programs compute (Documentation/fpga/dfl.rst).
std::optional<Board> read_dfl(const std::string& root, const std::string& region) {
  const auto managing = numbered_in(region, "dfl-fme.");
  auto ports = numbered_in(region, "dfl-port.");
  if (managing.empty() && ports.empty()) return std::nullopt;
  ports.resize(std::min(ports.size(), most_ports));
  Board board;
  board.directory = region;
  read_place(root, end_of_link(region + "/device"), board);
  if (board.facts.model.empty()) board.facts.model = "DFL FPGA";
  const std::string first = managing.empty() ? "dfl-port." + std::to_string(ports.front())
                                             : "dfl-fme." + std::to_string(managing.front());
  board.facts.uid = "DFL-" + (board.facts.pci_address.empty() ? first : board.facts.pci_address);
  for (const std::uint32_t n : ports) board.used.push_back("/dev/dfl-port." + std::to_string(n));
  board.facts.files = board.used;
  if (managing.empty()) return board;
  const std::string fme = region + "/" + first;
  board.facts.files.push_back("/dev/" + first);
  const std::string power = hwmon_of(fme, "dfl_fme_power");
  const std::string heat = hwmon_of(fme, "dfl_fme_thermal");
  if (!power.empty()) board.power_file = power + "/power1_input";
  if (!heat.empty()) board.thermometer = heat + "/temp1_input";
  for (const std::uint32_t n : numbered_in(fme, "dfl-fme-mgr.")) {
    const std::string all = fme + "/dfl-fme-mgr." + std::to_string(n) + "/fpga_manager";
    const auto managers = numbered_in(all, "fpga");
    if (managers.empty()) continue;
    board.state_file = all + "/fpga" + std::to_string(managers.front()) + "/state";
    break;
  }
  return board;
}

// A part of the driver, as "rom.u.1025"; empty: there is none.
std::string part_of_xrt(const std::string& directory, const std::string& part) {
  const auto names = names_in(directory);
  if (!names) return {};
  for (const std::string& name : *names)
    if (name == part || name.starts_with(part + ".")) return directory + "/" + name;
  return {};
}

// The function of a card that users open has the driver xocl.
std::optional<Board> read_xrt(const std::string& root, const std::string& address) {
  if (!is_on_bus(root, address)) return std::nullopt;
  Board board;
  board.directory = board.xrt = pci_directory(root, address);
  read_place(root, address, board);
  board.facts.uid = "XRT-" + address;
  const std::string rom = part_of_xrt(board.xrt, "rom");
  if (const auto shell = rom.empty() ? std::nullopt : name_at(rom + "/VBNV"))
    board.facts.model = *shell;
  const std::string controller = part_of_xrt(board.xrt, "xmc");
  if (!controller.empty()) board.power_file = controller + "/xmc_power";
  for (const std::uint32_t n : numbered_in(board.xrt + "/drm", "renderD"))
    board.used.push_back("/dev/dri/renderD" + std::to_string(n));
  board.facts.files = board.used;
  // The function that manages the card has a file as well.
  const std::string managing = root + "/sys/class/xrt_mgmt";
  for (const std::uint32_t n : numbered_in(managing, "xclmgmt")) {
    const std::string name = "xclmgmt" + std::to_string(n);
    if (slot_of(end_of_link(managing + "/" + name + "/device")) == slot_of(address))
      board.facts.files.push_back("/dev/" + name);
  }
  return board;
}

/// Whether a manager is a part of this board, by the devices that it is below.
bool is_part_of(const Board& board, const std::vector<std::string>& above) {
  if (board.facts.pci_address.empty()) return false;
  const std::string slot = slot_of(board.facts.pci_address);
  return std::ranges::any_of(
      above, [&](const std::string& part) { return part.size() > 8 && slot_of(part) == slot; });
}

// FPGAs beside a CPU on one chip, mostly. Their programs use them without a file of the manager.
Board read_manager(const std::string& root, const std::string& directory, const std::string& name,
                   const std::vector<std::string>& above) {
  Board board;
  board.directory = directory;
  board.state_file = directory + "/state";
  std::string owner = name;
  for (std::size_t i = 0; i < above.size(); ++i) {
    if (is_on_bus(root, above[i])) read_place(root, above[i], board);
    if (i > 0 && above[i] == "fpga_manager") owner = above[i - 1];
  }
  board.facts.kind = DeviceKind::fpga;
  board.facts.model = name_at(directory + "/name").value_or("FPGA");
  board.facts.uid = "FPGA-" + owner;
  return board;
}

void add_managers(const std::string& root, std::vector<Board>& boards) {
  const std::string all = root + "/sys/class/fpga_manager";
  const std::size_t others = boards.size();
  for (const std::uint32_t n : numbered_in(all, "fpga")) {
    if (boards.size() == most_boards) return;
    const std::string name = "fpga" + std::to_string(n);
    const auto above = parts_of_link(all + "/" + name);
    const auto end = boards.begin() + static_cast<std::ptrdiff_t>(others);
    const auto owner = std::find_if(boards.begin(), end,
                                    [&](const Board& board) { return is_part_of(board, above); });
    if (owner == end) boards.push_back(read_manager(root, all + "/" + name, name, above));
    else if (owner->state_file.empty() && owner->xrt.empty())
      owner->state_file = all + "/" + name + "/state";
  }
}

std::string state_of(const Board& board) {
  if (board.xrt.empty())
    return board.state_file.empty() ? "" : name_at(board.state_file).value_or("");
  if (number_at(board.xrt + "/dev_offline") == 1u) return "offline";
  const auto ready = number_at(board.xrt + "/ready");
  return !ready ? "" : *ready == 1 ? "operating" : "not ready";
}

}  // namespace

std::vector<Board> read_boards(const std::string& root) {
  std::vector<Board> boards;
  const std::string regions = root + "/sys/class/fpga_region";
  for (const std::uint32_t n : numbered_in(regions, "region")) {
    if (boards.size() == most_boards) return boards;
    if (auto board = read_dfl(root, regions + "/region" + std::to_string(n)))
      boards.push_back(*std::move(board));
  }
  if (const auto names = names_in(root + "/sys/bus/pci/drivers/xocl"))
    for (const std::string& address : *names) {
      if (boards.size() == most_boards) return boards;
      if (address.find(':') == std::string::npos) continue;
      if (auto board = read_xrt(root, address)) boards.push_back(*std::move(board));
    }
  add_managers(root, boards);
  return boards;
}

DeviceSample read_sample(const Board& board) {
  DeviceSample sample;
  sample.state = state_of(board);
  if (!board.power_file.empty()) sample.power = watts_at(board.power_file);
  if (!board.thermometer.empty()) sample.temperature_celsius = celsius_at(board.thermometer);
  return sample;
}

}  // namespace gangline::fpga
