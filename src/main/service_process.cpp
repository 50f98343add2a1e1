#include "main/service_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "control/controller.h"
#include "control/people/for_people.h"
#include "jobspec/config_file.h"
#include "jobspec/mistakes.h"
#include "json/json.h"
#include "launch/job_files.h"
#include "main/choose_engine.h"
#include "main/diary/json_diary.h"
#include "main/for_all/callers.h"
#include "main/for_all/daemons.h"
#include "main/notify/courier.h"
#include "main/service_lock.h"
#include "main/start_news.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/http_server.h"
#include "os/loop.h"
#include "os/unix_socket.h"
#include "server/routes.h"
#include "store/store.h"

extern char** environ;  // NOLINT: POSIX's own name

namespace gangline {
namespace {

constexpr Span longest_start = seconds(20);
// Between the wish to end and the end: the last answer and the launcher's goodbye are still to be
// written.
constexpr Span last_words = milliseconds(20);
constexpr Span looks_for_lock = seconds(2);
constexpr Span first_pause = milliseconds(5);
constexpr unsigned between_looks_us = 5'000;
constexpr std::string_view runs_already = "another service runs already";

class LoopWorld final : public World {
 public:
  explicit LoopWorld(Loop& loop) : loop_(loop) {}
  Time now() override { return gangline::now(); }
  bool may_be_login(const std::string& name) override { return gangline::may_be_login(name); }
  void call_soon(std::function<void()> call) override { loop_.post(std::move(call)); }
  void call_later(Span delay, std::function<void()> call) override {
    const auto number = next_++;
    timers_[number] = loop_.after(delay, [this, number, call = std::move(call)] {
      const auto timer = std::move(timers_[number]);  // outlives the call, which may add timers
      timers_.erase(number);
      call();
    });
  }

 private:
  Loop& loop_;
  std::map<std::uint64_t, Loop::WatchPtr> timers_;
  std::uint64_t next_ = 0;
};

Result<void> check_policy(const std::string& name, const PolicySettings& settings) {
  const auto row = find_policy(name);
  if (!row) {
    std::string all;
    std::vector<std::string_view> names;
    for (const Policy& policy : policies()) {
      if (policy.oracle) continue;
      names.push_back(policy.name);
      all += (all.empty() ? "" : ", ") + std::string(policy.name);
    }
    const auto near = nearest(name, names);
    return Error{ErrorKind::usage, "there is no policy '" + name + "'", "",
                 (near ? "did you mean " + *near + "? " : "") + "the policies are: " + all};
  }
  if (row->oracle)
    return Error{ErrorKind::usage,
                 "the policy '" + name +
                     "' goes by how long each gang will run, which nobody knows beforehand",
                 "", "it is for `gang simulate`; try \"attained_work\""};
  const auto policy = with(*row, settings);
  return policy ? Result<void>() : policy.error();
}

}  // namespace

Result<Settings> read_settings(const Places& places) {
  const std::string& path = places.config;
  Settings usual;
  if (places.for_all) {
    usual.house.everybody.jobs = usual_jobs_of_one;
    usual.house.everybody.waiting_gangs = usual_waiting_gangs_of_one;
  }
  auto text = read_file(path);
  if (!text) {
    if (text.error().kind != ErrorKind::not_found) return text.error();
    if (places.for_all)
      return Error{ErrorKind::not_found, "the config file of the service for all is gone", path,
                   "put it back; `gang daemon install`, as root, writes a new one"};
    if (!places.config_is_named) return usual;
    return Error{ErrorKind::not_found, "there is no such file, and GANGLINE_CONFIG names it", path,
                 "make it, or unset GANGLINE_CONFIG"};
  }
  std::vector<Error> mistakes;
  auto read = read_config(*text, path, &mistakes, check_policy, std::move(usual));
  if (!read && !mistakes.empty()) return together(mistakes);
  return read;
}

namespace {

constexpr unsigned for_us = 0600;
constexpr unsigned for_everybody = 0666;

void answer_one_of_all(Controller& controller, Callers& callers, const HttpRequest& request,
                       HttpReply reply) {
  const auto refuse = [&](const Error& error) { reply({403, to_json(error), {}}); };
  Caller caller = callers.caller_of(*request.peer, now());
  if (!caller.may_use)
    return refuse({ErrorKind::denied, "you are not among those whom the service is for", "",
                   "an operator of this machine can put you into its group"});
  if (request.method == "POST") {
    auto person = person_of(*request.peer);
    if (!person) return refuse(person.error());
    caller.person = std::make_shared<const Person>(*std::move(person));
  }
  // Answers may come later, and belong to this caller until then.
  const auto desk = std::make_shared<ForPeople>(controller, std::move(caller));
  answer(*desk, request,
         [desk, reply = std::move(reply)](HttpAnswer answer) { reply(std::move(answer)); });
}

/// Null unless GANGLINE_LOG names a file.
Result<std::unique_ptr<JsonDiary>> diary_of(Loop& loop) {
  const char* path = std::getenv("GANGLINE_LOG");
  if (path == nullptr || *path == '\0') return std::unique_ptr<JsonDiary>();
  if (*path != '/')
    return Error{ErrorKind::usage, "GANGLINE_LOG is no absolute path", path,
                 "write the whole path, or unset it"};
  if (const auto opened = open_file(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
      !opened) {
    Error error = opened.error();
    error.hint = "GANGLINE_LOG names it: choose another path, or unset it";
    return error;
  }
  return std::make_unique<JsonDiary>(loop, path);
}

/// The same reply, which says in the diary what was asked and how long it took.
HttpReply noted(JsonDiary& diary, const HttpRequest& request, HttpReply reply) {
  return [&diary, reply = std::move(reply), method = request.method, target = request.target,
          peer = request.peer, began = now()](HttpAnswer answer) {
    diary.request(began, method, target, answer.status, now() - began,
                  peer ? std::optional(peer->uid) : std::nullopt);
    reply(std::move(answer));
  };
}

/// Whether it was refused because of the version of who asks.
bool refuses_version_of(const HttpRequest& request, const HttpReply& reply) {
  const auto other =
      other_version(request.version, GANGLINE_VERSION, request.method, request.target);
  if (other) reply({426, to_json(*other), {}});
  return other.has_value();
}

// Says the outcome of the start to whoever started us; -1 where nobody did.
int not_ready(const Fd& ready, const Error& error) {
  if (ready.open()) tell_trouble(ready, error.sentence());
  else (void)write_all(STDERR_FILENO, "gang: " + error.sentence() + "\n", "stderr");
  return 1;
}

/// Where somebody took the socket away: the directory of a login is removed at its end. `socket`:
/// where it is now.
Result<Fd> listen_again(const Places& places, std::string& socket) {
  auto same = listen_unix(places.socket);
  if (same) socket = places.socket;
  if (same) return same;
  const std::string run = places.state + "/run";
  if (const auto made = make_private_directory(run); !made) return made.error();
  socket = run + "/service.sock";
  return listen_unix(socket);
}

int serve(const Places& places, const Settings& settings, bool stays, const Fd& lock, Fd& ready) {
  // SQLite would make it readable for all, as far as the directory lets them in.
  (void)open_file(store_path(places), O_RDWR | O_CREAT);
  auto store = Store::open({store_path(places), 0});
  if (!store) return not_ready(ready, store.error());
  // A store that was deleted may have left logs and outputs of jobs, which are not to be mixed with
  // those of others.
  if ((*store)->last_job() == 0) (*store)->number_after(JobFiles(places.state).newest_job().n);
  Loop loop;
  LoopWorld world(loop);
  const std::unique_ptr<Engine> engine = make_engine(loop, places, settings, (*store)->name());
  Courier courier(loop, settings.notify);
  const auto diary_file = diary_of(loop);
  if (!diary_file) return not_ready(ready, diary_file.error());
  JsonDiary* const diary = diary_file->get();
  Loop::WatchPtr ending;
  std::string socket = places.socket;
  Controller controller(world, **store, *engine,
                        {settings, login_name(::geteuid()), ::geteuid(), ::getpid(),
                         GANGLINE_VERSION, places.state, stays || places.for_all},
                        [&] {
                          ::unlink(socket.c_str());  // nobody is to come any more
                          ending = loop.after(last_words, [&] { loop.stop(); });
                        });
  if (const auto begun = controller.begin(); !begun) return not_ready(ready, begun.error());
  controller.tell_by(courier);
  if (diary) controller.keep_diary(*diary);

  auto callers = Callers::make(places.for_all ? settings.for_all : ForAllSettings{"", ""});
  if (!callers) return not_ready(ready, callers.error());
  auto listener = listen_unix(places.socket, places.for_all ? for_everybody : for_us);
  if (!listener) return not_ready(ready, listener.error());
  HttpServerSettings http;
  if (places.for_all) http.most_of_one_user = http.most_connections / 4;
  else http.only_uid = ::geteuid();
  http.version = GANGLINE_VERSION;
  const HttpHandler handler = [&](HttpRequest request, HttpReply reply) {
    // It closed its doors, and what it would begin now nobody would go on with.
    if (ending)
      return reply({503,
                    to_json(Error{ErrorKind::unavailable, "the service is ending", "",
                                  "the next command starts another"}),
                    {}});
    if (diary) reply = noted(*diary, request, std::move(reply));
    if (refuses_version_of(request, reply)) return;
    if (places.for_all) answer_one_of_all(controller, *callers, request, std::move(reply));
    else answer(controller, request, std::move(reply));
  };
  HttpServer server(loop, std::move(*listener), http, handler);
  std::optional<HttpServer> moved;
  write_holder(lock, socket);
  const auto term = loop.on_signal(SIGTERM, [&] { loop.stop(); });
  const auto interrupt = loop.on_signal(SIGINT, [&] { loop.stop(); });
  // Where somebody deleted the state, what is taken in here would be lost.
  const auto deleted = loop.every(looks_for_lock, [&] {
    if (!is_at(lock, lock_path(places))) return loop.stop();
    if (places.for_all || ending || ::access(socket.c_str(), F_OK) == 0) return;
    auto elsewhere = listen_again(places, socket);
    if (!elsewhere) return;
    moved.emplace(loop, std::move(*elsewhere), http, handler);
    write_holder(lock, socket);
  });
  if (ready.open()) tell_ready(ready);
  ready.reset();
  loop.run();
  controller.keep_readings();
  // Beside a new state there may be a new service, whose socket it is.
  if (is_at(lock, lock_path(places))) ::unlink(socket.c_str());
  return 0;
}

// This process's own, but for paths that mean something only here: the service starts in /.
std::vector<std::string> environment_of_service(const Places& places) {
  constexpr std::string_view config = "GANGLINE_CONFIG=";
  std::vector<std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry)
    if (!std::string_view(*entry).starts_with(config)) variables.emplace_back(*entry);
  if (places.config_is_named) variables.push_back(std::string(config) + places.config);
  return variables;
}

// Starts `gang internal-service` in the background; its sentence if it cannot serve.
Result<void> start_service(const Places& places) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return system_error("make a pipe", "start of the service", errno);
  Fd out(ends[0]);
  const Fd in(ends[1]);
  const std::string program = own_program();
  const std::string log = places.own + "/service.log";

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  posix_spawn_file_actions_adddup2(&actions, in.number(), 3);
  posix_spawn_file_actions_addchdir_np(&actions, "/");
  posix_spawn_file_actions_addclosefrom_np(&actions, 4);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::string words[] = {"gang", "internal-service"};
  char* argv[] = {words[0].data(), words[1].data(), nullptr};
  std::vector<std::string> variables = environment_of_service(places);
  std::vector<char*> environment;
  environment.reserve(variables.size() + 1);
  for (std::string& variable : variables) environment.push_back(variable.data());
  environment.push_back(nullptr);
  pid_t pid = 0;
  const int failed =
      ::posix_spawn(&pid, program.c_str(), &actions, &attributes, argv, environment.data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (failed != 0) return system_error("start the service", program, failed);
  const_cast<Fd&>(in).reset();  // NOLINT: the child holds its own

  StartNews news = hear_start(out);
  if (news.ready) return {};
  if (news.trouble.empty()) news.trouble = "it ended at once; its last words are in " + log;
  return Error{ErrorKind::unavailable, "the service does not start: " + news.trouble, "", ""};
}

}  // namespace

int run_service(const Places& places, bool stays, Fd ready) {
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGHUP, SIG_IGN);
  auto lock = try_lock(lock_path(places));
  if (!lock) return not_ready(ready, lock.error());
  if (!lock->open())
    return not_ready(ready, {ErrorKind::refused, std::string(runs_already), places.state, ""});
  write_holder(*lock, "");
  auto settings = read_settings(places);
  if (!settings) return not_ready(ready, settings.error());
  return serve(places, *settings, stays, *lock, ready);
}

namespace {

/// The service is not root, whoever asks for this. A file that is not there is none to read.
Result<void> may_read_as_service(const std::string& path) {
  const auto user = service_user();
  if (!user) return user.error();
  struct stat there {};
  if (::stat(path.c_str(), &there) != 0) return {};
  const mode_t needed = there.st_uid == user->uid   ? S_IRUSR
                        : there.st_gid == user->gid ? S_IRGRP
                                                    : S_IROTH;
  if ((there.st_mode & needed) != 0) return {};
  return Error{ErrorKind::denied, "the service, which is not root, may not read this", path,
               "chmod 644 " + path};
}

}  // namespace

Result<void> check_settings(const Places& places) {
  const auto settings = read_settings(places);
  if (!settings) return settings.error();
  if (!places.for_all) return {};
  if (auto callers = Callers::make(settings->for_all); !callers) {
    Error wrong = callers.error();
    wrong.where = places.config;
    return wrong;
  }
  return may_read_as_service(places.config);
}

bool has_ended(std::int64_t service, Span longest) {
  const Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(service), 0)));
  if (!pidfd.open()) return true;
  pollfd ended{pidfd.number(), POLLIN, 0};
  const Time until = now() + longest;
  int n = 0;
  do n = ::poll(&ended, 1, static_cast<int>(std::max((until - now()).us, std::int64_t{0}) / 1000));
  while (n < 0 && errno == EINTR);
  return n > 0;
}

namespace {

/// Starts one where none runs. Another command may be starting it at this moment, or an old one is
/// ending, or it runs and is out of reach: tried again later and later, at once when it has ended.
Result<Fd> start_and_connect(const Places& places) {
  const Time until = now() + longest_start;
  for (Span pause = first_pause;; pause = pause + pause) {
    const auto started = start_service(places);
    if (!started && started.error().what.find(runs_already) == std::string::npos)
      return started.error();
    const Time again = std::min(now() + pause, until);
    const bool was_there = may_run(read_holder(places));
    do {
      if (auto socket = connect_own(places)) return socket;
      ::usleep(between_looks_us);
    } while (now() < again && (!was_there || may_run(read_holder(places))));
    if (now() >= until || is_elsewhere(read_holder(places))) return runs_out_of_reach(places);
  }
}

}  // namespace

Result<Fd> connect_service(const Places& places, bool may_start) {
  auto socket = places.for_all ? connect_unix(places.socket) : connect_own(places);
  if (!socket && places.for_all && may_start && ::geteuid() == 0 &&
      socket.error().kind == ErrorKind::unavailable) {
    if (auto started = start_daemons(own_program()); !started) return started.error();
    return connect_unix(places.socket);
  }
  if (!socket && places.for_all && socket.error().kind == ErrorKind::unavailable)
    return Error{ErrorKind::unavailable, "the service for all people of this machine does not run",
                 places.socket,
                 "`gang daemon start`, as root, starts it; GANGLINE_SERVICE=own uses one of your "
                 "own"};
  if (socket || !may_start || places.for_all || socket.error().kind == ErrorKind::denied)
    return socket;
  return start_and_connect(places);
}

}  // namespace gangline
