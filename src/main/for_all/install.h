// `gang daemon install` and `uninstall`: the service for all people of a machine.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "cli/daemon/for_all_options.h"
#include "service/service.h"

namespace gangline {

/// Each thing that is made or removed is told to `tell`, a line each. What is there already is left
/// as it is, so that a failed try can be repeated.
Result<void> install_for_all(const InstallOptions& options,
                             const std::function<void(const std::string&)>& tell);

/// `service`: the running one, or an Error. Refused where jobs have not ended or left outputs and
/// the options do not say what is to become of them.
Result<void> uninstall_for_all(const UninstallOptions& options,
                               const std::function<Result<Service*>()>& service,
                               const std::function<void(const std::string&)>& tell);

}  // namespace gangline
