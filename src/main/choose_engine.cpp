#include "main/choose_engine.h"

#include <unistd.h>

#include <cstring>

#include "engine/local/local_engine.h"
#include "engine/slurm/slurm_engine.h"

extern char** environ;  // NOLINT: POSIX's own name

namespace gangline {
namespace {

std::vector<EnvVar> own_variables() {
  std::vector<EnvVar> all;
  for (char** entry = environ; *entry != nullptr; ++entry)
    if (const char* equals = std::strchr(*entry, '='); equals != nullptr && equals != *entry)
      all.emplace_back(std::string(*entry, static_cast<std::size_t>(equals - *entry)), equals + 1);
  return all;
}

}  // namespace

std::unique_ptr<Engine> make_engine(Loop& loop, const Places& places, const Settings& settings,
                                    const std::string& store) {
  const std::string program = own_program();
  if (places.on_slurm)
    return std::make_unique<SlurmEngine>(
        loop,
        SlurmEngineSettings{places.state, program, store, own_variables(), settings.on_slurm});
  LocalEngineSettings local;
  local.state_dir = places.state;
  if (!places.for_all) local.launcher = {program, "internal-launcher"};
  local.probe = {program, "internal-probe"};
  local.sample_every = settings.sample_every;
  local.store = store;
  return std::make_unique<LocalEngine>(loop, std::move(local));
}

}  // namespace gangline
