#include "os/program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

#include "os/file.h"

namespace gangline {
namespace {

ProgramCall shell(const std::string& script) { return {{"sh", "-c", script}}; }

TEST(Program, SaysWhatItSaidAndHowItEnded) {
  const auto answer = run_program(shell("echo out; echo err >&2; exit 3"));
  ASSERT_TRUE(answer) << answer.error().sentence();
  EXPECT_EQ(answer->output, "out\n");
  EXPECT_EQ(answer->error_output, "err\n");
  EXPECT_EQ(answer->code, 3);
  EXPECT_EQ(run_program(shell("kill -9 $$"))->code, 137);
}

TEST(Program, IsGivenItsInputAndItsVariables) {
  ProgramCall call = shell("cat; echo $WORD");
  call.input = std::string(200'000, 'x');
  call.environment = {"WORD=given", "PATH=/usr/bin:/bin"};
  EXPECT_EQ(run_program(call)->output, call.input + "given\n");
}

TEST(Program, ThatIsNotThereIsAnError) {
  const auto answer = run_program({{"no-such-program-here"}});
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().sentence().find("no-such-program-here"), std::string::npos);
}

TEST(Program, ThatTakesTooLongIsEndedWithAllThatItStarted) {
  ProgramCall call = shell("sleep 1000 & wait");
  call.deadline = milliseconds(100);
  const auto answer = run_program(call);
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().what.find("did not answer within"), std::string::npos);
}

TEST(Program, ThatSaysTooMuchIsEnded) {
  ProgramCall call = shell("yes");
  call.most_output = 100'000;
  const auto answer = run_program(call);
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().what.find("said more than"), std::string::npos);
}

TEST(Program, WritesToAFileAndGoesOnWhenItIsLetGo) {
  char name[] = "/tmp/gangline-program-XXXXXX";
  const std::string dir = ::mkdtemp(name);
  ASSERT_EQ(::mkfifo((dir + "/gate").c_str(), 0600), 0);
  Loop loop;
  {
    ProgramCall call = shell("echo begun; cat '" + dir + "/gate' > '" + dir + "/done'");
    call.output_file = dir + "/said";
    ProgramRun run(loop, call, [](const auto&) {});
    run.let_go();
  }
  const auto gate = open_file(dir + "/gate", O_WRONLY);
  ASSERT_TRUE(write_all(gate->number(), "open", "gate"));
  std::filesystem::remove_all(dir);
}

}  // namespace
}  // namespace gangline
