#include "engine/slurm/node/gang_meeting.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/text.h"
#include "engine/slurm/node/networks.h"
#include "os/fd.h"

namespace gangline {
namespace {

std::string text_of(const sockaddr* address) {
  std::array<char, INET_ADDRSTRLEN> text{};
  const auto* four = reinterpret_cast<const sockaddr_in*>(address);  // NOLINT: as the API has it
  if (::inet_ntop(AF_INET, &four->sin_addr, text.data(), text.size()) == nullptr) return {};
  return text.data();
}

/// IPv4 addresses of that host, without those that mean the asking host itself.
std::vector<std::string> addresses_of(const std::string& host) {
  addrinfo wanted{};
  wanted.ai_family = AF_INET;
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), nullptr, &wanted, &found) != 0) return {};
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> held(found, ::freeaddrinfo);
  std::vector<std::string> all;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    std::string text = text_of(one->ai_addr);
    if (!text.empty() && !text.starts_with("127.")) all.push_back(std::move(text));
  }
  return all;
}

std::string address_there(const std::string& name) {
  const auto all = addresses_of(name);
  return all.empty() ? name : all.front();
}

std::uint32_t most_on_a_node(const std::vector<NodeGiven>& nodes) {
  std::uint32_t most = 0;
  for (const NodeGiven& node : nodes) most = std::max(most, node.tasks);
  return most;
}

template <class T, class Text>
std::string joined(const std::vector<T>& parts, Text text) {
  std::string all;
  for (const T& part : parts) all += (all.empty() ? "" : ",") + text(part);
  return all.empty() ? "-" : all;
}

std::optional<std::uint16_t> port_from(std::string_view text) {
  const auto number = parse_number(text);
  if (!number || *number > 0xffff) return std::nullopt;
  return static_cast<std::uint16_t>(*number);
}

/// Each task has the port of its place on its node, and its node's address.
void give_to_tasks(Meeting& meeting, const std::vector<std::uint16_t>& ports,
                   const std::vector<std::string>& addresses,
                   const std::vector<std::uint32_t>& tasks_on_node) {
  for (std::size_t node = 0; node < tasks_on_node.size(); ++node)
    for (std::uint32_t local = 0; local < tasks_on_node[node]; ++local) {
      if (local < ports.size()) meeting.task_ports.push_back(ports[local]);
      if (node < addresses.size()) meeting.task_addresses.push_back(addresses[node]);
    }
}

}  // namespace

std::string address_here(const std::string& name) {
  const std::vector<NodeNetwork> own = networks_here();
  for (const std::string& address : addresses_of(name))
    for (const NodeNetwork& network : own)
      if (network.address == address) return address;
  // Its name leads nowhere that it is, as where only 127.0.1.1 stands in its hosts file.
  return own.empty() ? name : own.front().address;
}

std::string address_toward(const std::string& host) {
  for (const std::string& there : addresses_of(host)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(9);  // any: nothing is sent
    if (::inet_pton(AF_INET, there.c_str(), &to.sin_addr) != 1) continue;
    const Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    auto* raw = reinterpret_cast<sockaddr*>(&to);  // NOLINT: as the API has it
    socklen_t size = sizeof to;
    if (!fd.open() || ::connect(fd.number(), raw, size) != 0) continue;
    if (::getsockname(fd.number(), raw, &size) != 0) continue;
    if (std::string address = text_of(raw); !address.empty()) return address;
  }
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return address_here(name.data());
}

Meeting make_meeting(const std::vector<NodeGiven>& nodes, std::vector<std::string> addresses,
                     const std::string& host_file) {
  Meeting meeting;
  std::vector<std::uint32_t> tasks_on_node;
  for (const NodeGiven& node : nodes) tasks_on_node.push_back(node.tasks);
  if (nodes.size() == 1) addresses.clear();
  if (nodes.size() > 1 && addresses.empty()) {
    addresses.push_back(address_here(nodes.front().name));
    for (std::size_t i = 1; i < nodes.size(); ++i)
      addresses.push_back(address_there(nodes[i].name));
  }
  if (!addresses.empty()) meeting.address = addresses.front();
  const bool several = nodes.size() > 1 || nodes.front().tasks > 1;
  Ports free;
  std::vector<std::uint16_t> ports = free.take((several ? most_on_a_node(nodes) : 0) + 2);
  if (ports.size() >= 2) {
    meeting.coordinator_port = ports.back();
    ports.pop_back();
    meeting.master_port = ports.back();
    ports.pop_back();
    give_to_tasks(meeting, ports, addresses, tasks_on_node);
  }
  if (host_file.empty()) return meeting;
  std::string hosts;
  for (const NodeGiven& node : nodes)
    hosts += node.name + " slots=" + std::to_string(node.tasks) + "\n";
  if (replace_file(host_file, hosts)) meeting.host_file = host_file;
  return meeting;
}

std::string meeting_text(const Meeting& meeting, const std::vector<NodeGiven>& nodes) {
  std::vector<std::uint16_t> ports;
  std::vector<std::string> addresses;
  std::size_t rank = 0;
  for (const NodeGiven& node : nodes) {
    for (std::size_t local = ports.size();
         local < node.tasks && rank + local < meeting.task_ports.size(); ++local)
      ports.push_back(meeting.task_ports[rank + local]);
    if (rank < meeting.task_addresses.size()) addresses.push_back(meeting.task_addresses[rank]);
    rank += node.tasks;
  }
  const auto number = [](std::uint16_t port) { return std::to_string(port); };
  const auto same = [](const std::string& address) { return address; };
  return meeting.address + " " + number(meeting.master_port) + " " +
         number(meeting.coordinator_port) + " " + joined(ports, number) + " " +
         joined(addresses, same) + " " + meeting.host_file;
}

std::optional<Meeting> meeting_from(std::string_view text,
                                    const std::vector<std::uint32_t>& tasks_on_node) {
  const auto words = split(text, ' ');
  if (words.size() < 6) return std::nullopt;
  const auto master = port_from(words[1]), coordinator = port_from(words[2]);
  if (words[0].empty() || !master || !coordinator) return std::nullopt;
  Meeting meeting;
  meeting.address = words[0];
  meeting.master_port = *master;
  meeting.coordinator_port = *coordinator;
  meeting.host_file = text.substr(static_cast<std::size_t>(words[5].data() - text.data()));
  std::vector<std::uint16_t> ports;
  std::vector<std::string> addresses;
  if (words[3] != "-")
    for (const std::string_view part : split(words[3], ',')) {
      const auto port = port_from(part);
      if (!port) return std::nullopt;
      ports.push_back(*port);
    }
  if (words[4] != "-")
    for (const std::string_view part : split(words[4], ',')) addresses.emplace_back(part);
  give_to_tasks(meeting, ports, addresses, tasks_on_node);
  return meeting;
}

}  // namespace gangline
