// Gangs of several tasks: they find each other, start together or not at all, and end together.
#include <algorithm>

#include "machine.h"

namespace gangline {
namespace {

// Each rank sends its number to rank 0, which answers all with the sum: only then they end well.
constexpr const char* add_up = R"(
import os, socket, time
rank, size = int(os.environ['RANK']), int(os.environ['WORLD_SIZE'])
place = (os.environ['MASTER_ADDR'], int(os.environ['MASTER_PORT']))
if rank == 0:
    server = socket.create_server(place)
    others = [server.accept()[0] for _ in range(size - 1)]
    total = sum(int(other.recv(64)) for other in others)
    for other in others: other.sendall(str(total).encode())
else:
    until = time.monotonic() + 20
    while True:
        try: peer = socket.create_connection(place); break
        except OSError:
            if time.monotonic() > until: raise
            time.sleep(0.01)
    peer.sendall(str(rank).encode())
    total = int(peer.recv(64))
print(os.environ['LOCAL_RANK'], os.environ['LOCAL_WORLD_SIZE'], os.environ['NODE_RANK'], total)
)";

// A machine with room for several tasks.
class Teams : public testing::Test {
 protected:
  Teams() { machine_.give_gpus("", 8); }
  Machine machine_;
};

TEST_F(Teams, ThreeRanksFindEachOtherThroughTheVariablesThatAreAlwaysSet) {
  machine_.write("add_up.py", add_up);
  const Ran ran = machine_.gang({"run", "--tasks", "3", "--", "python3", "add_up.py"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_TRUE(says(ran.out, "[0] 0 3 0 3\n"));
  EXPECT_TRUE(says(ran.out, "[1] 1 3 0 3\n"));
  EXPECT_TRUE(says(ran.out, "[2] 2 3 0 3\n"));
}

TEST_F(Teams, GangsAtTheSameTimeMeetAtPortsOfTheirOwn) {
  machine_.write("add_up.py", add_up);
  const std::string job =
      machine_.submit({"--tasks", "2", "--sweep", "i=1..4", "--", "python3", "add_up.py"});
  EXPECT_EQ(machine_.wait(job), 0);
  EXPECT_EQ(machine_.show(job).summary.ended_well, 4u);
}

TEST_F(Teams, OneRankThatFailsStopsTheOthersAndTheCauseNamesItWithItsLastLines) {
  const std::string script =
      "if [ $RANK = 1 ]; then echo no such tensor >&2; exit 9; fi; "
      "echo $$ >> pids; exec sleep 600";
  const Ran ran = machine_.gang({"run", "--tasks", "3", "--", "sh", "-c", script});
  EXPECT_EQ(ran.code, 9);
  EXPECT_TRUE(says(ran.err, "rank 1 ended with code 9"));
  const GangView view = machine_.show_gang("1.0");
  EXPECT_EQ(view.ending->rank, 1u);
  EXPECT_EQ(view.ending->exit_code, 9);
  EXPECT_EQ(view.ending->last_lines, "no such tensor\n");
  EXPECT_TRUE(says(machine_.gang({"show", "1"}).out, "    no such tensor\n"));
  for (const std::string& line : machine_.lines("pids"))
    EXPECT_TRUE(becomes_true([&] { return !is_alive(std::stoi(line)); })) << line;
}

TEST_F(Teams, ATaskThatCannotStartMeansThatNoneDoes) {
  const std::string job =
      machine_.submit({"--tasks", "2", "--dir", "room.{rank}", "--", "touch", "../ran.{rank}"});
  machine_.wait(job);
  EXPECT_EQ(machine_.show_gang(job + ".0").ending->cause, EndCause::not_started);

  machine_.write("room.0/file", "");
  const std::string half =
      machine_.submit({"--tasks", "2", "--dir", "room.{rank}", "--", "touch", "../ran.{rank}"});
  machine_.wait(half);
  EXPECT_EQ(machine_.show_gang(half + ".0").ending->cause, EndCause::not_started);
  EXPECT_FALSE(machine_.exists("ran.0"));

  machine_.write("room.1/file", "");
  const std::string whole =
      machine_.submit({"--tasks", "2", "--dir", "room.{rank}", "--", "touch", "../ran.{rank}"});
  EXPECT_EQ(machine_.wait(whole), 0);
  EXPECT_TRUE(machine_.exists("ran.0") && machine_.exists("ran.1"));
}

TEST_F(Teams, LogsOfAllRanksAreThereByNumber) {
  const std::string job =
      machine_.submit({"--tasks", "2", "--", "sh", "-c", "echo out $RANK; echo err $RANK >&2"});
  EXPECT_EQ(machine_.wait(job), 0);
  EXPECT_EQ(machine_.gang({"logs", job, "--rank", "1"}).out, "out 1\n");
  EXPECT_EQ(machine_.gang({"logs", job}).out, "[0] out 0\n[1] out 1\n");
  EXPECT_EQ(machine_.gang({"logs", job, "--rank", "0", "--stderr"}).err, "err 0\n");
  const Ran none = machine_.gang({"logs", job, "--rank", "2"});
  EXPECT_EQ(none.code, 1);
  EXPECT_TRUE(says(none.err, "its ranks are 0 to 1"));
}

TEST_F(Teams, EachTaskHasCpusOfItsOwn) {
  const std::string job = machine_.submit({"--tasks", "3", "--cpus", "2", "--", "true"});
  EXPECT_EQ(machine_.wait(job), 0);
  CpuSet all;
  const GangView view = machine_.show_gang(job + ".0");
  for (const TaskPlace& task : view.allocation.value().parts.at(0).tasks) {
    EXPECT_EQ(task.cpus.count(), 2u);
    EXPECT_TRUE((all & task.cpus).empty());
    all = all | task.cpus;
  }
  EXPECT_EQ(all.count(), 6u);
}

}  // namespace
}  // namespace gangline
