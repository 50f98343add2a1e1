// What each format's file gives to the table of formats.
#pragma once

#include <string_view>

#include "replay/clusters/read_cluster.h"
#include "replay/input/input.h"

namespace gangline {

bool looks_like_cluster_file(std::string_view head);
bool looks_like_openb_nodes(std::string_view head);
bool looks_like_sinfo(std::string_view head);
bool looks_like_scontrol_nodes(std::string_view head);
bool looks_like_kubernetes_nodes(std::string_view head);

Result<FoundCluster> read_cluster_file(Input& input);
Result<FoundCluster> read_openb_nodes(Input& input);
Result<FoundCluster> read_sinfo(Input& input);
Result<FoundCluster> read_scontrol_nodes(Input& input);
Result<FoundCluster> read_kubernetes_nodes(Input& input);

}  // namespace gangline
