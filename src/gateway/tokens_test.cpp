#include "gateway/tokens.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "os/file.h"

namespace gangline {
namespace {

constexpr Time noon{1'000'000'000'000'000};

class TokenFile : public testing::Test {
 public:
  TokenFile() {
    std::string name = testing::TempDir() + "tokensXXXXXX";
    directory_ = ::mkdtemp(name.data());
    path_ = directory_ + "/tokens";
  }
  ~TokenFile() override { std::filesystem::remove_all(directory_); }

  std::string directory_, path_;
};

AccessToken wanted(const std::string& name, Role role = Role::read, Time expires = never) {
  return {name, role, noon, expires, ""};
}

TEST_F(TokenFile, HasHashesAloneAndIsClosedToOthers) {
  const auto word = add_token(path_, wanted("grafana"));
  ASSERT_TRUE(word);
  EXPECT_GE(word->size(), 43u);
  const auto text = read_file(path_);
  ASSERT_TRUE(text);
  EXPECT_EQ(text->find(*word), std::string::npos);
  EXPECT_NE(text->find(hash_of_token(*word)), std::string::npos);
  struct stat there {};
  ASSERT_EQ(::stat(path_.c_str(), &there), 0);
  EXPECT_EQ(there.st_mode & 0777, 0600u);
}

TEST_F(TokenFile, TakesANameOnceAndForgetsWhatIsRemoved) {
  ASSERT_TRUE(add_token(path_, wanted("a", Role::submit)));
  EXPECT_EQ(add_token(path_, wanted("a")).error().kind, ErrorKind::refused);
  EXPECT_EQ(add_token(path_, wanted("a b")).error().kind, ErrorKind::usage);
  EXPECT_EQ(add_token(path_, wanted("")).error().kind, ErrorKind::usage);
  EXPECT_EQ(remove_token(path_, "b").error().kind, ErrorKind::not_found);
  ASSERT_TRUE(remove_token(path_, "a"));
  EXPECT_TRUE(read_tokens(path_)->empty());
  EXPECT_TRUE(add_token(path_, wanted("a")));
}

TEST_F(TokenFile, IsNotReadWhereOthersCouldHaveWrittenIt) {
  ASSERT_TRUE(add_token(path_, wanted("a")));
  ASSERT_EQ(::chmod(path_.c_str(), 0620), 0);
  EXPECT_EQ(read_tokens(path_).error().kind, ErrorKind::denied);
  EXPECT_EQ(add_token(path_, wanted("b")).error().kind, ErrorKind::denied);
}

TEST_F(TokenFile, IsNoDirectory) {
  std::filesystem::create_directory(path_);
  EXPECT_NE(read_tokens(path_).error().sentence().find("no file of tokens; take it away"),
            std::string::npos);
}

TEST(Tokens, ATextThatMakesNoSenseHasNone) {
  const std::string hash(64, 'a');
  EXPECT_TRUE(tokens_of_text("gangline tokens 1\na read 1 - " + hash + "\n"));
  for (const std::string& text :
       {std::string(), std::string("tokens\n"), "gangline tokens 1\na read 1 - " + hash.substr(1),
        "gangline tokens 1\na admin 1 - " + hash, "gangline tokens 1\na read 1 " + hash,
        "gangline tokens 1\na read -1 - " + hash, "gangline tokens 1\n../a read 1 - " + hash,
        "gangline tokens 1\na read 1 99999999999999999999 " + hash})
    EXPECT_EQ(tokens_of_text(text).error().kind, ErrorKind::broken) << text;
}

TEST(TokenTable, KnowsAWordUntilItIsOverOrWithdrawn) {
  const std::string word = *new_token_word(), other = *new_token_word();
  AccessToken token = wanted("a", Role::submit, noon + seconds(10));
  token.hash = hash_of_token(word);
  TokenTable table;
  EXPECT_EQ(table.find(word, noon), nullptr);
  table.set({token});
  const auto* holder = table.find(word, noon);
  ASSERT_NE(holder, nullptr);
  EXPECT_EQ(holder->role, Role::submit);
  EXPECT_EQ(table.find(other, noon), nullptr);
  EXPECT_EQ(table.find("", noon), nullptr);
  EXPECT_EQ(table.find(word, noon + seconds(10)), nullptr);
  const std::uint64_t number = holder->number;
  AccessToken second = wanted("b");
  second.hash = hash_of_token(other);
  table.set({second, token});
  ASSERT_NE(table.find(number, noon), nullptr);
  EXPECT_EQ(table.find(number, noon)->name, "a");
  table.set({second});
  EXPECT_EQ(table.find(number, noon), nullptr);
  EXPECT_EQ(table.find(word, noon), nullptr);
  table.set({second, token});  // made again, it is another one
  EXPECT_NE(table.find(word, noon)->number, number);
}

}  // namespace
}  // namespace gangline
