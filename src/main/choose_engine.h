// Which engine a service has: this machine, or a cluster that jobs are handed to.
#pragma once

#include <memory>
#include <string>

#include "engine/engine.h"
#include "main/places.h"
#include "model/settings.h"
#include "os/loop.h"

namespace gangline {

/// `loop` must outlive it. `store`: its name.
std::unique_ptr<Engine> make_engine(Loop& loop, const Places& places, const Settings& settings,
                                    const std::string& store);

}  // namespace gangline
