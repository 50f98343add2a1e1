#include "engine/slurm/rest/rest_answers.h"
#include "engine/slurm/rest/rest_json.h"

namespace gangline {
namespace {

constexpr std::size_t longest_complaint = 300;

/// slurmrestd says no more than this where it gets nothing out of slurmctld, whatever the cause.
constexpr std::string_view no_cause = "Unspecified error";

}  // namespace

std::optional<RestComplaint> read_rest_complaint(std::string_view text) {
  return complaint_in(parse_rest(text));
}

std::optional<RestComplaint> complaint_in(const Json& answer) {
  const Json& errors = value_in(answer, "errors");
  if (!errors.is_array()) return std::nullopt;
  for (const Json& one : errors) {
    RestComplaint complaint;
    for (const char* key : {"error_number", "error_code", "errno"})
      if (const Json& number = value_in(one, key); number.is_number_integer())
        complaint.number = number.get<std::int64_t>();
    for (const char* key : {"error", "description"})
      if (const std::string says = text_in(one, key); complaint.says.empty())
        complaint.says = printable(std::string_view(says).substr(0, longest_complaint));
    if (one.is_string()) complaint.says = printable(one.get<std::string>());
    return complaint;
  }
  return std::nullopt;
}

Error error_of(const RestComplaint& complaint) {
  if (complaint.says.empty() || complaint.says == no_cause)
    return {ErrorKind::unavailable,
            "slurmrestd gets nothing out of Slurm: slurmctld does not answer, or does not believe "
            "the token",
            "slurmrestd",
            "a new token is made with `scontrol token lifespan=86400` on the cluster; does `sinfo` "
            "work there?"};
  return slurm_error("slurmrestd", complaint.says);
}

}  // namespace gangline
