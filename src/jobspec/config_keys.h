// The keys of a config file that stand in no table, or are one.
#pragma once

#include <string_view>

namespace gangline {

inline constexpr std::string_view config_keys[] = {
    "policy", "idle_exit",   "sample_every", "half_life", "cpus_as_device", "queue", "people",
    "quiet",  "maintenance", "for_all",      "on",        "notify",         "server"};

}  // namespace gangline
