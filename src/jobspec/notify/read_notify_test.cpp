#include "jobspec/notify/read_notify.h"

#include <gtest/gtest.h>

#include "jobspec/config_file.h"
#include "jobspec/flags.h"

namespace gangline {
namespace {

std::string told(std::string_view text) {
  std::vector<Error> mistakes;
  EXPECT_FALSE(read_config(text, "config.toml", &mistakes));
  std::string all;
  for (const Error& mistake : mistakes) all += (all.empty() ? "" : "\n") + mistake.sentence();
  return all;
}

TEST(NotifyInTheConfigFile, NamesWaysAndWhen) {
  const auto settings = read_config(
      "[notify]\non='failure'\ncommand=['tell', '--short']\nhook='https://x.example/a?b=c'\n"
      "mail=true\n",
      "config.toml");
  ASSERT_TRUE(settings) << settings.error().sentence();
  EXPECT_EQ(
      settings->notify,
      (NotifySettings{NotifyOn::failure, {"tell", "--short"}, "https://x.example/a?b=c", true}));
  EXPECT_EQ(read_config("", "config.toml")->notify, NotifySettings{});
}

TEST(NotifyInTheConfigFile, MistakesAreToldAtTheirPlaces) {
  EXPECT_NE(told("[notify]\non='sometimes'\nmail=true\n").find("config.toml:2"), std::string::npos);
  EXPECT_NE(told("[notify]\nmial=true\n").find("mail"), std::string::npos);
  EXPECT_NE(told("[notify]\nhook='ftp://x'\n").find("https://"), std::string::npos);
  EXPECT_NE(told("[notify]\nhook=\"https://x/\\nX: y\"\n").find("https://"), std::string::npos);
  EXPECT_NE(told("[notify]\ncommand=[]\n").find("a program and its words"), std::string::npos);
  EXPECT_NE(told("[notify]\non='end'\n").find("without a way to tell"), std::string::npos);
  EXPECT_NE(told("notify='end'\n").find("[notify]"), std::string::npos);
}

TEST(NotifyOfAJob, IsOneOfThreeWords) {
  JobFlags flags;
  flags.command = {"true"};
  EXPECT_FALSE(spec_from_flags(flags, "/")->notify);
  for (const NotifyOn on : {NotifyOn::no_end, NotifyOn::failure, NotifyOn::end}) {
    flags.notify = name_of(on);
    EXPECT_EQ(spec_from_flags(flags, "/")->notify, on);
  }
  flags.notify = "always";
  EXPECT_FALSE(spec_from_flags(flags, "/"));
}

}  // namespace
}  // namespace gangline
