// Where the service for all people of a machine has what it has, and by which names.
#pragma once

namespace gangline::for_all {

constexpr const char* state = "/var/lib/gangline";                  ///< of root, all may pass
constexpr const char* service_state = "/var/lib/gangline/service";  ///< of the service's user alone
constexpr const char* jobs = "/var/lib/gangline/jobs";
constexpr const char* installed = "/var/lib/gangline/installed";  ///< what `install` has made
constexpr const char* installed_config = "config /etc/gangline/config.toml";  ///< a line of it
constexpr const char* run = "/run/gangline";
constexpr const char* socket = "/run/gangline/service.sock";
constexpr const char* configs = "/etc/gangline";
constexpr const char* config = "/etc/gangline/config.toml";
constexpr const char* program = "/usr/local/bin/gang";
constexpr const char* packaged_program = "/usr/bin/gang";
constexpr const char* units = "/etc/systemd/system";
constexpr const char* service_unit = "gangline.service";
constexpr const char* launcher_unit = "gangline-launcher.service";
constexpr const char* user = "gangline";  ///< the service runs as, and its group
constexpr const char* operators = "gangline-operators";

}  // namespace gangline::for_all
