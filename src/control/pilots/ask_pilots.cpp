// Pilots: asked for, shown, ended. The engine has them.
#include "base/text.h"
#include "control/controller.h"

namespace gangline {
namespace {

Result<void> check(const PilotRequest& request) {
  const auto no = [](const char* where, const std::string& what, const std::string& hint) {
    return Error{ErrorKind::refused, what, where, hint};
  };
  if (request.nodes == 0 || request.nodes > most_pilot_nodes)
    return no("nodes", "a pilot has 1 to " + std::to_string(most_pilot_nodes) + " nodes", "");
  if (request.time < shortest_pilot)
    return no("time", "a pilot is there for at least " + format(shortest_pilot),
              "say for how long: --time 1h");
  if (request.idle.us <= 0 || request.memory.n < 0)
    return no("idle", "this makes no sense", "say it as 10m");
  for (const std::string* word : {&request.model, &request.queue})
    if (word->size() > longest_name || word->find_first_of(" \t\n,;:") != std::string::npos)
      return no("model", "'" + printable(*word) + "' is no name in Slurm", "");
  return {};
}

}  // namespace

void Controller::ask_pilot(const PilotRequest& request, Reply<PilotView> reply) {
  touch();
  if (const auto good = check(request); !good) return reply(good.error());
  engine_.ask_pilot(request, std::move(reply));
}

void Controller::pilots(Reply<std::vector<PilotView>> reply) {
  touch();
  reply(engine_.pilots(world_.now()));
}

void Controller::stop_pilot(std::uint64_t number, Reply<PilotView> reply) {
  touch();
  engine_.stop_pilot(number, std::move(reply));
}

}  // namespace gangline
