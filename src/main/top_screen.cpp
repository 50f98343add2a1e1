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

Result<TopWorld> world_of_top() {
  const auto places = find_places();
  if (!places) return places.error();
  TopWorld world;
  world.open = [at = *places](bool may_start) -> Result<std::unique_ptr<Service>> {
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
  };
  world.now = [] { return now(); };
  const char* plain = std::getenv("NO_COLOR");
  world.colours = plain == nullptr || *plain == '\0';
  return world;
}

}  // namespace

Result<int> show_top() {
  const auto world = world_of_top();
  return world ? run_screen(*world) : world.error();
}

Result<std::string> top_once(std::size_t width) {
  const auto world = world_of_top();
  return world ? screen_once(*world, static_cast<int>(width)) : world.error();
}

}  // namespace gangline
