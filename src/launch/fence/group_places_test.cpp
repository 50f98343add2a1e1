#include "launch/fence/group_places.h"

#include <algorithm>

#include "launch/fence/fake_root.h"
#include "launch/fence/old_test_groups.h"

namespace gangline {
namespace {

TEST(GroupPlaces, a_name_of_a_group_says_whose_it_is_and_others_say_nothing) {
  const auto name = parse_group_name("gangline-12.3@e0f.5");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->lane, 12u);
  EXPECT_EQ(name->times, 3u);
  EXPECT_EQ(name->epoch, "e0f");
  EXPECT_EQ(name->rank, 5u);
  for (const char* other :
       {"gangline-leaf", "gangline-", "gangline-1@e.0", "gangline-1.0@e", "gangline-1.0@.0",
        "gangline-1.0@e.x", "gangline-1.0.1@e.0", "gangline-1.99999999999999999999@e.0",
        "other-1.0@e.0", "gangline-1.0@e.0@f.0", "gangline-a.0@e.0"})
    EXPECT_FALSE(parse_group_name(other)) << other;
}

TEST(GroupPlaces, only_groups_of_its_own_journal_that_nobody_needs_are_cleared) {
  const FakeRoot root;
  const std::string place = root.path() + "/groups";
  // A file in a directory keeps it from being removed, as a process in a group does.
  for (const char* name : {"gangline-1.9@mine.0", "gangline-2.9@mine.0", "gangline-3.9@mine.0",
                           "gangline-1.9@other.0", "gangline-leaf"})
    std::filesystem::create_directories(place + "/" + name);
  root.write("/groups/gangline-4.9@mine.0/a", "");
  root.write("/groups/gangline-5.9@mine.1/a", "");
  const auto fate = [](const GroupName& name) {
    if (name.lane == 2) return GangFate::lives;
    return name.lane == 4 ? GangFate::over : GangFate::unknown;
  };
  EXPECT_EQ(clear_groups({{"mine", place}}, fate),
            std::vector<std::string>{place + "/gangline-4.9@mine.0"});
  std::vector<std::string> left = groups_in(place);
  std::sort(left.begin(), left.end());
  EXPECT_EQ(left, (std::vector<std::string>{"gangline-1.9@other.0", "gangline-2.9@mine.0",
                                            "gangline-4.9@mine.0", "gangline-5.9@mine.1",
                                            "gangline-leaf"}));
}

TEST(GroupPlaces, a_place_is_remembered_until_nothing_is_left_in_it) {
  const FakeRoot root;
  const std::string old_place = root.path() + "/a b", file = root.path() + "/groups";
  std::filesystem::create_directories(old_place + "/gangline-1.9@e.0");
  const GroupPlace mine{"e", root.path() + "/new"}, earlier{"e", old_place};
  keep_group_places(file, places_in_use({earlier}, {mine}));
  EXPECT_EQ(read_group_places(file), (std::vector<GroupPlace>{mine, earlier}));
  std::filesystem::remove(old_place + "/gangline-1.9@e.0");
  std::filesystem::create_directories(old_place + "/gangline-1.9@other.0");
  EXPECT_EQ(places_in_use(read_group_places(file), {mine}), std::vector<GroupPlace>{mine});
}

TEST(GroupPlaces, a_file_of_places_that_is_missing_or_nonsense_names_none) {
  const FakeRoot root;
  EXPECT_TRUE(read_group_places(root.path() + "/none").empty());
  root.write("/bad", "\n x\nonly\ne \n\x01\x02");
  EXPECT_TRUE(read_group_places(root.path() + "/bad").empty());
}

TEST(GroupPlaces, of_what_killed_tests_left_all_that_is_old_and_empty_is_cleared) {
  const FakeRoot root;
  std::string young;
  for (std::int64_t n = now().us; n > 0; n /= 16) young += "0123456789abcdef"[n % 16];
  const std::string old = "0ea2f5d0d3166";  // of the year 2026
  for (const std::string& left : {"gangline-1.9@" + old + ".0", "gangline-mps-a-5@" + old + ".0"})
    std::filesystem::create_directories(root.path() + "/cpuset/" + left);
  const std::vector<std::string> kept{"gangline-2.9@" + old + ".0/process",
                                      "gangline-3.9@" + young + ".0", "gangline-slurm-a",
                                      "other-1.9@" + old + ".0"};
  for (const std::string& name : kept)
    std::filesystem::create_directories(root.path() + "/cpuset/" + name);
  clear_groups_of_killed_tests(root.path());
  for (const std::string& name : kept)
    EXPECT_TRUE(std::filesystem::exists(root.path() + "/cpuset/" + name)) << name;
  const std::filesystem::directory_iterator left(root.path() + "/cpuset");
  EXPECT_EQ(std::distance(begin(left), end(left)), 4);
}

}  // namespace
}  // namespace gangline
