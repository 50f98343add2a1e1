#include "main/top_screen.h"

#include <cstdlib>
#include <memory>

#include "client/client.h"
#include "main/places.h"
#include "main/service_process.h"
#include "os/clock.h"
#include "tui/top.h"

namespace gangline {
namespace {

/// Asks its first question at once, so that one who is not let in hears it before the screen opens.
Result<std::unique_ptr<Service>> open_far(const FarPlace& server) {
  // The screen says itself that nobody answers, and asks again.
  auto client =
      open_far_service(server, {Span{0}, [] { return false; }, [](const std::string&) {}});
  if (const auto who = client->who_am_i(); !who) return who.error();
  return std::unique_ptr<Service>(std::move(client));
}

Result<OpenService> open_near() {
  const auto places = find_places();
  if (!places) return places.error();
  return OpenService([at = *places](bool may_start) -> Result<std::unique_ptr<Service>> {
    auto first = connect_service(at, may_start);
    if (!first) return first.error();
    const auto given = std::make_shared<Fd>(std::move(*first));
    // A screen that is open starts no service again that somebody ended.
    return std::unique_ptr<Service>(std::make_unique<Client>(
        [at, given]() -> Result<Fd> {
          if (given->open()) return std::move(*given);
          return connect_service(at, false);
        },
        GANGLINE_VERSION));
  });
}

Result<TopWorld> world_of_top(const std::optional<FarPlace>& server) {
  TopWorld world;
  if (server) {
    world.starts_services = false;
    world.open = [far = *server](bool) { return open_far(far); };
  } else {
    auto near = open_near();
    if (!near) return near.error();
    world.open = *std::move(near);
  }
  world.now = [] { return now(); };
  const char* plain = std::getenv("NO_COLOR");
  world.colours = plain == nullptr || *plain == '\0';
  return world;
}

}  // namespace

Result<int> show_top(const std::optional<FarPlace>& server) {
  const auto world = world_of_top(server);
  return world ? run_screen(*world) : world.error();
}

Result<std::string> top_once(const std::optional<FarPlace>& server, std::size_t width) {
  const auto world = world_of_top(server);
  return world ? screen_once(*world, static_cast<int>(width)) : world.error();
}

}  // namespace gangline
