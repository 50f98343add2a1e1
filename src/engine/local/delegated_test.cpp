// A service of one's own whose user is not root, in a control group of version 2 that was handed
// over: real groups, which root makes for the user nobody, as a system does for its users. What
// needs controllers is left out where version 2 has none.
#include <gtest/gtest.h>
#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/text.h"
#include "engine/local/local_world.h"
#include "launch/fence/fake_root.h"

namespace gangline {
namespace {

/// Where version 2 is mounted here; empty: nowhere.
std::string mount_of_version_2() {
  for (const char* path : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"})
    if (::access((std::string(path) + "/cgroup.controllers").c_str(), F_OK) == 0) return path;
  return {};
}

bool write_to(const std::string& path, const std::string& value) {
  auto file = open_file(path, O_WRONLY);
  return file && write_all(file->number(), value, path).ok();
}

std::string group_of(std::int64_t pid) {
  const auto text = read_file("/proc/" + std::to_string(pid) + "/cgroup");
  if (!text) return "";
  for (const std::string_view line : split(*text, '\n'))
    if (line.starts_with("0::")) return std::string(line.substr(3));
  return "";
}

/// TOP with TOP/session, in which the service is, all of it nobody's; and a root below which only
/// this is seen.
class HandedOver {
 public:
  HandedOver() {
    if (::geteuid() != 0) why_not_ = "only root can hand a group over";
    mount_ = mount_of_version_2();
    if (mount_.empty()) why_not_ = "version 2 is mounted nowhere here";
    if (!why_not_.empty()) return;
    top_ = mount_ + "/handed-over-" + std::to_string(::getpid());
    if (::mkdir(top_.c_str(), 0755) != 0) {
      why_not_ = "no group can be made in " + mount_;
      return;
    }
    for (const char* controller : {"memory", "cpuset"}) {
      const std::string control = mount_ + "/cgroup.subtree_control";
      const auto given = read_file(control);
      if (given && given->find(controller) != std::string::npos) continue;
      if (write_to(control, std::string("+") + controller)) lent_.emplace_back(controller);
    }
    const auto there = read_file(top_ + "/cgroup.controllers");
    has_memory_ = there && there->find("memory") != std::string::npos &&
                  write_to(top_ + "/cgroup.subtree_control", "+memory");
    if (there && there->find("cpuset") != std::string::npos)
      (void)write_to(top_ + "/cgroup.subtree_control", "+cpuset");
    ::mkdir((top_ + "/session").c_str(), 0755);
    for (const std::string& group : {top_, top_ + "/session"})
      for (const char* file : {"", "/cgroup.procs", "/cgroup.subtree_control", "/cgroup.threads"})
        if (::chown((group + file).c_str(), nobody, nobody) != 0) why_not_ = "chown failed";

    if (name_of_session() != name() + "/session")
      why_not_ = "groups have other names here than where they are mounted";
    if (!nobody_can_run_this()) why_not_ = "another user cannot reach this program";
    root_.write("/proc/self/mountinfo", "41 31 0:38 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    std::filesystem::create_symlink("/proc/self/cgroup", root_.path() + "/proc/self/cgroup");
    std::filesystem::create_directories(root_.path() + "/sys/fs");
    std::filesystem::create_symlink(mount_, root_.path() + "/sys/fs/cgroup");
    root_.give_to(nobody);
    ::setenv("GANGLINE_TEST_CGROUPS", root_.path().c_str(), 1);
  }
  ~HandedOver() {
    ::unsetenv("GANGLINE_TEST_CGROUPS");
    if (top_.empty()) return;
    const Span until = since_boot() + seconds(20);
    while (!remove_groups() && since_boot() < until) ::usleep(1000);
    EXPECT_FALSE(std::filesystem::exists(top_)) << "somebody is still in there";
    for (const std::string& controller : lent_)
      (void)write_to(mount_ + "/cgroup.subtree_control", "-" + controller);
  }
  HandedOver(const HandedOver&) = delete;
  HandedOver& operator=(const HandedOver&) = delete;

  const std::string& why_not() const { return why_not_; }
  bool has_memory() const { return has_memory_; }
  const std::string& top() const { return top_; }
  const FakeRoot& root() const { return root_; }
  /// `top` as /proc tells it.
  std::string name() const { return top_.substr(mount_.size()); }

  /// In a child that is nobody and in TOP/session, and finds a systemd-run where there is one.
  template <class What>
  void expect(What what) const {
    expect_as_nobody(what, [&] {
      if (!write_to(top_ + "/session/cgroup.procs", "0")) ::_exit(98);
      ::setenv("PATH", (root_.path() + "/bin:/usr/bin:/bin").c_str(), 1);
    });
  }
  /// A systemd of this user, whose systemd-run does what `script` says.
  void have_systemd(const std::string& script) const {
    root_.write("/run/systemd/system/x", "");
    root_.write("/run/user/" + std::to_string(nobody) + "/x", "");
    root_.write(std::string("/var/lib/systemd/linger/") + ::getpwuid(nobody)->pw_name,  // NOLINT
                "");
    root_.write("/bin/systemd-run", "#!/bin/sh\nTOP=" + top_ + "\n" + script + "\n");
    ::chmod((root_.path() + "/bin/systemd-run").c_str(), 0755);
    root_.give_to(nobody);
  }

 private:
  /// As who is in it sees it.
  std::string name_of_session() const {
    int ends[2];
    if (::pipe(ends) != 0) return {};
    if (const pid_t pid = ::fork(); pid == 0) {
      (void)write_to(top_ + "/session/cgroup.procs", "0");
      (void)write_all(ends[1], group_of(::getpid()), "pipe").ok();
      ::_exit(0);
    } else {
      ::waitpid(pid, nullptr, 0);
    }
    char text[4096];
    const ssize_t n = ::close(ends[1]) == 0 ? ::read(ends[0], text, sizeof text) : -1;
    ::close(ends[0]);
    return n > 0 ? std::string(text, static_cast<std::size_t>(n)) : std::string();
  }
  static bool nobody_can_run_this() {
    std::error_code unknown;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", unknown);
    const pid_t pid = ::fork();
    if (pid == 0) {
      if (::setgroups(0, nullptr) != 0 || ::setgid(nobody) != 0 || ::setuid(nobody) != 0)
        ::_exit(1);
      ::_exit(::access(program.c_str(), X_OK) == 0 ? 0 : 1);
    }
    int status = 1;
    ::waitpid(pid, &status, 0);
    return status == 0;
  }
  /// Deepest first; true when nothing is left.
  bool remove_groups() const {
    std::vector<std::string> groups{top_};
    std::error_code ignored;
    for (std::filesystem::recursive_directory_iterator at(top_, ignored), end; at != end;
         at.increment(ignored))
      if (at->is_directory(ignored)) groups.push_back(at->path());
    for (auto group = groups.rbegin(); group != groups.rend(); ++group) ::rmdir(group->c_str());
    return !std::filesystem::exists(top_, ignored);
  }

  FakeRoot root_;
  std::string mount_, top_, why_not_;
  std::vector<std::string> lent_;
  bool has_memory_ = false;
};

/// A service in a world of its own, and what became of one gang.
class OwnService {
 public:
  LocalWorld& world() { return world_; }
  void start(JobId job, const std::string& script, Bytes memory = {}) {
    StartOrder order = LocalWorld::order_of(job, 1, Command{true, {script}});
    Allocation allocation = *order.allocation;
    allocation.parts[0].tasks[0].memory = memory;
    order.allocation = std::make_shared<const Allocation>(allocation);
    orders_.push_back(order);
    world_.engine().start(order);
  }
  void listen() {
    const auto news = world_.engine().poll(now());
    if (!news.cursor.empty()) cursor_ = news.cursor;
    for (const Event& event : news.events) {
      if (const auto* started = std::get_if<GangStarted>(&event.body)) fences_ = started->fences;
      if (const auto* ended = std::get_if<GangEnded>(&event.body)) ending_ = ended->ending;
    }
  }
  bool wait_for_end() {
    return world_.run_until([&] {
      listen();
      return ending_.has_value();
    });
  }
  /// Once the task has written it.
  std::string wait_for_line(JobId job) {
    std::string line;
    (void)world_.run_until([&] {
      listen();
      line = log(job);
      return line.ends_with('\n');
    });
    return std::string(trim(line));
  }
  std::string log(JobId job) {
    auto log = world_.engine().read_log({{job, 0}, 1, 0, false, 0, 1 << 20});
    return log ? log->bytes : "";
  }
  /// As if the service had been killed and started again.
  void restart() { world_.restart(cursor_, ending_ ? std::vector<StartOrder>{} : orders_); }
  std::string fences() const {
    std::string text;
    for (const Fence& fence : fences_)
      text += fence.name + (fence.holds ? " holds: " : ": ") + fence.how + "\n";
    return text;
  }
  const std::optional<Ending>& ending() const { return ending_; }

 private:
  LocalWorld world_;
  std::vector<StartOrder> orders_;
  std::vector<Fence> fences_;
  std::optional<Ending> ending_;
  std::string cursor_;
};

constexpr const char* tell_group = "sed -n s/^0:://p /proc/self/cgroup; ";

TEST(Delegated, a_gang_has_a_group_of_its_own_beside_the_launcher_and_all_of_it_ends_with_it) {
  const HandedOver place;
  if (!place.why_not().empty()) GTEST_SKIP() << place.why_not();
  place.expect([&] {
    OwnService service;
    const std::string file = service.world().path() + "/pids";
    // Who gives up session, parent and environment is not seen but by the group.
    service.start({1}, std::string(tell_group) + "env -i setsid -f sh -c 'echo $$ > " + file +
                           "; exec /bin/sleep 1000' </dev/null >/dev/null 2>&1; "
                           "while ! [ -s " +
                           file + " ]; do sleep 0.01; done");
    ASSERT_TRUE(service.wait_for_end());
    const std::string group = std::string(trim(service.log({1})));
    EXPECT_TRUE(group.starts_with(place.name() + "/session/gangline-1.")) << group;
    EXPECT_EQ(group_of(ask_launcher(service.world().path())),
              place.name() + "/session/gangline-leaf");
    EXPECT_EQ(group_of(::getpid()), place.name() + "/session/gangline-leaf")
        << "the service is none of the processes in an inner group either";
    const auto pids = service.world().lines_of("pids");
    ASSERT_EQ(pids.size(), 1u);
    EXPECT_FALSE(read_process(std::stoll(pids[0]))) << "it has got away";
    EXPECT_TRUE(service.world().run_until(
        [&] { return !std::filesystem::exists(place.top() + group.substr(place.name().size())); }));
    EXPECT_EQ(service.fences().find("holds"), std::string::npos) << service.fences();
  });
}

constexpr const char* take_memory = "head -c 200M /dev/zero | tail -c 200M | wc -c";

TEST(Delegated, a_task_over_its_memory_is_ended_and_told_so) {
  const HandedOver place;
  if (!place.why_not().empty()) GTEST_SKIP() << place.why_not();
  if (!place.has_memory()) GTEST_SKIP() << "version 2 has no memory controller here";
  place.expect([&] {
    OwnService service;
    service.start({1}, take_memory, mebibytes(64));
    ASSERT_TRUE(service.wait_for_end());
    EXPECT_EQ(service.ending()->cause, EndCause::out_of_memory) << service.fences();
    EXPECT_NE(service.fences().find("memory: limited by memory control group (v2); a program can "
                                    "undo it"),
              std::string::npos)
        << service.fences();
  });
}

TEST(Delegated, a_program_can_undo_its_limit_of_memory) {
  const HandedOver place;
  if (!place.why_not().empty()) GTEST_SKIP() << place.why_not();
  if (!place.has_memory()) GTEST_SKIP() << "version 2 has no memory controller here";
  place.expect([&] {
    OwnService service;
    service.start({1},
                  "g=" + place.root().path() +
                      "/sys/fs/cgroup$(sed -n s/^0:://p /proc/self/cgroup)"
                      "; echo max > $g/memory.max; echo max > $g/memory.swap.max; " +
                      take_memory,
                  mebibytes(64));
    ASSERT_TRUE(service.wait_for_end());
    EXPECT_EQ(service.ending()->cause, EndCause::done) << "then the limit may be said to hold";
  });
}

// Of the user's own systemd: a scope beside the session, for whoever asks.
constexpr const char* makes_scope =
    "s=$TOP/run-$$.scope; mkdir $s && echo $$ > $s/cgroup.procs || exit 1\n"
    "while [ \"$1\" != -- ]; do shift; done; shift; exec \"$@\"";

TEST(Delegated, a_launcher_in_a_scope_outlives_its_service_and_the_next_one_finds_it) {
  const HandedOver place;
  if (!place.why_not().empty()) GTEST_SKIP() << place.why_not();
  place.have_systemd(makes_scope);
  place.expect([&] {
    OwnService service;
    service.start({1}, std::string(tell_group) + "sleep 1000");
    const std::string group = service.wait_for_line({1});
    EXPECT_TRUE(group.starts_with(place.name() + "/run-")) << group;
    EXPECT_NE(group.find(".scope/gangline-1."), std::string::npos) << group;
    const std::int64_t launcher = ask_launcher(service.world().path());
    EXPECT_TRUE(group_of(launcher).ends_with(".scope/gangline-leaf")) << group_of(launcher);
    EXPECT_EQ(group_of(::getpid()), place.name() + "/session") << "nobody else is moved";
    service.restart();
    service.world().engine().stop({{{1}, 0}, EndCause::stopped, "", true});
    ASSERT_TRUE(service.wait_for_end());
    EXPECT_EQ(ask_launcher(service.world().path()), launcher);
  });
}

TEST(Delegated, a_launcher_in_another_scope_ends_what_an_earlier_one_left_and_touches_no_other) {
  const HandedOver place;
  if (!place.why_not().empty()) GTEST_SKIP() << place.why_not();
  place.have_systemd(makes_scope);
  place.expect([&] {
    OwnService service;
    LocalWorld& world = service.world();
    // 1. One gang is over, and one runs.
    service.start({1}, "true");
    ASSERT_TRUE(service.wait_for_end());
    service.start({2},
                  std::string(tell_group) + "echo $$ > " + world.path() + "/task; exec sleep 1000");
    const std::string running =
        place.top() + service.wait_for_line({2}).substr(place.name().size());
    const std::string scope = running.substr(0, running.rfind('/'));
    const std::string epoch =
        running.substr(running.find('@') + 1, running.rfind('.') - running.find('@') - 1);
    // 2. What is left where both are killed at a bad moment: of the first, a process; of a gang
    // that nobody knows, an empty group; and another service's, with a process.
    const std::string of_first = scope + "/gangline-1.9@" + epoch + ".0";
    const std::string of_unknown = scope + "/gangline-77.9@" + epoch + ".0";
    const std::string of_other = scope + "/gangline-1.9@feed.0";
    const std::string busy_unknown = scope + "/gangline-78.9@" + epoch + ".0";
    std::vector<pid_t> sleepers;
    for (const std::string& group : {of_first, of_other, of_unknown, busy_unknown}) {
      ASSERT_EQ(::mkdir(group.c_str(), 0755), 0) << group;
      if (group == of_unknown) continue;
      const pid_t pid = ::fork();
      if (pid == 0) {
        if (!write_to(group + "/cgroup.procs", "0")) ::_exit(1);
        ::execl("/bin/sleep", "sleep", "1000", nullptr);
        ::_exit(1);
      }
      sleepers.push_back(pid);
      const std::string name = place.name() + group.substr(place.top().size());
      ASSERT_TRUE(world.run_until([&] { return group_of(pid) == name; }));
    }
    const std::int64_t before = ask_launcher(world.path());
    // The guardian is the launcher's parent.
    const auto entry = read_process(before);
    ASSERT_TRUE(entry);
    ASSERT_EQ(::kill(static_cast<pid_t>(entry->parent), SIGSTOP), 0);
    ASSERT_EQ(::kill(static_cast<pid_t>(before), SIGKILL), 0);
    ASSERT_EQ(::kill(static_cast<pid_t>(entry->parent), SIGKILL), 0);

    // 3. The next one stands elsewhere.
    std::int64_t after = 0;
    ASSERT_TRUE(world.run_until([&] {
      service.listen();
      after = ask_launcher(world.path());
      return after > 0 && after != before;
    }));
    EXPECT_NE(group_of(after), place.name() + scope.substr(place.top().size()) + "/gangline-leaf");
    EXPECT_TRUE(world.run_until([&] {
      return !std::filesystem::exists(of_first) && !std::filesystem::exists(of_unknown);
    }));
    int status = 0;
    EXPECT_EQ(::waitpid(sleepers[0], &status, 0), sleepers[0]);
    EXPECT_TRUE(WIFSIGNALED(status)) << "it was of a gang that is over";
    for (const std::size_t other : {std::size_t{1}, std::size_t{2}}) {
      EXPECT_EQ(::waitpid(sleepers[other], &status, WNOHANG), 0)
          << "it was another service's, or of a gang that the journal does not know";
      ::kill(sleepers[other], SIGKILL);
      ::waitpid(sleepers[other], &status, 0);
    }

    // 4. The gang that ran goes on, and ends with its group in the first one's scope.
    EXPECT_TRUE(std::filesystem::exists(running));
    world.engine().stop({{{2}, 0}, EndCause::stopped, "", true});
    EXPECT_TRUE(world.run_until([&] {
      service.listen();
      return !std::filesystem::exists(running);
    }));
  });
}

TEST(Delegated, where_systemd_refuses_gangs_run_as_before_and_are_told_why) {
  const HandedOver place;
  if (!place.why_not().empty()) GTEST_SKIP() << place.why_not();
  place.have_systemd("echo 'no scopes today' >&2; exit 1");
  // Another program in the group: then it is not taken without asking.
  const pid_t sleeper = ::fork();
  if (sleeper == 0) {
    if (!write_to(place.top() + "/session/cgroup.procs", "0")) ::_exit(1);
    ::execl("/bin/sleep", "sleep", "1000", nullptr);
    ::_exit(1);
  }
  place.expect([&] {
    OwnService service;
    service.start({1}, tell_group, mebibytes(64));
    ASSERT_TRUE(service.wait_for_end());
    EXPECT_EQ(service.ending()->cause, EndCause::done);
    EXPECT_EQ(service.log({1}), place.name() + "/session\n");
    EXPECT_NE(service.fences().find("memory: counted, not limited (no control group for memory may "
                                    "be made here: systemd-run: no scopes today)"),
              std::string::npos)
        << service.fences();
  });
  ::kill(sleeper, SIGKILL);
  ::waitpid(sleeper, nullptr, 0);
}

}  // namespace
}  // namespace gangline
