// send_order DIRECTORY STATE < spec.json: writes what the service writes before it sends a job to
// Slurm, so that check_node_programs.py can send one without a service.
#include <cstdio>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>

#include "engine/slurm/sending.h"
#include "json/json.h"
#include "os/file.h"

using namespace gangline;  // NOLINT: a small program of a test

namespace {

Result<void> send(const std::string& directory, const std::string& state, const std::string& text) {
  auto spec = from_json<JobSpec>(text);
  if (!spec) return spec.error();
  SendingOrder order;
  order.job.id = {7};
  order.count = gang_count(*spec);
  order.job.spec = std::make_shared<const JobSpec>(*std::move(spec));
  order.state_dir = state;
  order.id = "test";
  if (auto made = make_directories(directory, 0700); !made) return made;
  return write_order(SendingFiles(directory), order);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
  const auto sent = send(argv[1], argv[2], text);
  if (!sent) std::fprintf(stderr, "%s\n", sent.error().sentence().c_str());
  return sent ? 0 : 1;
}
