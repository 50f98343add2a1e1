// From the words of the command line to the part of Gangline that they name.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>

#include "base/text.h"
#include "cli/command_world.h"
#include "cli/completion/internal.h"
#include "client/client.h"
#include "devices/discover.h"
#include "devices/probe_child.h"
#include "engine/slurm/node/programs.h"
#include "engine/slurm/pilot/pilot_program.h"
#include "gateway/tokens.h"
#include "launch/launcher.h"
#include "main/for_all/daemons.h"
#include "main/for_all/install.h"
#include "main/places.h"
#include "main/recordings.h"
#include "main/remote/far_service.h"
#include "main/serve/serve.h"
#include "main/service_process.h"
#include "main/slurm_history.h"
#include "main/slurm_profile.h"
#include "main/stored_jobs.h"
#include "main/top_screen.h"
#include "os/clock.h"
#include "os/file.h"
#include "shell/hold_shell.h"
#include "shell/join_shell.h"

extern char** environ;  // NOLINT: POSIX's own name

namespace gangline {
namespace {

constexpr Span longest_end = seconds(20);
constexpr unsigned longest_completion_s = 1;

volatile std::sig_atomic_t interrupt_count = 0;
volatile std::sig_atomic_t interrupt_signal = 0;

// A command heeds three. Where even that brings nothing, the service stands still, and one more
// ends the command at once.
constexpr int most_heeded = 3;

void count_interrupt(int signal) {
  interrupt_count = interrupt_count + 1;
  interrupt_signal = signal;
  if (interrupt_count <= most_heeded) return;
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

// Commands that follow a job say what becomes of it, and a recording is worth keeping as far as it
// went; all others simply end.
bool says_how_it_ended(const std::vector<std::string>& words) {
  return !words.empty() && (words[0] == "run" || words[0] == "logs" || words[0] == "wait" ||
                            words[0] == "simulate" || words[0] == "record" || words[0] == "shell");
}

// Without SA_RESTART, so that a wait for an answer is told of it between two tries. SIGHUP is left
// alone: who has lost the terminal ends, and the job goes on.
void heed_interrupts() {
  struct sigaction action {};
  action.sa_handler = count_interrupt;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

std::size_t terminal_width() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20) return size.ws_col;
  return 80;
}

std::vector<EnvVar> environment_here() {
  std::vector<EnvVar> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const char* equals = std::strchr(*entry, '=');
    if (equals != nullptr && equals != *entry)
      all.emplace_back(std::string(*entry, static_cast<std::size_t>(equals - *entry)), equals + 1);
  }
  return all;
}

// internal-shell SOCKET IDLE ALONE PROGRAM WORDS…, both in microseconds
int run_held_shell(const std::vector<std::string>& words) {
  if (words.size() < 5) return 2;
  const auto idle = parse_number(words[2]), alone = parse_number(words[3]);
  if (!idle || !alone) return 2;
  return hold_shell({words[1],
                     {words.begin() + 4, words.end()},
                     Span{static_cast<std::int64_t>(*idle)},
                     Span{static_cast<std::int64_t>(*alone)}});
}

// The program's own parts, started by itself. Not for people, so not in the help.
int run_internal(const std::vector<std::string>& words) {
  if (words[0] == "internal-probe")
    return run_probe(STDIN_FILENO, STDOUT_FILENO, sources_from_environment());
  if (words.size() >= 2 && words[1] == "--for-all") {
    if (words[0] == "internal-launcher")
      return run_launcher_for_all(words.size() == 3 && words[2] == "--foreground");
    if (words[0] == "internal-service") return run_service_for_all();
  }
  if (words[0] == "internal-launcher")
    if (const auto taken = parse_take_over(words))
      return taken->only_asked() ? 0 : run_launcher_for_all(true, taken);
  if (words[0] == "internal-record" && words.size() == 3 && words[1] == "--for")
    return run_internal_record(words[2]);
  const bool in_scope = words.size() == 4 && words[3] == "--in-scope";
  if (words[0] == "internal-launcher" && (words.size() == 3 || in_scope) && words[1] == "--state") {
    LauncherSettings settings;
    settings.state_dir = words[2];
    settings.in_scope = in_scope;
    return run_launcher(settings);
  }
  if (words[0] == "internal-shell") return run_held_shell(words);
  if (words[0] == "internal-slurm-gang") return run_slurm_gang(words);
  if (words[0] == "internal-slurm-task") return run_slurm_task(words);
  if (words[0] == "internal-slurm-pilot") return run_slurm_pilot(words);
  if (words[0] == "internal-service") {
    auto places = find_places();
    if (!places) return 1;
    return run_service(*places, false, Fd(3));
  }
  return 2;
}

// The one connection of this command, made when it is first needed.
class Connection {
 public:
  Result<Service*> open(bool may_start) {
    if (!places_) {
      auto found = find_places();
      if (!found) return found.error();
      places_ = *found;
    }
    auto first = connect_service(*places_, may_start);
    if (!first) return first.error();
    auto given = std::make_shared<Fd>(std::move(*first));
    client_ = std::make_unique<Client>(
        [this, may_start, given]() -> Result<Fd> {
          if (given->open()) return std::move(*given);
          return connect_service(*places_, may_start);
        },
        GANGLINE_VERSION);
    return client_.get();
  }

 private:
  std::optional<Places> places_;
  std::unique_ptr<Client> client_;
};

/// The one of another machine.
class FarConnection {
 public:
  Result<Service*> open(CommandWorld& around) {
    if (client_) return client_.get();
    const auto far = find_far_service(word_);
    if (!far) return far.error();
    FarPatience patience;
    patience.says = [&around](const std::string& text) { around.err("gang: " + text + "\n"); };
    patience.interrupted = [] { return interrupt_count > 0; };
    auto client = open_far_service(*far, patience);
    auto who = client->who_am_i();
    if (!who) return who.error();
    around.login = who->login;
    directory_ = std::move(who->directory);
    client_ = std::move(client);
    return client_.get();
  }
  Result<std::string> directory(CommandWorld& around) {
    if (const auto opened = open(around); !opened) return opened.error();
    return directory_;
  }
  void choose(const std::string& word) { word_ = word; }
  /// Empty: none is asked.
  Result<std::optional<FarPlace>> place(const CommandWorld& around) const {
    if (around.server.empty()) return std::optional<FarPlace>();
    auto far = find_far_service(word_);
    if (!far) return far.error();
    return std::optional(*std::move(far));
  }

 private:
  std::string word_;  // empty: GANGLINE_SERVER has it
  std::string directory_;
  std::unique_ptr<Client> client_;
};

bool is_special(const std::string& path) {
  return path.starts_with("/dev/") || path.starts_with("/proc/");
}

Result<void> can_write(const std::string& path) {
  struct stat there {};
  const bool exists = ::stat(path.c_str(), &there) == 0;
  if (exists && S_ISDIR(there.st_mode)) return system_error("write", path, EISDIR);
  if (exists && (!S_ISREG(there.st_mode) || is_special(path))) {
    if (::access(path.c_str(), W_OK) != 0) return system_error("write", path, errno);
    return {};
  }
  // It is written beside its place and then moved there.
  std::error_code unknown;
  auto target = std::filesystem::canonical(path, unknown);
  if (unknown) target = path;
  const auto parent = target.has_parent_path() ? target.parent_path() : ".";
  if (::access(parent.c_str(), W_OK | X_OK) != 0) return system_error("write", path, errno);
  return {};
}

// Who named a file knows nothing of the one that is written first, beside it.
Result<void> write_whole(const std::string& path, const std::string& target,
                         const std::string& text) {
  auto written = write_file(target, text, 0644);
  if (written) return written;
  Error error = written.error();
  error.where = path;
  return error;
}

// A file is whole or as it was, also one that a link leads to. A device, a pipe or /dev/stdout is
// written to and never replaced.
Result<void> write_output(const std::string& path, const std::string& text) {
  struct stat there {};
  if (::stat(path.c_str(), &there) != 0) return write_whole(path, path, text);
  if (S_ISREG(there.st_mode) && !is_special(path)) {
    std::error_code unknown;
    const auto target = std::filesystem::canonical(path, unknown);
    return write_whole(path, unknown ? path : target.string(), text);
  }
  auto fd = open_file(path, O_WRONLY | O_APPEND);
  return fd ? write_all(fd->number(), text, path) : fd.error();
}

/// What of the world around a command is the same for all of them.
void know_surroundings(CommandWorld& around) {
  around.interrupted = [] {
    return Interrupted{static_cast<int>(interrupt_count), static_cast<int>(interrupt_signal)};
  };
  around.record = [](Span span) {
    return record_machine(span, [] { return interrupt_count > 0; });
  };
  around.recording_summary = summary_of_recording;
  around.unpack_recording = unpack_recording;
  around.now = [] { return now(); };
  around.out = [](const std::string& text) { (void)write_all(STDOUT_FILENO, text, "stdout"); };
  around.err = [](const std::string& text) { (void)write_all(STDERR_FILENO, text, "stderr"); };
  around.version = GANGLINE_VERSION;
  if (const char* place = std::getenv("GANGLINE_ON"); place != nullptr && *place != '\0')
    around.place = place;
  if (const char* server = std::getenv("GANGLINE_SERVER"); server != nullptr)
    around.server = server;
  around.login = login_name(::geteuid());
  std::error_code unknown;
  around.program = std::filesystem::read_symlink("/proc/self/exe", unknown);
  around.directory = own_directory();
  around.environment = environment_here();
  around.out_is_terminal = ::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
  around.err_is_terminal = ::isatty(STDERR_FILENO) == 1;
  around.width = terminal_width();
}

void know_slurm(CommandWorld& around) {
  around.slurm_jobs = slurm_jobs;
  around.slurm_nodes = slurm_nodes;
  around.survey_slurm = survey_of_slurm;
  around.config_path = []() -> Result<std::string> {
    const auto places = find_places();
    if (!places) return places.error();
    return places->config;
  };
  around.write_config = write_config;
}

Result<std::string> own_tokens_path() {
  const auto places = find_places();
  return places ? tokens_path(*places) : places.error();
}

void know_serving(CommandWorld& around) {
  around.serve = [&around](const ServeOptions& options, const ServeNews& news) -> Result<void> {
    const auto places = find_places();
    if (!places) return places.error();
    return serve_network(*places, options, around.environment, news);
  };
  around.tokens = []() -> Result<std::vector<AccessToken>> {
    const auto path = own_tokens_path();
    return path ? read_tokens(*path) : path.error();
  };
  around.add_token = [](const AccessToken& wanted) -> Result<std::string> {
    const auto path = own_tokens_path();
    return path ? add_token(*path, wanted) : path.error();
  };
  around.remove_token = [](const std::string& name) -> Result<void> {
    const auto path = own_tokens_path();
    return path ? remove_token(*path, name) : path.error();
  };
}

void know_services(CommandWorld& around, Connection& connection, FarConnection& far) {
  around.service = [&] { return around.server.empty() ? connection.open(true) : far.open(around); };
  // Processes that this one starts must know it too.
  around.choose_place = [](const std::string& place) {
    ::setenv("GANGLINE_ON", place.c_str(), 1);  // NOLINT(concurrency-mt-unsafe): one thread
  };
  around.choose_server = [&](const std::string& server) {
    far.choose(server);
    around.server = server;
  };
  around.far_directory = [&] { return far.directory(around); };
  around.running_service = [&] {
    return around.server.empty() ? connection.open(false) : far.open(around);
  };
  around.show_screen = [&]() -> Result<int> {
    const auto server = far.place(around);
    return server ? show_top(*server) : server.error();
  };
  around.screen_once = [&](std::size_t width) -> Result<std::string> {
    const auto server = far.place(around);
    return server ? top_once(*server, width) : server.error();
  };
}

int run(const std::vector<std::string>& words) {
  if (is_for_shells(words)) {
    // Nobody waits longer for a suggestion, nor wants to be told why there is none.
    ::signal(SIGALRM, [](int) { ::_exit(0); });
    ::alarm(longest_completion_s);
  } else if (!is_manual(words) && !words.empty() && words[0].starts_with("internal-")) {
    return run_internal(words);
  }
  ::signal(SIGPIPE, SIG_DFL);
  if (says_how_it_ended(words)) heed_interrupts();
  Connection connection;
  CommandWorld around;
  FarConnection far;
  know_services(around, connection, far);
  around.run_daemon = [](bool stays) {
    auto places = find_places();
    if (!places) {
      (void)write_all(STDERR_FILENO, "gang: " + places.error().sentence() + "\n", "stderr");
      return exit_code_of(places.error());
    }
    return run_service(*places, stays, Fd{});
  };
  around.install_for_all = [](const InstallOptions& options, const auto& tell) {
    return install_for_all(options, tell);
  };
  around.uninstall_for_all = [&](const UninstallOptions& options, const auto& tell) {
    return uninstall_for_all(options, around.running_service, tell);
  };
  around.check_settings = []() -> Result<void> {
    const auto places = find_places();
    return places ? check_settings(*places) : places.error();
  };
  around.service_has_ended = [](std::int64_t pid) { return has_ended(pid, longest_end); };
  around.read_file = [](const std::string& path) { return read_file(path); };
  around.write_file = write_output;
  around.can_write = can_write;
  around.store = []() -> Result<std::string> {
    const auto places = find_places();
    if (!places) return places.error();
    return store_path(*places);
  };
  know_slurm(around);
  around.stored_jobs = [](const ListQuery& query) -> Result<std::vector<JobSummary>> {
    const auto places = find_places();
    if (!places) return places.error();
    return stored_jobs(*places, query);
  };
  around.settings = []() -> Result<Settings> {
    const auto places = find_places();
    if (!places) return places.error();
    return read_settings(*places);
  };
  around.join_shell = [](const std::string& path, Time ends) -> Result<ShellEnd> {
    const auto left = join_shell({path, ends});
    if (!left) return left.error();
    return ShellEnd{left->code, left->signal};
  };
  know_serving(around);
  know_surroundings(around);
  return run_command_line(words, around);
}

}  // namespace
}  // namespace gangline

int main(int argc, char** argv) {
  return gangline::run(std::vector<std::string>(argv + std::min(argc, 1), argv + argc));
}
