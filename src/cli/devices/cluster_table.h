// A cluster on one screen: its partitions, then its nodes, those that are alike as one line.
#pragma once

#include <string>
#include <vector>

#include "cli/output.h"
#include "model/views.h"

namespace gangline {

/// Whether another system places on some of them, and says what it holds.
bool is_cluster(const std::vector<NodeView>& nodes);
void print_cluster(const std::vector<NodeView>& nodes, Output& out);

/// "5 of 8 h100, 4 a100": how many GPUs are free. None are where nothing starts.
std::string free_devices(const std::vector<DevicesHeld>& devices, bool up);

}  // namespace gangline
