#include "jobspec/servers/read_servers.h"

#include <gtest/gtest.h>

#include "jobspec/config_file.h"

namespace gangline {
namespace {

std::string told(const std::string& text) {
  std::vector<Error> mistakes;
  const auto settings = read_config(text, "config.toml", &mistakes);
  EXPECT_FALSE(settings) << text;
  std::string all;
  for (const Error& mistake : mistakes) all += mistake.sentence() + "\n";
  return all;
}

TEST(Servers, AreKnownByTheirNames) {
  const auto settings = read_config(
      "[server.lab]\nurl='https://gpu1.lab:7979'\ntoken_file='~/lab.token'\n"
      "certificates='lab.pem'\n[server.tunnel]\nurl='http://127.0.0.1:7979'\n",
      "config.toml");
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->servers, (std::vector<ServerProfile>{
                                   {"lab", "https://gpu1.lab:7979", "~/lab.token", "lab.pem"},
                                   {"tunnel", "http://127.0.0.1:7979", "", ""},
                               }));
}

TEST(Servers, MistakesAreToldWithTheirLines) {
  EXPECT_NE(told("[server.lab]\ntoken_file='x'\n").find("[server.lab] has no url"),
            std::string::npos);
  EXPECT_NE(told("[server.lab]\nurl='gpu1.lab'\n").find("config.toml:2"), std::string::npos);
  EXPECT_NE(told("[server.lab]\nurl='https://x/#token=gang_1'\n").find("file of its own"),
            std::string::npos);
  EXPECT_NE(told("[server.lab]\nulr='https://x'\n").find("url"), std::string::npos);
  EXPECT_NE(told("server='https://x'\n").find("[server.lab]"), std::string::npos);
  EXPECT_NE(told("[server.'https://x']\nurl='https://x'\n").find("no address"), std::string::npos);
}

}  // namespace
}  // namespace gangline
