#include "engine/slurm/pilot/pilot_program.h"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>

#include "base/text.h"
#include "devices/probe.h"
#include "engine/slurm/node/gang_meeting.h"
#include "engine/slurm/node/sign_of_life.h"
#include "engine/slurm/pilot/bridge.h"
#include "engine/slurm/pilot/given_node.h"
#include "engine/slurm/pilot/node_hello.h"
#include "engine/slurm/pilot/pilot_files.h"
#include "launch/environment.h"
#include "launch/launcher.h"
#include "os/clock.h"
#include "os/file.h"

namespace gangline {
namespace {

constexpr Span longest_look_at_devices = seconds(10);
constexpr Span longest_end = seconds(5);
constexpr Span between_looks_at_sign = seconds(1);
constexpr int code_of_given_up = 3;
constexpr std::size_t offered_ports = 256;
// Between those that launchers give and those of the system's own connections.
constexpr std::uint16_t lowest_offered = Ports::highest + 1, highest_offered = 32'767;

int complain(const std::string& host, const Error& error) {
  std::fprintf(stderr, "gang pilot on %s: %s\n", host.c_str(), error.sentence().c_str());
  return 1;
}

/// On this node alone, closed to others.
Result<std::string> make_own_directory(const SlurmVariables& variables, const std::string& tag) {
  const std::string& given = variable_of(variables, "SLURM_TMPDIR");
  const std::string temporary = given.starts_with('/') ? given : "/tmp";
  const std::string ours = temporary + "/gangline-" + std::to_string(::geteuid());
  if (auto made = make_private_directory(ours); !made) return made.error();
  const std::string own = ours + "/" + tag + "-" + variable_of(variables, "SLURM_NODEID");
  if (auto made = make_private_directory(own); !made) return made.error();
  return own;
}

std::vector<std::uint16_t> free_ports() {
  std::vector<std::uint16_t> free;
  for (std::uint32_t port = lowest_offered; port <= highest_offered && free.size() < offered_ports;
       ++port)
    if (port_is_free(static_cast<std::uint16_t>(port)))
      free.push_back(static_cast<std::uint16_t>(port));
  return free;
}

NodeHello make_hello(const SlurmVariables& variables) {
  NodeHello hello;
  hello.node =
      node_as_given(variables, probe_node(probe_of_this_program(), longest_look_at_devices).node,
                    gpu_files_here("/"));
  hello.host = hello.node.name;
  hello.boot = boot_id();
  hello.address = address_here(hello.host);
  hello.ports = free_ports();
  if (const auto ends = parse_number(variable_of(variables, "SLURM_JOB_END_TIME")))
    hello.ends = Time{static_cast<std::int64_t>(*ends) * 1'000'000};
  return hello;
}

/// In the background: the launcher, which is this process's child as its guardian.
pid_t start_launcher(const LauncherSettings& settings) {
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  _exit(run_launcher(settings));
}

struct CarryEnd {
  int code = 0;
  bool launcher_is_over = false;
};

/// Until the launcher is over, the service has given this node up, or Slurm wants all of this to
/// end. What tasks then end of is no news: Slurm says to the service what happened. With the end of
/// this program Slurm ends what is left of it here.
CarryEnd carry(const pid_t launcher, BridgeSettings settings, SignOfLife& sign) {
  Loop loop;
  Bridge bridge(loop, std::move(settings));
  CarryEnd end;
  const auto look = [&] {
    int status = 0;
    if (::waitpid(launcher, &status, WNOHANG) != launcher) return;
    end = {WIFEXITED(status) ? WEXITSTATUS(status) : 1, true};
    loop.stop();
  };
  const auto signs = loop.every(between_looks_at_sign, [&] {
    if (!sign.given_up()) return;
    end.code = code_of_given_up;
    loop.stop();
  });
  const auto child = loop.on_signal(SIGCHLD, look);
  Loop::WatchPtr patience;
  const auto term = loop.on_signal(SIGTERM, [&] {
    bridge.close();
    patience = loop.after(longest_end, [&] { loop.stop(); });
  });
  loop.post(look);
  loop.run();
  return end;
}

}  // namespace

int run_slurm_pilot(const std::vector<std::string>& words) {
  if (words.size() != 2) return 2;
  ::signal(SIGPIPE, SIG_IGN);
  const SlurmVariables variables = variables_here();
  const std::string& host = variable_of(variables, "SLURMD_NODENAME");
  const PilotFiles files(words[1]);
  const auto pilot = files.read();
  if (!pilot) return complain(host, pilot.error());
  auto key = files.key(pilot->tag);
  if (!key) return complain(host, key.error());
  auto own = make_own_directory(variables, pilot->tag);
  if (!own) return complain(host, own.error());

  const NodeHello hello = make_hello(variables);
  LauncherSettings launcher;
  launcher.state_dir = *own;
  launcher.files_dir = std::filesystem::path(words[1]).parent_path().parent_path();
  launcher.foreground = true;
  launcher.idle_exit = pilot->request.idle;
  const pid_t pid = start_launcher(launcher);
  if (pid < 0) return complain(host, system_error("make a process", "launcher", errno));
  SignOfLife sign(files.sign(host));
  const CarryEnd end = carry(
      pid,
      {*std::move(key), launcher_socket(*own), frame_of(hello), [files] { return files.point(); }},
      sign);
  if (end.launcher_is_over) ::unlink(files.sign(host).c_str());
  std::error_code ignored;
  std::filesystem::remove_all(*own, ignored);
  return end.code;
}

}  // namespace gangline
