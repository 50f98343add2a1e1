// The service behind the commands: how it starts, ends, is found again, and who speaks with it.
#include <fcntl.h>
#include <sys/stat.h>

#include <deque>
#include <filesystem>

#include "json/json.h"
#include "machine.h"
#include "os/file.h"

namespace gangline {
namespace {

constexpr const char* hold = "echo $GANG_GANG >> began; while ! [ -e go ]; do sleep 0.01; done";

TEST(Service, TwentyCommandsAtOnceStartOneServiceAndAllAreAnswered) {
  const Machine machine;
  std::deque<Beside> commands;
  for (int i = 0; i < 20; ++i) commands.push_back(machine.gang_beside({"daemon", "start", "-q"}));
  std::string pid;
  for (Beside& command : commands) {
    const Ran ran = command.wait();
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(ran.err, "");
    if (pid.empty()) pid = ran.out;
    EXPECT_EQ(ran.out, pid);
  }
}

TEST(Service, ItEndsByItselfWhenIdleAndTheNextCommandFindsAll) {
  const Machine machine;
  machine.write("config.toml", "idle_exit = '1s'\n");
  EXPECT_EQ(machine.gang({"run", "--", "echo", "hi"}).out, "hi\n");
  EXPECT_TRUE(becomes_true([&] { return machine.processes().empty(); }));
  EXPECT_EQ(machine.gang({"logs", "1"}).out, "hi\n");
  EXPECT_EQ(machine.show("1").summary.ended_well, 1u);
}

TEST(Service, ItDoesNotEndWhileAGangRunsNorWhenToldToStay) {
  const Machine machine;
  machine.write("config.toml", "idle_exit = '1s'\n");
  const std::string job = machine.submit({"--", "sleep", "2"});
  const pid_t service = machine.service();
  EXPECT_EQ(machine.wait(job), 0);
  EXPECT_EQ(machine.service(), service);
  EXPECT_EQ(machine.gang({"daemon", "start", "--stay"}).code, 0);
  EXPECT_FALSE(becomes_true([&] { return machine.service() == 0; }, milliseconds(2500)));
  EXPECT_EQ(machine.gang({"daemon", "stop"}).code, 0);
  EXPECT_TRUE(becomes_true([&] { return machine.service() == 0; }));
}

TEST(Service, GangsGoOnWhileNoServiceRunsAndTheirEndIsKnownToTheNext) {
  const Machine machine;
  const std::string job = machine.submit({"--", "sh", "-c", hold});
  ASSERT_TRUE(becomes_true([&] { return machine.lines("began").size() == 1; }));
  EXPECT_EQ(machine.gang({"daemon", "stop"}).code, 0);
  ASSERT_TRUE(becomes_true([&] { return machine.service() == 0; }));
  EXPECT_EQ(machine.gang({"daemon", "status"}).code, 1);
  EXPECT_EQ(machine.service(), 0) << "asking for its status starts no service";
  machine.write("go", "");
  EXPECT_EQ(machine.wait(job), 0);
  EXPECT_EQ(machine.lines("began").size(), 1u);
}

TEST(Service, AnEndThatNoServiceSawIsKnownToTheNext) {
  const Machine machine;
  const std::string job = machine.submit({"--", "sh", "-c", std::string(hold) + "; exit 5"});
  ASSERT_TRUE(becomes_true([&] { return machine.lines("began").size() == 1; }));
  EXPECT_EQ(machine.gang({"daemon", "stop"}).code, 0);
  ASSERT_TRUE(becomes_true([&] { return machine.service() == 0; }));
  machine.write("go", "");
  // The task is a child of the launcher; once it is gone, so is the moment to see its exit.
  EXPECT_TRUE(becomes_true([&] { return machine.processes().size() <= 2; }));
  EXPECT_EQ(machine.wait(job), 5);
}

TEST(Service, ARestartInTheMiddleOfASweepRunsEachGangOnce) {
  const Machine machine;
  const std::string job =
      machine.submit({"--sweep", "i=1..20", "--", "sh", "-c", "echo {i} >> all; sleep 0.02"});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(machine.gang({"daemon", "restart"}).code, 0);
  EXPECT_EQ(machine.wait(job), 0);
  EXPECT_EQ(machine.lines("all").size(), 20u);
}

TEST(Service, FiftyRestartsEachLeaveANewServiceThatStays) {
  const Machine machine;
  ASSERT_EQ(machine.gang({"daemon", "start", "--stay"}).code, 0);
  for (int i = 0; i < 50; ++i) {
    const pid_t before = machine.service();
    const Ran ran = machine.gang({"daemon", "restart", "-q"});
    ASSERT_EQ(ran.code, 0) << ran.err;
    ASSERT_NE(ran.out, std::to_string(before) + "\n") << "restart " << i;
    const Ran status = machine.gang({"daemon", "status"});
    ASSERT_EQ(status.code, 0) << "restart " << i << " left none";
    EXPECT_TRUE(says(status.out, "pid " + ran.out.substr(0, ran.out.size() - 1) + ","));
    EXPECT_TRUE(says(status.out, "it stays until told to stop"));
  }
}

TEST(Service, RestartsAtOnceFromManySidesLeaveAService) {
  const Machine machine;
  std::deque<Beside> commands;
  for (int i = 0; i < 8; ++i) commands.push_back(machine.gang_beside({"daemon", "restart", "-q"}));
  for (Beside& command : commands) {
    const Ran ran = command.wait();
    EXPECT_EQ(ran.code, 0) << ran.err;
  }
  EXPECT_EQ(machine.gang({"daemon", "status"}).code, 0);
}

TEST(Service, ItHasEndedWhenStopReturns) {
  const Machine machine;
  ASSERT_EQ(machine.gang({"daemon", "start"}).code, 0);
  EXPECT_EQ(machine.gang({"daemon", "stop"}).code, 0);
  EXPECT_EQ(machine.service(), 0);
}

/// A machine whose service has its socket in the runtime directory `runtime`.
std::string give_runtime_directory(Machine& machine, const std::string& name) {
  const std::string runtime = machine.path() + "/" + name;
  std::filesystem::create_directory(runtime);
  std::filesystem::permissions(runtime, std::filesystem::perms::owner_all);
  machine.set("GANGLINE_STATE", "");
  machine.set("XDG_STATE_HOME", machine.path() + "/kept");
  machine.set("XDG_RUNTIME_DIR", runtime);
  return runtime;
}

TEST(Service, WhereItsStateIsDeletedItEndsAndLeavesTheSocketOfTheNext) {
  Machine machine;
  const std::string runtime = give_runtime_directory(machine, "runtime");
  EXPECT_EQ(machine.gang({"daemon", "start", "--stay"}).code, 0);
  const pid_t first = machine.service();
  std::filesystem::remove_all(machine.path() + "/kept");
  std::filesystem::remove(runtime + "/gangline/service.sock");
  EXPECT_EQ(machine.gang({"run", "--", "true"}).code, 0);
  EXPECT_TRUE(becomes_true([&] { return !is_alive(first); }));
  EXPECT_NE(machine.service(), 0);
  EXPECT_TRUE(std::filesystem::exists(runtime + "/gangline/service.sock"));
}

TEST(Service, ACommandWithAnotherRuntimeDirectoryAsksTheServiceThatRuns) {
  Machine machine;
  give_runtime_directory(machine, "one");
  const std::string pid = machine.gang({"daemon", "start", "--stay", "-q"}).out;
  give_runtime_directory(machine, "another");
  EXPECT_EQ(machine.gang({"daemon", "status", "-q"}).out, pid);
  EXPECT_EQ(machine.gang({"run", "--", "echo", "hi"}).out, "hi\n");
  machine.set("XDG_RUNTIME_DIR", "");
  EXPECT_EQ(machine.gang({"daemon", "start", "-q"}).out, pid);
  EXPECT_EQ(machine.gang({"daemon", "stop"}).code, 0);
  EXPECT_EQ(machine.service(), 0);
}

TEST(Service, WhereItsRuntimeDirectoryIsRemovedItIsFoundAgain) {
  Machine machine;
  const std::string runtime = give_runtime_directory(machine, "one");
  const std::string pid = machine.gang({"daemon", "start", "--stay", "-q"}).out;
  std::filesystem::remove_all(runtime);
  EXPECT_EQ(machine.gang({"daemon", "start", "-q"}).out, pid) << "logged out";
  give_runtime_directory(machine, "one");
  EXPECT_EQ(machine.gang({"daemon", "start", "-q"}).out, pid) << "and in again";
}

TEST(Service, OneThatRunsOutOfReachIsToldWithWhatToDo) {
  Machine machine;
  give_runtime_directory(machine, "one");
  EXPECT_EQ(machine.gang({"daemon", "start"}).code, 0);
  EXPECT_EQ(machine.gang({"daemon", "stop"}).code, 0);
  const std::string path = machine.path() + "/kept/gangline/service.lock";
  const auto lock = try_lock(path);
  ASSERT_TRUE(lock && lock->open());
  machine.write(path, "77\nanother-host\n/run/user/5/gangline/service.sock\n");
  const Ran ran = machine.gang({"list"});
  EXPECT_NE(ran.code, 0);
  EXPECT_TRUE(says(ran.err, "a service of yours runs already (process 77 on another-host)"));
  EXPECT_TRUE(says(ran.err, "/run/user/5/gangline/service.sock"));
  EXPECT_TRUE(says(ran.err, "XDG_RUNTIME_DIR"));
}

TEST(Service, EachDaemonCommandAnswersInJson) {
  const Machine machine;
  const auto pid_in = [](const Ran& ran) {
    const auto status = from_json<ServiceStatus>(ran.out);
    EXPECT_TRUE(status.ok()) << ran.out << ran.err;
    return status ? status->pid : -1;
  };
  EXPECT_EQ(machine.gang({"daemon", "stop", "--json"}).out, "null\n");
  const std::int64_t first = pid_in(machine.gang({"daemon", "start", "--json"}));
  const std::int64_t second = pid_in(machine.gang({"daemon", "restart", "--json"}));
  EXPECT_GT(first, 0);
  EXPECT_NE(first, second);
  EXPECT_EQ(pid_in(machine.gang({"daemon", "status", "--json"})), second);
  EXPECT_EQ(pid_in(machine.gang({"daemon", "stop", "--json"})), second);
  EXPECT_EQ(machine.gang({"daemon", "status", "--json"}).out, "null\n");
}

TEST(Service, ACommandThatFollowsAJobOutlivesTheServiceItAsked) {
  const Machine machine;
  Beside run = machine.gang_beside({"run", "--", "sh", "-c", std::string(hold) + "; exit 6"});
  ASSERT_TRUE(becomes_true([&] { return machine.lines("began").size() == 1; }));
  ::kill(machine.service(), SIGKILL);
  machine.write("go", "");
  EXPECT_EQ(run.wait().code, 6);
}

TEST(Service, AServiceOfAnotherVersionIsToldWithWhatToDo) {
  const Machine machine;
  std::filesystem::create_directories(machine.state() + "/run");
  std::filesystem::permissions(machine.state(), std::filesystem::perms::owner_all);
  std::filesystem::permissions(machine.state() + "/run", std::filesystem::perms::owner_all);
  machine.write("other.py", R"(
import socket, sys
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen()
while True:
    peer, _ = server.accept()
    while peer.recv(65536):
        peer.sendall(b'HTTP/1.1 200 OK\r\nGangline-Version: 99.0.0\r\nContent-Length: 2\r\n\r\n[]')
)");
  const Beside other = machine.run_beside({"python3", "other.py", machine.socket()});
  ASSERT_TRUE(becomes_true([&] { return std::filesystem::exists(machine.socket()); }));
  Ran ran;
  ASSERT_TRUE(becomes_true([&] {
    ran = machine.gang({"list"});
    return ran.err.find("does not start") == std::string::npos;
  }));
  EXPECT_EQ(ran.code, 1);
  EXPECT_TRUE(says(ran.err, "version 99.0.0"));
  EXPECT_TRUE(says(ran.err, "gang daemon restart"));
}

TEST(Service, ALogThatCannotBeWrittenIsSaidAtTheStart) {
  Machine machine;
  machine.set("GANGLINE_LOG", machine.path() + "/none/log.jsonl");
  const Ran ran = machine.gang({"list"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_TRUE(says(ran.err, "/none/log.jsonl"));
  EXPECT_TRUE(says(ran.err, "GANGLINE_LOG names it"));
}

TEST(Service, AGangOfAnotherVersionChangesNothing) {
  const Machine machine;
  EXPECT_EQ(machine.gang({"daemon", "start"}).code, 0);
  machine.write("ask.py", R"(
import http.client, socket, sys
line = http.client.HTTPConnection("localhost")
line.sock = socket.socket(socket.AF_UNIX)
line.sock.connect(sys.argv[1])
line.request("POST", "/v1/jobs", sys.argv[3], {"Gangline-Version": sys.argv[2]} if sys.argv[2] else {})
answer = line.getresponse()
print(answer.status, answer.read().decode())
)");
  const std::string job = R"({"name":"x","command":{"words":["true"]},"dir":"/"})";
  const auto ask = [&](const std::string& version) {
    return machine.run({"python3", "ask.py", machine.socket(), version, job}).out;
  };
  const std::string refused = ask("99.0.0");
  EXPECT_TRUE(says(refused, "426 {")) << refused;
  EXPECT_TRUE(says(refused, "who asks is version 99.0.0"));
  EXPECT_TRUE(says(machine.gang({"list", "--all"}).out, "no jobs"));
  EXPECT_TRUE(says(ask(""), R"(200 {"id":1)"));
}

TEST(Service, AStateOfANewerGanglineIsLeftAlone) {
  const Machine machine;
  EXPECT_EQ(machine.gang({"daemon", "start"}).code, 0);
  EXPECT_EQ(machine.gang({"daemon", "stop"}).code, 0);
  ASSERT_TRUE(becomes_true([&] { return machine.service() == 0; }));
  const Ran newer = machine.run({"python3", "-c",
                                 "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); "
                                 "c.execute('PRAGMA user_version = 999'); c.commit()",
                                 machine.state() + "/gangline.db"});
  ASSERT_EQ(newer.code, 0) << newer.err;
  const Ran ran = machine.gang({"list"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_TRUE(says(ran.err, "newer Gangline"));
}

TEST(Service, AConfigFileThatIsWrongIsToldWithItsPlace) {
  const Machine machine;
  machine.write("config.toml", "policy = 'easy'\nidel_exit = '1s'\n");
  const Ran ran = machine.gang({"list"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_TRUE(says(ran.err, "config.toml:2:1"));
  EXPECT_TRUE(says(ran.err, "idle_exit"));
}

TEST(Service, AllMistakesOfAConfigFileAreToldAtOnceAtAStartAndAtARestart) {
  const Machine machine;
  const std::string wrong = "polici = 'easy'\n[for_all]\nidle_exit = '1s'\n";
  machine.write("config.toml", wrong);
  const auto tells_all = [&](const std::string& text) {
    EXPECT_TRUE(
        says(text, "there are several mistakes:\n  " + machine.path() + "/config.toml:1:1: "));
    EXPECT_TRUE(
        says(text, "\n  " + machine.path() +
                       "/config.toml:3:1: unknown key 'idle_exit' in [for_all]; it is a key "
                       "of the whole file: write it above the first [table]\n"));
  };
  tells_all(machine.gang({"list"}).err);
  machine.write("config.toml", "");
  const std::string pid = machine.gang({"daemon", "start", "-q"}).out;
  machine.write("config.toml", wrong);
  tells_all(machine.gang({"daemon", "restart"}).err);
  EXPECT_EQ(machine.gang({"daemon", "status", "-q"}).out, pid) << "the service stays";
}

TEST(Service, WithAConfigFileThatIsWrongTheListIsThatOfTheStore) {
  const Machine machine;
  machine.submit({"--name", "slow", "--", "sh", "-c", hold});
  machine.wait(machine.submit({"--name", "quick", "--", "true"}));
  ASSERT_EQ(machine.gang({"daemon", "stop"}).code, 0);
  machine.write("config.toml", "polici = 'easy'\n");
  const Ran ran = machine.gang({"list"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_TRUE(says(ran.err, "config.toml:1:1: unknown key 'polici'"));
  EXPECT_TRUE(says(ran.err, "how it was when a service last ran"));
  EXPECT_TRUE(says(ran.out, "slow"));
  EXPECT_TRUE(says(ran.out, "quick"));
  const Ran only = machine.gang({"list", "-q", "--name", "quick"});
  EXPECT_EQ(only.out, "2\n");
  EXPECT_TRUE(becomes_true([&] { return machine.service() == 0; }));
  machine.write("config.toml", "");
  machine.write("go", "");
  EXPECT_EQ(machine.wait("1"), 0);
}

TEST(Service, AListOfNoLineIsRefusedAndNotCalledEmpty) {
  const Machine machine;
  machine.submit({"--", "true"});
  const Ran ran = machine.gang({"list", "--limit", "0"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_TRUE(says(ran.err, "--limit: a list has at least one line"));
}

TEST(Service, AJobWhoseQueueIsTakenOutOfTheConfigFileWaitsInNormalAndSaysSo) {
  const Machine machine;
  machine.write("config.toml", "[queue.night]\nlimit_cpus = 1\n");
  machine.submit({"--queue", "night", "--name", "first", "--", "sh", "-c", hold});
  machine.submit(
      {"--queue", "night", "--name", "second", "--cpus", "1", "--after", "1", "--", "true"});
  machine.write("config.toml", "");
  const Ran ran = machine.gang({"daemon", "restart"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_TRUE(says(ran.err,
                   "note: the config file has no queue night any more; 1 job waits in "
                   "normal instead"));
  constexpr const char* so = "; there is no queue night any more, so it waits in normal";
  EXPECT_TRUE(says(machine.gang({"list"}).out, so));
  EXPECT_TRUE(says(machine.gang({"why", "second"}).out, so));
  machine.write("go", "");
  EXPECT_EQ(machine.wait("2"), 0);
  EXPECT_EQ(machine.gang({"daemon", "restart"}).err, "");
}

TEST(Service, APolicyThatThereIsNotIsToldWithTheNearest) {
  const Machine machine;
  machine.write("config.toml", "policy = 'gangg'\n");
  const Ran ran = machine.gang({"list"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_TRUE(says(ran.err, "config.toml:1:10: there is no policy 'gangg'; did you mean gang?"))
      << ran.err;
}

TEST(Service, AConfigFileThatIsNamedAndNotThereIsToldAndNoServiceStarts) {
  Machine machine;
  machine.set("GANGLINE_CONFIG", machine.path() + "/confg.toml");
  const Ran ran = machine.gang({"list"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_TRUE(says(ran.err, machine.path() + "/confg.toml: there is no such file"));
  EXPECT_TRUE(says(ran.err, "GANGLINE_CONFIG"));
  EXPECT_TRUE(becomes_true([&] { return machine.service() == 0; }));
  machine.set("GANGLINE_CONFIG", "");
  machine.set("XDG_CONFIG_HOME", machine.path() + "/none");
  EXPECT_EQ(machine.gang({"list"}).code, 0) << "the usual one need not be there";
}

TEST(Service, AConfigFileMayBeNamedFromWhereTheCommandIsGiven) {
  Machine machine;
  machine.write("config.toml", "[queue.night]\n");
  machine.set("GANGLINE_CONFIG", "./config.toml");
  EXPECT_EQ(machine.gang({"run", "--queue", "night", "--", "true"}).code, 0);
}

TEST(Service, ARestartWithAConfigFileThatIsWrongSaysSoAndLeavesTheServiceThatRuns) {
  const Machine machine;
  ASSERT_EQ(machine.gang({"daemon", "start"}).code, 0);
  const pid_t before = machine.service();
  machine.write("config.toml", "policy = 'esay'\n");
  const Ran ran = machine.gang({"daemon", "restart"});
  EXPECT_NE(ran.code, 0);
  EXPECT_TRUE(says(ran.err, "esay"));
  EXPECT_EQ(machine.service(), before);
}

TEST(Service, CommandsAgainstAServiceThatStandsStillGiveTheTerminalBack) {
  const Machine machine;
  EXPECT_EQ(machine.gang({"list"}).code, 0);
  const pid_t service = machine.service();
  ::kill(service, SIGSTOP);
  Beside list = machine.gang_beside({"list"});
  EXPECT_FALSE(becomes_true([&] { return !is_alive(list.pid()); }, milliseconds(100)));
  list.signal(SIGINT);
  EXPECT_EQ(list.wait(seconds(5)).code, 128 + SIGINT);

  Beside run = machine.gang_beside({"run", "--", "true"});
  EXPECT_FALSE(becomes_true([&] { return !is_alive(run.pid()); }, milliseconds(100)));
  EXPECT_TRUE(becomes_true([&] {
    run.signal(SIGINT);
    return !is_alive(run.pid());
  }));
  ::kill(service, SIGCONT);
}

}  // namespace
}  // namespace gangline
