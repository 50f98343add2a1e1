// Another user of the same machine: may not connect, list, stop, read logs of, submit to the
// service, nor read its state. Needs root, to become somebody else.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>

#include "machine.h"

namespace gangline {
namespace {

constexpr const char* stranger = "65534";

class Privacy : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user here";
    // The stranger may reach the state directory's place, as in a home that is open to all.
    std::filesystem::permissions(machine_.path(), std::filesystem::perms{0755});
    job_ = machine_.submit({"--", "sh", "-c", "echo secret; touch up; exec sleep 600"});
    ASSERT_TRUE(becomes_true([&] { return machine_.exists("up"); }));
  }
  Ran as_stranger(std::vector<std::string> words) const {
    words.insert(words.begin(),
                 {"setpriv", "--reuid", stranger, "--regid", stranger, "--clear-groups", "--"});
    return machine_.run(words);
  }
  // Says a request to a socket as somebody else; what comes back. A path of the socket may be too
  // long for its address, so from its directory.
  Ran ask_as_stranger(const std::string& socket, const std::string& request) const {
    return as_stranger({"python3", "-c",
                        "import os, socket, sys\n"
                        "os.chdir(os.path.dirname(sys.argv[1]))\n"
                        "s = socket.socket(socket.AF_UNIX)\n"
                        "s.connect(os.path.basename(sys.argv[1]))\n"
                        "try: s.sendall(sys.argv[2].encode()); print('got', s.recv(65536))\n"
                        "except ConnectionError as e: print('got', b'')\n",
                        socket, request});
  }
  void loosen_by_hand() const {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(machine_.state())) {
      if (entry.is_directory() || entry.is_socket())
        std::filesystem::permissions(entry.path(), std::filesystem::perms{0777});
    }
    std::filesystem::permissions(machine_.state(), std::filesystem::perms{0777});
  }

  Machine machine_;
  std::string job_;
};

TEST_F(Privacy, AnotherUserCanNeitherListNorStopNorReadLogsNorSubmit) {
  const std::string gang = BINARY_DIR "/gang";
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{gang, "list"},
                                             {gang, "show", job_},
                                             {gang, "stop", job_},
                                             {gang, "logs", job_},
                                             {gang, "submit", "--", "touch", "/tmp/never"},
                                             {gang, "daemon", "status"},
                                             {gang, "daemon", "stop"}}) {
    const Ran ran = as_stranger(words);
    EXPECT_EQ(ran.code, 1) << words[1];
    EXPECT_EQ(ran.out.find("secret"), std::string::npos);
    EXPECT_TRUE(says(ran.err, "gang: ")) << words[1];
  }
  EXPECT_EQ(machine_.show(job_).summary.running, 1u);
  EXPECT_EQ(machine_.list().size(), 1u);
}

TEST_F(Privacy, AnotherUserCanReadNothingOfTheState) {
  EXPECT_EQ(as_stranger({"ls", machine_.state()}).code, 2);
  const std::string log = machine_.state() + "/jobs/" + job_ + "/logs/0.1.0.out";
  ASSERT_TRUE(std::filesystem::exists(log));
  EXPECT_EQ(as_stranger({"cat", log}).code, 1);
  EXPECT_EQ(as_stranger({"cat", machine_.state() + "/gangline.db"}).code, 1);
}

TEST_F(Privacy, WithDirectoriesOpenedByHandFilesStayClosedAndSocketsRefuseByUser) {
  loosen_by_hand();
  for (const auto& entry : std::filesystem::recursive_directory_iterator(machine_.state()))
    if (entry.is_regular_file()) {
      EXPECT_EQ(as_stranger({"head", "-c", "1", entry.path()}).code, 1) << entry.path();
    }

  const std::string list = "GET /v1/jobs HTTP/1.1\r\nHost: gangline\r\nContent-Length: 0\r\n\r\n";
  const Ran service = ask_as_stranger(machine_.socket(), list);
  EXPECT_EQ(service.out, "got b''\n") << service.err;
  const Ran launcher = ask_as_stranger(machine_.state() + "/launcher/socket", "hello");
  EXPECT_EQ(launcher.out, "got b''\n") << launcher.err;
  EXPECT_TRUE(is_alive(machine_.service()));
  EXPECT_TRUE(is_alive(machine_.launcher()));
}

TEST_F(Privacy, AStateThatWasOpenedByHandIsClosedByTheNextCommand) {
  loosen_by_hand();
  EXPECT_EQ(machine_.gang({"list"}).code, 0);
  for (const std::string& path : {machine_.state(), machine_.state() + "/run"})
    EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms{0700}) << path;
}

TEST_F(Privacy, AStateOfAnotherUserIsNotUsed) {
  const std::string theirs = machine_.path() + "/theirs";
  std::filesystem::create_directory(theirs);
  std::filesystem::permissions(theirs, std::filesystem::perms{0700});
  ASSERT_EQ(::chown(theirs.c_str(), 65534, 65534), 0);
  Machine other(theirs);
  const Ran ran = other.gang({"list"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_TRUE(says(ran.err, theirs));
}

}  // namespace
}  // namespace gangline
