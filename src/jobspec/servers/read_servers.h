// The part of config.toml that names services of other machines:
//
//   [server.lab]
//   url = "https://gpu1.lab:7979"
//   token_file = "~/.config/gangline/lab.token"
//   certificates = "~/.config/gangline/lab.pem"
#pragma once

#include <vector>

#include "jobspec/mistakes.h"
#include "jobspec/written.h"
#include "model/access.h"

namespace gangline {

constexpr std::size_t most_servers = 100;

void read_servers(const Written& root, std::vector<ServerProfile>& servers, Mistakes& mistakes);

}  // namespace gangline
