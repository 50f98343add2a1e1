// The end of a job as a mail.
#pragma once

#include <optional>
#include <string>

#include "model/views.h"

namespace gangline {

/// Head and body, as a sendmail program reads it. Nothing in the job can add a line to the head,
/// and the body is plain text. `host`: where it ran.
std::string mail_text(const JobSummary& end, const std::string& host);

/// Whether mail to this login name is sent: letters, digits and ._- alone, not - first.
bool may_be_mailed(const std::string& login);

}  // namespace gangline
