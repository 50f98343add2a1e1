// Tasks of another person, started as root: by the starter, without a launcher around it.
#include "launch/start/person_start.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "launch/start/start_failure.h"
#include "launch/start/starter_order.h"
#include "launch/start/starter_plan.h"
#include "os/file.h"

namespace gangline {
namespace {

constexpr std::uint32_t somebody = 65534;
constexpr std::uint32_t one_group = 12345;

std::string text_of_file(const std::string& path) {
  const auto text = read_file(path);
  return text ? *text : "";
}

class PersonsTasks : public testing::Test {
 protected:
  PersonsTasks() {
    sigset_t broken_pipe;  // as in a launcher
    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    ::sigprocmask(SIG_BLOCK, &broken_pipe, nullptr);
    char name[] = "/tmp/gangline-starter-XXXXXX";
    path_ = ::mkdtemp(name);
    ::chmod(path_.c_str(), 0755);
    Person person;
    person.uid = person.gid = somebody;
    person.groups = {one_group};
    person.umask = 027;
    recipe_.gang = {{1}, 0};
    recipe_.person = std::make_shared<const Person>(person);
    recipe_.log_group = 0;
  }
  ~PersonsTasks() override {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root starts tasks of others";
  }

  TaskRecipe& add(const std::string& script) {
    TaskRecipe task;
    task.rank = static_cast<std::uint32_t>(recipe_.tasks.size());
    task.program = "/bin/sh";
    task.words = {"sh", "-c", script};
    task.inherited = std::make_shared<const std::vector<std::string>>(
        std::vector<std::string>{"PATH=/usr/bin:/bin"});
    task.dir = "/";
    task.output_log = path_ + "/" + std::to_string(task.rank) + ".out";
    task.error_log = path_ + "/" + std::to_string(task.rank) + ".err";
    recipe_.tasks.push_back(std::move(task));
    return recipe_.tasks.back();
  }
  std::string out(std::uint32_t rank) const {
    return text_of_file(path_ + "/" + std::to_string(rank) + ".out");
  }

  /// What a starter cannot cut, so that the process is a fork of the launcher. It is there already.
  PieceToCut piece() const {
    std::ofstream(path_ + "/piece") << "abc";
    PieceToCut piece;
    piece.end = 3;
    piece.to = path_ + "/piece";
    return piece;
  }

  /// Lets the gang go as soon as it may be, and waits for its processes. Why not all of it ran.
  std::string run(const std::vector<CgroupDoors>& doors = {}) {
    PersonStart start(recipe_, doors);
    while (start.state() == PersonStart::State::preparing) {
      pollfd waiting{start.fd(), POLLIN, 0};
      EXPECT_EQ(::poll(&waiting, 1, 30'000), 1);
      start.hear();
    }
    ready_ = start.state() == PersonStart::State::ready;
    if (ready_) start.let_go();
    for (const std::int64_t pid : start.pids())
      if (pid > 0) ::waitpid(static_cast<pid_t>(pid), &status_, 0);
    start.hear();
    EXPECT_EQ(start.state(), PersonStart::State::over);
    return start.failure();
  }

  std::string path_;
  GangRecipe recipe_;
  bool ready_ = false;
  int status_ = 0;
};

TEST_F(PersonsTasks, an_order_to_the_starter_comes_as_it_was_given) {
  StarterOrder order;
  order.uid = 0xfedcba98u;
  order.doors = {7, StarterOrder::no_door, 0x7fffffff, 0};
  const StarterOrderText text = text_of(order);
  StarterOrder read;
  ASSERT_TRUE(read_order(text.data(), read));
  EXPECT_EQ(text_of(read), text);
  StarterOrderText wrong = text;
  wrong[3] = 'q';
  EXPECT_FALSE(read_order(wrong.data(), read));
  std::string longer(text.data());
  EXPECT_FALSE(read_order((longer + "a").c_str(), read));
}

TEST_F(PersonsTasks, a_task_has_the_uid_groups_umask_and_directory_of_its_person) {
  ASSERT_GE(starter_program(), 0);
  add("id -u; id -g; id -G; umask; pwd; echo $$ $(cut -d' ' -f6 /proc/$$/stat)").dir = "/usr";
  EXPECT_EQ(run(), "");
  EXPECT_TRUE(ready_);
  const std::string text = out(0);
  EXPECT_TRUE(text.starts_with("65534\n65534\n65534 12345\n0027\n/usr\n")) << text;
  const std::string last = text.substr(text.rfind('\n', text.size() - 2) + 1);
  const std::string pid = last.substr(0, last.find(' '));
  EXPECT_EQ(last, pid + " " + pid + "\n") << "it leads a session";
  struct stat log {};
  ASSERT_EQ(::stat(recipe_.tasks[0].output_log.c_str(), &log), 0);
  EXPECT_EQ(log.st_uid, somebody);
  EXPECT_EQ(log.st_mode & 0777u, 0640u);
}

TEST_F(PersonsTasks, a_task_has_its_leases_open_and_nothing_else) {
  const Fd lease(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const Fd secret(::open("/dev/zero", O_RDONLY));  // forgotten by somebody
  TaskRecipe& task = add("cd /proc/self/fd; for f in *; do [ -e $f ] && readlink $f; done; true");
  task.kept_files = {lease.number()};
  EXPECT_EQ(run(), "");
  EXPECT_EQ(out(0).find("/dev/zero"), std::string::npos) << out(0);
  EXPECT_EQ(out(0).find("pipe:"), std::string::npos) << out(0);
  EXPECT_EQ(out(0).find("memfd"), std::string::npos) << out(0);
  EXPECT_NE(out(0).find("/dev/null\n" + recipe_.tasks[0].output_log), std::string::npos) << out(0);
  EXPECT_NE(out(0).rfind("/dev/null"), out(0).find("/dev/null")) << "the lease: " << out(0);
}

TEST_F(PersonsTasks, it_enters_its_groups_before_it_is_the_persons) {
  const std::string file = path_ + "/door";
  const Fd door(::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  add("true");
  EXPECT_EQ(run({{door.number()}}), "");
  EXPECT_EQ(text_of_file(file), "0");
  recipe_.tasks.clear();
  const Fd shut(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  add("echo ran");
  EXPECT_EQ(run({{shut.number()}}), "cannot enter its control group: Bad file descriptor");
  EXPECT_EQ(out(0), "");
}

TEST_F(PersonsTasks, a_missing_directory_and_a_missing_program_are_named) {
  add("echo ran").dir = "/no/such";
  EXPECT_EQ(run(), "cannot change to its directory /no/such: No such file or directory");
  recipe_.tasks.clear();
  add("echo ran").program = "/no/program";
  EXPECT_EQ(run(), "cannot run its program /no/program: No such file or directory");
  EXPECT_EQ(WTERMSIG(status_), ends_without_program);
  EXPECT_EQ(out(0), "");
}

TEST_F(PersonsTasks, what_is_closed_to_the_person_is_closed_to_the_task) {
  const std::string inside = path_ + "/closed";
  ASSERT_EQ(::mkdir(inside.c_str(), 0700), 0);
  add("echo ran").dir = inside;
  EXPECT_EQ(run(), "cannot change to its directory " + inside + ": Permission denied");
}

TEST_F(PersonsTasks, the_first_of_several_programs_that_can_be_run_is) {
  const std::string script = path_ + "/plain";
  std::ofstream(script) << "echo shell \"$@\"\n";
  ::chmod(script.c_str(), 0755);
  TaskRecipe& task = add("");
  task.candidates = {"/no/such", "/etc/passwd/x", "/etc/passwd", script, "/bin/false"};
  task.words = {"plain", "a b", ""};
  EXPECT_EQ(run(), "");
  EXPECT_EQ(out(0), "shell a b \n");
  recipe_.tasks[0].candidates = {"/no/such", "/etc/passwd", "/no/other"};
  EXPECT_NE(run().find("Permission denied"), std::string::npos) << "not that it is missing";
}

TEST_F(PersonsTasks, a_word_that_is_too_long_is_told_before_anything_runs) {
  add("true").words.push_back(std::string(200'000, 'x'));
  EXPECT_EQ(run(),
            "cannot run its program /bin/sh: a word of its command has 200000 bytes, and "
            "Linux takes at most 131071 in one; hand it over in a file");
  EXPECT_FALSE(ready_);
}

TEST_F(PersonsTasks, of_a_gang_of_several_none_runs_where_one_cannot) {
  add("echo ran");
  add("echo ran").dir = "/no/such";
  EXPECT_EQ(run(), "rank 1 cannot change to its directory /no/such: No such file or directory");
  EXPECT_FALSE(ready_);
  EXPECT_EQ(out(0) + out(1), "");
}

TEST_F(PersonsTasks, a_gang_of_several_runs_together) {
  for (int i = 0; i < 5; ++i) add("id -u");
  EXPECT_EQ(run(), "");
  for (std::uint32_t rank = 0; rank < 5; ++rank) EXPECT_EQ(out(rank), "65534\n");
}

TEST_F(PersonsTasks, of_a_launcher_killed_before_the_gate_none_runs_nor_ends_with_a_code) {
  add("echo ran");
  add("echo ran");
  ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);  // the guardian
  for (const bool by_starter : {true, false}) {
    if (!by_starter) recipe_.piece = piece();
    const pid_t launcher = ::fork();
    if (launcher == 0) {
      PersonStart start(recipe_, {});
      while (start.state() == PersonStart::State::preparing) {
        pollfd waiting{start.fd(), POLLIN, 0};
        ::poll(&waiting, 1, 30'000);
        start.hear();
      }
      ::raise(SIGKILL);
    }
    int ended = 0, status = 0;
    for (; ::waitpid(-1, &status, 0) > 0; ++ended)
      EXPECT_TRUE(WIFSIGNALED(status) &&
                  (WTERMSIG(status) == SIGKILL || WTERMSIG(status) == ends_without_program))
          << status;
    EXPECT_EQ(ended, 3);
    EXPECT_EQ(out(0) + out(1), "");
  }
  ::prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST_F(PersonsTasks, nothing_is_ever_run_as_root) {
  Person root;
  recipe_.person = std::make_shared<const Person>(root);
  add("echo ran");
  EXPECT_EQ(run(), "cannot become the user who submitted it: Operation not permitted");
  EXPECT_EQ(out(0), "");
}

}  // namespace
}  // namespace gangline
