// The two services for all as systemd knows them.
#pragma once

#include <string>

namespace gangline {

std::string launcher_unit_text(const std::string& program);
std::string service_unit_text(const std::string& program);

}  // namespace gangline
