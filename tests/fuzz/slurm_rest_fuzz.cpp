// What slurmrestd answers, or whatever listens in its place; what stands in a token's file; and an
// address that somebody wrote.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/text.h"
#include "engine/slurm/rest/rest_answers.h"
#include "engine/slurm/rest/submission.h"
#include "engine/slurm/rest/token.h"
#include "os/http_call.h"

namespace {

using namespace gangline;

void check_jobs(const Result<std::vector<SlurmJobSeen>>& jobs) {
  if (!jobs) return;
  for (const SlurmJobSeen& job : *jobs) {
    CHECK(job.job > 0 && job.own > 0 && !job.id.empty());
    CHECK(is_utf8(job.tag) && is_utf8(job.nodes) && is_utf8(job.state_word));
    for (const ElementRange& range : job.elements) CHECK(range.begin < range.end);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  check_jobs(read_rest_queue(text, {"anna", 2001}));
  check_jobs(read_rest_accounts(text));
  static_cast<void>(read_rest_holders(text));
  if (const auto nodes = read_rest_nodes(text))
    for (const Node& node : nodes_of(*nodes)) CHECK(node.up || !node.notes.empty());
  static_cast<void>(read_rest_partitions(text));
  static_cast<void>(read_rest_number(text));
  static_cast<void>(read_rest_select(text));
  CHECK(is_utf8(read_rest_release(text)));
  if (const auto complaint = read_rest_complaint(text)) CHECK(is_utf8(error_of(*complaint).what));
  if (const auto token = read_slurm_token(text))
    CHECK(token->text.find_first_of(" \r\n") == std::string::npos);
  if (const auto place = read_http_place(text)) CHECK(place->host.empty() != place->socket.empty());
  static_cast<void>(rest_submission(text, "t", "/", {{std::string(text), std::string(text)}}));
  return 0;
}
