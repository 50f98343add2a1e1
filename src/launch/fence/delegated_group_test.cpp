#include "launch/fence/delegated_group.h"

#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>

#include "launch/fence/cgroup.h"
#include "launch/fence/fake_root.h"
#include "launch/fence/standing.h"
#include "os/clock.h"

namespace gangline {
namespace {

const std::string group = "/sys/fs/cgroup/user/mine";

/// Version 2, where this process is in `group`.
void put_in(const FakeRoot& root, const std::string& within) {
  root.write("/proc/self/mountinfo", "41 31 0:38 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
  root.write("/proc/self/cgroup", "9:memory:/x\n0::/user/mine" + within + "\n");
  for (const char* file : {"/cgroup.procs", "/cgroup.subtree_control", "/cgroup.controllers"})
    root.write(group + file, "");
}

std::string word_of(const Result<void>& result) { return result ? "" : result.error().sentence(); }

TEST(DelegatedGroup, a_launcher_goes_into_a_leaf_of_the_group_that_was_handed_over) {
  const FakeRoot root;
  put_in(root, "");
  root.write(group + "/gangline-leaf/cgroup.procs", "");
  root.give_to(nobody);
  expect_as_nobody([&] {
    EXPECT_EQ(word_of(enter_delegated_group(root.path(), {})), "");
    EXPECT_EQ(root.read(group + "/gangline-leaf/cgroup.procs"), std::to_string(::getpid()));
    EXPECT_FALSE(in_delegated_group(root.path())) << "the fake tree has not moved it";
  });
  put_in(root, "/gangline-leaf");
  expect_as_nobody([&] { EXPECT_TRUE(in_delegated_group(root.path())); });
}

TEST(DelegatedGroup, the_program_that_has_started_it_goes_with_it) {
  const FakeRoot root;
  put_in(root, "");
  root.write(group + "/gangline-leaf/cgroup.procs", "");
  root.give_to(nobody);
  expect_as_nobody([&] {
    const std::string service = std::to_string(::getpid());
    root.write(group + "/cgroup.procs", service + "\n");
    const pid_t launcher = ::fork();
    if (launcher == 0) {
      EXPECT_EQ(word_of(enter_delegated_group(root.path(), {})), "");
      EXPECT_TRUE(root.read(group + "/gangline-leaf/cgroup.procs").starts_with(service))
          << "written last; a real group takes each for itself";
      ::_exit(testing::Test::HasFailure() ? 1 : 0);
    }
    int status = 0;
    ::waitpid(launcher, &status, 0);
    EXPECT_EQ(status, 0);
  });
}

TEST(DelegatedGroup, one_with_other_programs_in_it_is_refused_unless_that_is_all_there_is) {
  const FakeRoot root;
  put_in(root, "");
  root.write(group + "/cgroup.procs", "1\n");
  root.write(group + "/gangline-leaf/cgroup.procs", "");
  root.give_to(nobody);
  expect_as_nobody([&] {
    EXPECT_NE(word_of(enter_delegated_group(root.path(), {})).find("has other programs in it"),
              std::string::npos);
    EXPECT_EQ(root.read(group + "/gangline-leaf/cgroup.procs"), "");
    EXPECT_EQ(word_of(enter_delegated_group(root.path(), {false, true})), "");
  });
}

TEST(DelegatedGroup, one_of_somebody_else_is_refused) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs a user beside this one";
  const FakeRoot root;
  put_in(root, "");
  ::chmod(root.path().c_str(), 0755);
  expect_as_nobody([&] {
    EXPECT_NE(word_of(enter_delegated_group(root.path(), {})).find("is not this user's"),
              std::string::npos);
    EXPECT_FALSE(in_delegated_group(root.path()));
  });
}

TEST(DelegatedGroup, where_systemd_runs_a_group_that_it_did_not_hand_over_is_left_alone) {
  const FakeRoot root;
  put_in(root, "");
  root.write("/run/systemd/system/x", "");
  root.write(group + "/gangline-leaf/cgroup.procs", "");
  root.give_to(nobody);
  expect_as_nobody([&] {
    EXPECT_NE(word_of(enter_delegated_group(root.path(), {})).find("is not handed over by systemd"),
              std::string::npos);
    EXPECT_EQ(word_of(enter_delegated_group(root.path(), {true, true})), "")
        << "but one that was asked for is";
  });
}

NodePart part_with_memory(Bytes memory) {
  return {NodeId{0}, {TaskPlace{0, {}, CpuSet::of({0}), memory}}};
}

std::string fence_text(const RaisedFences& raised, const std::string& name) {
  for (const Fence& fence : raised.fences)
    if (fence.name == name) return (fence.holds ? "holds: " : "does not hold: ") + fence.how;
  return "none";
}

TEST(DelegatedGroup, tasks_get_groups_beside_the_leaf_with_what_was_handed_over_and_that_is_told) {
  const FakeRoot root;
  put_in(root, "/gangline-leaf");
  root.write(group + "/cgroup.controllers", "memory pids\n");
  root.write(group + "/cgroup.subtree_control", "memory\n");
  const std::string of_task = group + "/gangline-1.9@e.0";
  for (const char* file : {"/memory.max", "/memory.oom.group", "/cgroup.procs"})
    root.write(of_task + file, "");
  root.give_to(nobody);
  expect_as_nobody([&] {
    ::chmod((root.path() + group + "/cgroup.subtree_control").c_str(), 0644);
    Cgroups cgroups(root.path());
    cgroups.use_delegated_group("");
    // A real group refuses a controller that it was not given.
    std::filesystem::remove(root.path() + group + "/cgroup.subtree_control");
    std::filesystem::create_directory(root.path() + group + "/cgroup.subtree_control");
    RaisedFences raised = cgroups.raise({}, part_with_memory({0}), "1.9@e");
    EXPECT_EQ(raised.groups, (std::vector<std::vector<std::string>>{{root.path() + of_task}}))
        << "also a task that asks for nothing ends with its group";
    EXPECT_EQ(fence_text(raised, "cpus"),
              "does not hold: bound to them; a program can undo it (the control group that this "
              "user has gives no cpuset)");
    Cgroups::close_doors(raised);
  });
}

TEST(DelegatedGroup, a_limit_there_is_not_said_to_hold_because_whoever_has_the_group_can_undo_it) {
  const FakeRoot root;
  put_in(root, "/gangline-leaf");
  root.write(group + "/cgroup.controllers", "cpuset memory\n");
  root.write(group + "/cgroup.subtree_control", "cpuset memory\n");
  const std::string of_task = group + "/gangline-1.9@e.0";
  for (const char* file : {"/memory.max", "/memory.oom.group", "/cpuset.cpus", "/cgroup.procs"})
    root.write(of_task + file, "");
  root.give_to(nobody);
  expect_as_nobody([&] {
    Cgroups cgroups(root.path());
    cgroups.use_delegated_group("");
    RaisedFences raised = cgroups.raise({}, part_with_memory(mebibytes(64)), "1.9@e");
    EXPECT_EQ(root.read(of_task + "/memory.max"), "67108864");
    EXPECT_EQ(root.read(of_task + "/cpuset.cpus"), "0");
    EXPECT_EQ(fence_text(raised, "memory"),
              "does not hold: limited by memory control group (v2); a program can undo it");
    EXPECT_EQ(fence_text(raised, "cpus"),
              "does not hold: kept to them by cpuset control group (v2); a program can undo it");
    EXPECT_EQ(raised.doors.at(0).size(), 1u);
    Cgroups::close_doors(raised);
  });
}

TEST(DelegatedGroup, who_has_none_is_told_why_beside_each_fence) {
  const FakeRoot root;
  put_in(root, "");
  root.give_to(nobody);
  expect_as_nobody([&] {
    std::filesystem::permissions(root.path() + group, std::filesystem::perms::owner_read |
                                                          std::filesystem::perms::owner_exec);
    Cgroups cgroups(root.path());
    cgroups.use_delegated_group("systemd-run: no bus");
    const RaisedFences raised = cgroups.raise({}, part_with_memory(mebibytes(64)), "1.9@e");
    EXPECT_EQ(fence_text(raised, "memory"),
              "does not hold: counted, not limited (no control group for memory may be made here: "
              "systemd-run: no bus)");
    std::filesystem::permissions(root.path() + group, std::filesystem::perms::owner_all);
  });
}

/// A systemd-run of our own, first on PATH, in a root where systemd runs for this user.
class FakeSystemd {
 public:
  explicit FakeSystemd(const std::string& script) {
    root_.write("/run/systemd/system/x", "");
    root_.write("/run/user/" + std::to_string(::geteuid()) + "/x", "");
    root_.write("/var/lib/systemd/linger/" + name_of_user(), "");
    root_.write("/bin/systemd-run", "#!/bin/sh\n" + script + "\n");
    ::chmod((root_.path() + "/bin/systemd-run").c_str(), 0755);
    before_ = std::getenv("PATH");
    ::setenv("PATH", (root_.path() + "/bin:" + before_).c_str(), 1);
  }
  ~FakeSystemd() { ::setenv("PATH", before_.c_str(), 1); }
  FakeSystemd(const FakeSystemd&) = delete;
  FakeSystemd& operator=(const FakeSystemd&) = delete;

  const FakeRoot& root() const { return root_; }
  void let_user_go() const {
    std::filesystem::remove(root_.path() + "/var/lib/systemd/linger/" + name_of_user());
  }
  std::string ask(const std::string& command, Span longest = seconds(60)) const {
    return word_of(run_in_scope({"/bin/sh", "-c", command}, root_.path(), longest));
  }

 private:
  static std::string name_of_user() { return ::getpwuid(::geteuid())->pw_name; }  // NOLINT

  FakeRoot root_;
  std::string before_;
};

TEST(AskSystemd, the_words_are_run_in_a_scope_that_is_handed_over) {
  const FakeSystemd systemd(
      "echo \"$XDG_RUNTIME_DIR $*\" > ${0%/bin/*}/asked\n"
      "while [ \"$1\" != -- ]; do shift; done; shift; exec \"$@\"");
  EXPECT_EQ(systemd.ask("echo ran > " + systemd.root().path() + "/ran"), "");
  EXPECT_EQ(systemd.root().read("/ran"), "ran\n");
  const std::string asked = systemd.root().read("/asked");
  EXPECT_TRUE(asked.starts_with(systemd.root().path() + "/run/user/" + std::to_string(::geteuid()) +
                                " --user --scope "))
      << asked;
  EXPECT_NE(asked.find(" -p Delegate=yes "), std::string::npos) << asked;
}

TEST(AskSystemd, a_refusal_is_told_in_its_own_words) {
  const FakeSystemd systemd("echo 'Failed to connect to bus: No medium found' >&2; exit 1");
  EXPECT_EQ(systemd.ask("true"), "systemd-run: Failed to connect to bus: No medium found");
}

TEST(AskSystemd, one_that_hangs_is_not_waited_for_and_nothing_of_it_is_left) {
  const FakeSystemd systemd("echo $$ > ${0%/bin/*}/pid; echo wait >&2; sleep 1000");
  EXPECT_EQ(systemd.ask("true", milliseconds(500)), "systemd-run did not answer in 0.5s");
  const std::string pid = systemd.root().read("/pid");
  const bool is_left = pid != "(missing)" && ::kill(std::stoi(pid), 0) == 0;
  EXPECT_FALSE(is_left);
}

TEST(AskSystemd, without_systemd_or_its_program_or_a_user_of_it_nothing_is_asked) {
  const FakeRoot bare;
  EXPECT_EQ(word_of(run_in_scope({"true"}, bare.path(), seconds(60))),
            "no systemd runs here that could be asked for a control group");
  bare.write("/run/systemd/system/x", "");
  EXPECT_NE(word_of(run_in_scope({"true"}, bare.path(), seconds(60))).find("enable-linger"),
            std::string::npos);
  const FakeSystemd systemd("exit 0");
  std::filesystem::remove(systemd.root().path() + "/bin/systemd-run");
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", (systemd.root().path() + "/bin").c_str(), 1);
  EXPECT_EQ(systemd.ask("true"), "there is no program systemd-run on PATH");
  ::setenv("PATH", path.c_str(), 1);
}

TEST(AskSystemd, one_that_ends_at_logout_is_not_asked_because_gangs_would_end_with_it) {
  const FakeSystemd systemd("exit 0");
  systemd.let_user_go();
  EXPECT_NE(systemd.ask("true").find("ends at logout; `loginctl enable-linger`"),
            std::string::npos);
}

TEST(AskSystemd, whoever_has_a_group_already_asks_nobody) {
  const FakeSystemd systemd("touch ${0%/bin/*}/asked; exit 1");
  const FakeRoot root;
  put_in(root, "");
  root.write(group + "/gangline-leaf/cgroup.procs", "");
  root.give_to(nobody);
  expect_as_nobody([&] {
    const LauncherStand standing = take_standing({root.path(), false, {"/bin/false"}});
    EXPECT_FALSE(standing.started_in_scope);
    EXPECT_EQ(standing.why_no_group, "");
  });
  EXPECT_EQ(systemd.root().read("/asked"), "(missing)");
}

TEST(AskSystemd, a_launcher_in_its_scope_never_asks_again) {
  const FakeSystemd systemd("touch ${0%/bin/*}/asked; exit 0");
  const LauncherStand standing = take_standing({systemd.root().path(), true, {"/bin/false"}});
  EXPECT_FALSE(standing.started_in_scope);
  EXPECT_EQ(standing.why_no_group, "this system has no control groups of version 2");
  EXPECT_EQ(systemd.root().read("/asked"), "(missing)");
}

}  // namespace
}  // namespace gangline
