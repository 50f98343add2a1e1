#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "jobspec/job_file.h"
#include "jobspec/json_items.h"
#include "jobspec/line_pieces.h"
#include "jobspec/wildcard.h"

namespace gangline {
namespace {

using Texts = std::vector<std::string>;

// A machine that holds what a test says, and hands out files in small parts.
struct FakeFiles {
  std::map<std::string, std::string> files;
  std::int64_t modified = 1;
  bool changes = false;

  SplitFiles look() {
    return {
        [this](const std::string&, const std::string& directory, std::size_t) {
          Texts names;
          for (const auto& [path, text] : files)
            if (path.starts_with(directory + "/"))
              names.push_back(path.substr(directory.size() + 1));
          return Result<Texts>(names);
        },
        [this](const std::string& path) -> Result<FileFacts> {
          if (!files.contains(path)) return missing(path);
          if (changes) ++modified;
          return FileFacts{Bytes{static_cast<std::int64_t>(files[path].size())}, Time{modified}};
        },
        [this](const std::string& path, std::uint64_t from,
               std::size_t most) -> Result<std::string> {
          if (!files.contains(path)) return missing(path);
          return files[path].substr(from, std::min<std::size_t>(most, 5));
        }};
  }
  static Error missing(const std::string& path) {
    return {ErrorKind::not_found, "'" + path + "': No such file or directory", "", ""};
  }
};

Result<JobSpec> split_job(FakeFiles& files, const std::string& split) {
  return read_job_file({"command = 'work {shard}'\n[split]\n" + split, "a.toml", "/d"},
                       files.look());
}

std::string told(FakeFiles& files, const std::string& split) {
  const auto spec = split_job(files, split);
  EXPECT_FALSE(spec);
  return spec ? "" : spec.error().sentence();
}

Texts texts_of(const JobSpec& spec) {
  Texts texts;
  for (const Shard& shard : spec.split->shards) texts.push_back(shard.text);
  return texts;
}

TEST(Split, EachFileIsAGang) {
  FakeFiles files{{{"/d/a.mp4", ""}, {"/d/b.mp4", ""}}};
  const auto spec = split_job(files, "files = '*.mp4'");
  ASSERT_TRUE(spec);
  EXPECT_EQ(texts_of(*spec), (Texts{"a.mp4", "b.mp4"}));
  EXPECT_EQ(spec->split->source, "*.mp4");
  EXPECT_EQ(gang_count(*spec), 2u);
}

TEST(Split, NoFileThatMatchesIsAMistake) {
  FakeFiles files;
  EXPECT_EQ(told(files, "files = '*.mp4'"), "a.toml:3:9: no file matches '*.mp4' in /d");
  files.files["/d/\xff.mp4"] = "";
  EXPECT_EQ(told(files, "files = '*.mp4'"),
            "a.toml:3:9: the file name '\\xff.mp4' is not UTF-8; rename it");
}

TEST(Split, EachLineThatIsNotBlankIsAGang) {
  FakeFiles files{{{"/d/urls.txt", "http://a\r\n\n  \nhttp://bbbbbbbbbbb\nc"}}};
  const auto spec = split_job(files, "lines = 'urls.txt'");
  ASSERT_TRUE(spec);
  EXPECT_EQ(texts_of(*spec), (Texts{"http://a", "http://bbbbbbbbbbb", "c"}));
  EXPECT_EQ(spec->split->source, "/d/urls.txt");
  EXPECT_EQ(spec->split->kind, SplitKind::lines);
}

TEST(Split, SeveralLinesAreThePiecesOfTheFile) {
  const std::string text = "one\n\ntwo\nthree\nfour\nfive";
  FakeFiles files{{{"/d/urls.txt", text}}};
  const auto spec = split_job(files, "lines = 'urls.txt'\nper = 2");
  ASSERT_TRUE(spec);
  Texts pieces;
  for (const Shard& shard : spec->split->shards) {
    EXPECT_EQ(shard.text, "");
    pieces.push_back(text.substr(shard.begin, shard.end - shard.begin));
  }
  EXPECT_EQ(pieces, (Texts{"one\n\ntwo\n", "three\nfour\n", "five"}));
  EXPECT_EQ(spec->split->source_size.n, static_cast<std::int64_t>(text.size()));
  EXPECT_EQ(spec->split->source_modified, Time{1});
}

TEST(Split, AFileOfLinesThatIsEmptyMissingOrChangesIsRefused) {
  FakeFiles files{{{"/d/urls.txt", "\n \n"}}};
  EXPECT_EQ(told(files, "lines = 'urls.txt'"), "a.toml:3:9: '/d/urls.txt' holds no lines");
  EXPECT_EQ(told(files, "lines = 'url.txt'"),
            "a.toml:3:9: '/d/url.txt': No such file or directory");
  files.files["/d/urls.txt"] = "a\n\xff\n";
  EXPECT_EQ(told(files, "lines = 'urls.txt'"),
            "a.toml:3:9: line 2 of '/d/urls.txt' (empty ones not counted) is not UTF-8");
  files.files["/d/urls.txt"] = "a\n";
  files.changes = true;
  EXPECT_EQ(told(files, "lines = 'urls.txt'"),
            "a.toml:3:9: '/d/urls.txt' changed while it was read; submit again when nobody writes "
            "to it");
}

TEST(Split, EachItemOfAJsonListIsAGang) {
  FakeFiles files{{{"/d/i.json", ""}}};
  SplitFiles look = files.look();
  look.read = [](const std::string&, std::uint64_t, std::size_t) {
    return Result<std::string>(
        "[ \"a\\u00e9 b\", 1, -2, 0.10, true, null, {\"k\": [1, \"q\\\"\\n\", {}], \"l\": []}, [] "
        "]");
  };
  const auto spec =
      read_job_file({"command = 'work {shard}'\n[split]\njson = 'i.json'", "a.toml", "/d"}, look);
  ASSERT_TRUE(spec) << spec.error().sentence();
  EXPECT_EQ(texts_of(*spec), (Texts{"aé b", "1", "-2", "0.10", "true", "null",
                                    "{\"k\":[1,\"q\\\"\\u000a\",{}],\"l\":[]}", "[]"}));
}

TEST(Split, WhatIsNoJsonListIsRefusedWithItsPlace) {
  const auto mistake = [](std::string_view text) {
    const auto items = json_items(text, 3);
    return items ? "" : items.error().what;
  };
  EXPECT_EQ(mistake("{\"a\": 1}"), ": it holds an object, and a list is wanted");
  EXPECT_EQ(mistake("7"), ": it holds one value, and a list is wanted");
  EXPECT_TRUE(mistake("[1,\n 2,\n x]").starts_with(" at 3:2: this is not JSON: "))
      << mistake("[1,\n 2,\n x]");
  EXPECT_TRUE(mistake("").starts_with(" at 1:1: this is not JSON: ")) << mistake("");
  EXPECT_EQ(mistake("[1,2,3,4]"), ": more than 3 items, which is the most");
  EXPECT_EQ(mistake(std::string(100'000, '[')), ": more than 64 lists and objects in each other");
}

TEST(Split, ItSplitsOneThing) {
  FakeFiles files{{{"/d/a", "x"}}};
  EXPECT_EQ(told(files, ""),
            "a.toml:2:1: [split] says nothing of what to split; give files = "
            "\"*.mp4\", lines = \"urls.txt\" or json = \"a.json\"");
  EXPECT_EQ(told(files, "files = '*'\nlines = 'a'"),
            "a.toml:4:9: [split] splits either files, lines or json, not several");
  EXPECT_EQ(told(files, "files = '*'\nper = 2"),
            "a.toml:4:7: per counts lines, and [split] has files");
  EXPECT_EQ(told(files, "lines = 'a'\nper = 0"),
            "a.toml:4:7: per is 0; it goes from 1 to 1000000000");
  EXPECT_EQ(told(files, "line = 'a'"), "a.toml:3:1: unknown key 'line'; did you mean 'lines'?");
}

TEST(Split, RelativeFilesNeedOneDirectory) {
  FakeFiles files{{{"/d/a", "x"}}};
  const auto spec = read_job_file(
      {"command = 'w'\ndir = '{lr}'\n[sweep]\nlr = [1]\n[split]\nlines = 'a'", "a.toml", "/d"},
      files.look());
  EXPECT_EQ(spec.error().sentence(),
            "a.toml:6:9: 'a' is looked for in dir, which differs from gang to gang; write an "
            "absolute path");
}

TEST(Wildcards, MatchLikeThoseOfTheShell) {
  for (const auto& [pattern, name] :
       std::vector<std::pair<std::string, std::string>>{{"*.mp4", "a.mp4"},
                                                        {"*", "a"},
                                                        {"a?c", "abc"},
                                                        {"a?c", "aéc"},
                                                        {"[a-c]x", "bx"},
                                                        {"[!a]x", "bx"},
                                                        {"[]]", "]"},
                                                        {"[", "["},
                                                        {"\\*", "*"},
                                                        {".*", ".a"},
                                                        {"a*b*c", "aXbYbc"},
                                                        {"**a", "ba"},
                                                        {"a", "a"},
                                                        {"[a", "[a"},
                                                        {"[a-]", "-"},
                                                        {"x\\", "x\\"}})
    EXPECT_TRUE(matches_wildcard(pattern, name)) << pattern << " " << name;
  for (const auto& [pattern, name] :
       std::vector<std::pair<std::string, std::string>>{{"*.mp4", "a.mp3"},
                                                        {"*", ".a"},
                                                        {"?", ""},
                                                        {"?", "ab"},
                                                        {"[!a]x", "ax"},
                                                        {"[a-c]", "d"},
                                                        {"\\*", "a"},
                                                        {"a*b", "abc"},
                                                        {"", "a"},
                                                        {"?a", ".a"}})
    EXPECT_FALSE(matches_wildcard(pattern, name)) << pattern << " " << name;
}

TEST(Wildcards, ManyStarsDoNotTakeForever) {
  std::string pattern;
  for (int i = 0; i < 500; ++i) pattern += "*a";
  EXPECT_FALSE(matches_wildcard(pattern + "b", std::string(5'000, 'a')));
}

class RealFiles : public testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/split_test.XXXXXX";
    ASSERT_NE(mkdtemp(pattern), nullptr);
    root_ = pattern;
    for (const char* folder : {"a", "b", "c"})
      std::filesystem::create_directory(root_ + "/" + folder);
    for (const char* file :
         {"a/2.mp4", "a/10.mp4", "b/1.mp4", "b/.hidden.mp4", "c/x.txt", "top.mp4"})
      std::ofstream(root_ + "/" + file) << "12345";
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  Texts matching(const std::string& pattern, std::size_t most = 100) {
    const auto paths = files_of_this_machine().matching(pattern, root_, most);
    return paths ? *paths : Texts{paths.error().what};
  }

  std::string root_;
};

TEST_F(RealFiles, ArePatternsMatchedPartByPartAndSorted) {
  EXPECT_EQ(matching("*/*.mp4"), (Texts{"a/10.mp4", "a/2.mp4", "b/1.mp4"}));
  EXPECT_EQ(matching("*.mp4"), (Texts{"top.mp4"}));
  EXPECT_EQ(matching("a/2.mp4"), (Texts{"a/2.mp4"}));
  EXPECT_EQ(matching("./a/../b/*"), (Texts{"./a/../b/1.mp4"}));
  EXPECT_EQ(matching(root_ + "/[bc]/*"), (Texts{root_ + "/b/1.mp4", root_ + "/c/x.txt"}));
  EXPECT_EQ(matching("nothing/*"), Texts{});
  EXPECT_EQ(matching("top.mp4/*"), Texts{});
}

TEST_F(RealFiles, TooManyOrTooDeepAreRefused) {
  EXPECT_EQ(matching("*/*.mp4", 2),
            Texts{"the pattern matches more than 2 files, which is the most"});
  EXPECT_EQ(matching("a/**/b"), Texts{"'**' is not known in a pattern"});
  std::string deep = "a";
  for (int i = 0; i < 100; ++i) deep += "/*";
  EXPECT_EQ(matching(deep), Texts{"the pattern has 101 parts; the most is 64"});
}

TEST_F(RealFiles, NoMoreOfThemAreLookedAtThanMayBe) {
  const auto few = files_of_this_machine(10).matching("*/*.mp4", root_, 100);
  ASSERT_FALSE(few.ok());
  EXPECT_EQ(few.error().what, "the pattern looks at more than 10 names, which is the most");
  EXPECT_EQ(files_of_this_machine(30).matching("*/*.mp4", root_, 100)->size(), 3u);
}

TEST_F(RealFiles, AreReadInParts) {
  const SplitFiles files = files_of_this_machine();
  EXPECT_EQ(*files.read(root_ + "/top.mp4", 1, 3), "234");
  EXPECT_EQ(*files.read(root_ + "/top.mp4", 4, 100), "5");
  EXPECT_EQ(files.facts(root_ + "/top.mp4")->size.n, 5);
  EXPECT_EQ(files.facts(root_ + "/a").error().what, "'" + root_ + "/a' is not a regular file");
  EXPECT_EQ(files.facts(root_ + "/no").error().what,
            "'" + root_ + "/no': No such file or directory");
}

TEST_F(RealFiles, APipeIsRefusedAndNotWaitedFor) {
  ASSERT_EQ(mkfifo((root_ + "/pipe").c_str(), 0600), 0);
  const SplitFiles files = files_of_this_machine();
  EXPECT_FALSE(files.facts(root_ + "/pipe"));
  EXPECT_EQ(*files.read(root_ + "/pipe", 0, 10).error().what.c_str(), '\'');
}

}  // namespace
}  // namespace gangline
