#include "machine.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/text.h"
#include "json/json.h"
#include "launch/ask_launcher.h"
#include "launch/fence/old_test_groups.h"
#include "launch/processes.h"
#include "os/clock.h"
#include "os/file.h"

namespace gangline {
namespace {

constexpr const char* fake_nvml = BINARY_DIR "/fake_nvml/libnvidia-ml.so.1";
constexpr useconds_t poll_us = 2'000;
constexpr const char* mark = "GANGLINE_TEST_MACHINE";  // all processes of a machine carry it

std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::string made_directory() {
  std::string name = std::filesystem::temp_directory_path().string() + "/gangline-e2e-XXXXXX";
  EXPECT_NE(::mkdtemp(name.data()), nullptr);
  return name;
}

// A machine's own paths and no variable of a Gangline around the test.
std::map<std::string, std::string> clean_environment() {
  std::map<std::string, std::string> env{{"PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"}};
  for (const char* name : {"ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "TMPDIR"})
    if (const char* value = std::getenv(name)) env[name] = value;
  return env;
}

// GANG_UNDER_TEST: another one than that of this build.
int code_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

template <class T>
T parsed(const Ran& ran) {
  EXPECT_EQ(ran.code, 0) << ran.err;
  auto value = from_json<T>(ran.out);
  EXPECT_TRUE(value) << ran.out;
  return value ? *std::move(value) : T{};
}

}  // namespace

Beside::Beside(Beside&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      code_(other.code_),
      out_path_(other.out_path_),
      err_path_(other.err_path_) {}

Beside::~Beside() {
  if (pid_ > 0 && !code_) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
}

std::string Beside::out() const { return text_of(out_path_); }
std::string Beside::err() const { return text_of(err_path_); }

Ran Beside::wait(Span longest) {
  const Span begun = since_boot();
  while (!code_) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      code_ = code_of(status);
    } else if (since_boot() - begun > longest) {
      ADD_FAILURE() << "it did not end in " << to_seconds(longest) << " s; it said:\n"
                    << out() << err();
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, &status, 0);
      code_ = -1;
    } else {
      ::usleep(poll_us);
    }
  }
  return {*code_, out(), err()};
}

Machine::Machine() : path_(made_directory()), state_(path_ + "/state"), env_(clean_environment()) {
  [[maybe_unused]] static const bool cleared = (clear_groups_of_killed_tests(), true);
  env_["GANGLINE_STATE"] = state_;
  env_["GANGLINE_CONFIG"] = path_ + "/config.toml";
  write("config.toml", "");
  env_["GANGLINE_NVML"] = "";
  env_["HOME"] = path_;
  env_[mark] = path_;
}

Machine::Machine(const std::string& state) : Machine() {
  state_ = state;
  env_["GANGLINE_STATE"] = state_;
}

void Machine::end_all() const {
  // Nobody is to see another end: all are halted before the first is killed.
  for (std::size_t halted = 0, before = 1; halted != before;) {
    before = halted;
    const std::vector<pid_t> all = processes();
    for (const pid_t pid : all) ::kill(pid, SIGSTOP);
    halted = all.size();
  }
  for (int none = 0; none < 2;) {
    const std::vector<pid_t> left = processes();
    for (const pid_t pid : left) ::kill(pid, SIGKILL);
    none = left.empty() ? none + 1 : 0;
    ::usleep(poll_us);
  }
}

Machine::~Machine() {
  end_all();
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void Machine::write(const std::string& name, const std::string& text) const {
  const std::filesystem::path whole = name.starts_with("/") ? name : path_ + "/" + name;
  std::filesystem::create_directories(whole.parent_path());
  std::ofstream(whole) << text;
}
std::string Machine::read(const std::string& name) const { return text_of(path_ + "/" + name); }
std::vector<std::string> Machine::lines(const std::string& name) const {
  std::vector<std::string> lines;
  std::istringstream in(read(name));
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}
bool Machine::exists(const std::string& name) const {
  return std::filesystem::exists(path_ + "/" + name);
}

std::string Machine::profile_of(const std::string& name) {
  return text_of(SOURCE_DIR "/tests/fake_nvml/" + name);
}

void Machine::change_gpus(const std::string& profile) const {
  write("profile.new", profile);
  std::filesystem::rename(path_ + "/profile.new", path_ + "/profile.txt");
}

void Machine::give_gpus(const std::string& profile, unsigned cpus) {
  change_gpus(profile);
  const std::string list = cpus == 1 ? "0\n" : "0-" + std::to_string(cpus - 1) + "\n";
  for (const char* which : {"online", "possible", "present"})
    write(std::string("root/sys/devices/system/cpu/") + which, list);
  for (unsigned cpu = 0; cpu < cpus; ++cpu) {
    std::ostringstream mask;
    mask << std::hex << (1UL << cpu) << "\n";
    const std::string at = "root/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/";
    write(at + "physical_package_id", "0\n");
    write(at + "core_id", std::to_string(cpu) + "\n");
    for (const char* siblings : {"thread_siblings", "core_cpus"}) write(at + siblings, mask.str());
  }
  write("root/etc/passwd", text_of("/etc/passwd"));
  // Processes are real ones, so that one of the test may hold a GPU.
  std::filesystem::create_directory_symlink("/proc", path_ + "/root/proc");
  env_["GANGLINE_ROOT"] = path_ + "/root";
  env_["GANGLINE_NVML"] = fake_nvml;
  env_["FAKE_NVML_FILE"] = path_ + "/profile.txt";
}

void Machine::share_gpus_of(const Machine& other) {
  for (const char* name : {"GANGLINE_ROOT", "GANGLINE_NVML", "FAKE_NVML_FILE"})
    env_[name] = other.env_.at(name);
}

bool Machine::become(uid_t uid) {
  const std::string number = std::to_string(uid);
  std::vector<std::string> words{"setpriv", "--reuid=" + number, "--regid=" + number,
                                 "--clear-groups"};
  std::vector<std::string> probe = words;
  for (const char* word : {"test", "-x"}) probe.emplace_back(word);
  probe.push_back(program());
  if (run(probe).code != 0) return false;
  EXPECT_EQ(run({"chown", "-R", number + ":" + number, path_}).code, 0);
  begin_ = std::move(words);
  return true;
}

std::string Machine::program() {
  const char* given = std::getenv("GANG_UNDER_TEST");
  return given != nullptr ? given : BINARY_DIR "/gang";
}

Beside Machine::run_beside(const std::vector<std::string>& words) const {
  const std::string number = std::to_string(commands_++);
  const std::string out = path_ + "/command." + number + ".out";
  const std::string err = path_ + "/command." + number + ".err";
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&files, 1, out.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  ::posix_spawn_file_actions_addopen(&files, 2, err.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  ::posix_spawn_file_actions_addchdir_np(&files, path_.c_str());
  std::vector<std::string> variables;
  for (const auto& [name, value] : env_) variables.push_back(name + "=" + value);
  std::vector<char*> argv, envp;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));  // NOLINT
  for (std::string& variable : variables) envp.push_back(variable.data());
  argv.push_back(nullptr);
  envp.push_back(nullptr);
  pid_t pid = -1;
  const int failed = ::posix_spawnp(&pid, argv[0], &files, nullptr, argv.data(), envp.data());
  ::posix_spawn_file_actions_destroy(&files);
  EXPECT_EQ(failed, 0) << words[0];
  return {pid, out, err};
}

Ran Machine::run(const std::vector<std::string>& words, Span longest_run) const {
  return run_beside(words).wait(longest_run);
}

Ran Machine::gang(std::vector<std::string> words, Span longest_run) const {
  return gang_beside(std::move(words)).wait(longest_run);
}

Beside Machine::gang_beside(std::vector<std::string> words) const {
  words.insert(words.begin(), program());
  words.insert(words.begin(), begin_.begin(), begin_.end());
  return run_beside(words);
}

std::string Machine::submit(std::vector<std::string> words) const {
  words.insert(words.begin(), {"submit", "-q"});
  const Ran ran = gang(std::move(words));
  EXPECT_EQ(ran.code, 0) << ran.err;
  return ran.out.substr(0, ran.out.find('\n'));
}

std::string Machine::submit_file(const std::string& name, const std::string& text) const {
  write(name, text);
  return submit({name});
}

int Machine::wait(const std::string& job, Span longest_wait) const {
  return gang({"wait", "-q", job}, longest_wait).code;
}

std::string Machine::seen(const std::string& job, int gang, int attempt) const {
  const std::string name =
      "seen." + job + "." + std::to_string(gang) + "." + std::to_string(attempt);
  EXPECT_TRUE(becomes_true([&] { return read(name).ends_with("\n"); })) << name;
  return std::string(trim(read(name)));
}

void Machine::let_go(const std::string& job) const {
  write("go", "");
  EXPECT_EQ(wait(job), 0);
}

JobDetail Machine::show(const std::string& job, std::uint32_t most) const {
  return parsed<JobDetail>(gang({"show", "--json", "--most", std::to_string(most), job}));
}
GangView Machine::show_gang(const std::string& name) const {
  return parsed<GangView>(gang({"show", "--json", name}));
}
std::vector<NodeView> Machine::nodes() const {
  return parsed<std::vector<NodeView>>(gang({"nodes", "--json"}));
}
std::vector<JobSummary> Machine::list() const {
  return parsed<std::vector<JobSummary>>(gang({"list", "--all", "--json"}));
}

std::vector<pid_t> Machine::processes() const {
  std::vector<pid_t> ours;
  for (const ProcessEntry& process : all_processes())
    if (!process.zombie && start_variable(process.pid, mark) == path_)
      ours.push_back(static_cast<pid_t>(process.pid));
  return ours;
}

pid_t Machine::find(const std::string& name, const std::string& word) const {
  for (const pid_t pid : processes()) {
    const std::string directory = "/proc/" + std::to_string(pid);
    const auto comm = read_file(directory + "/comm");
    const auto words = read_file(directory + "/cmdline");
    if (comm && words && *comm == name + "\n" && words->find(word) != std::string::npos) return pid;
  }
  return 0;
}
pid_t Machine::service() const { return find("gang", "internal-service"); }
pid_t Machine::launcher() const {
  const std::string& state = env_.at("GANGLINE_STATE");
  return static_cast<pid_t>(
      ask_launcher(state.empty() ? env_.at("XDG_STATE_HOME") + "/gangline" : state, seconds(2)));
}
pid_t Machine::guardian() const { return find("gang-guardian", "internal-launcher"); }

bool becomes_true(const std::function<bool()>& question, Span longest) {
  for (const Span begun = since_boot(); since_boot() - begun <= longest; ::usleep(poll_us))
    if (question()) return true;
  return question();
}

bool is_alive(pid_t pid) {
  const auto process = read_process(pid);
  return process && !process->zombie;
}

testing::AssertionResult says(const std::string& text, const std::string& what) {
  if (text.find(what) != std::string::npos) return testing::AssertionSuccess();
  constexpr std::size_t most_said = 4'000;
  return testing::AssertionFailure() << "\"" << what << "\" does not stand in:\n"
                                     << text.substr(0, most_said);
}

}  // namespace gangline
