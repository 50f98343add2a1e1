#include "engine/slurm/slurm_calls.h"

#include "base/text.h"
#include "engine/slurm/site.h"

namespace gangline {
namespace {

constexpr Span longest_call = seconds(30);
constexpr std::size_t most_of_a_complaint = 500;

std::vector<std::string> strings_of(const std::vector<EnvVar>& variables) {
  std::vector<std::string> list;
  for (const EnvVar& variable : variables) list.push_back(variable.first + "=" + variable.second);
  return list;
}

}  // namespace

SlurmCalls::SlurmCalls(Loop& loop, const std::vector<EnvVar>& environment)
    : loop_(loop), environment_(strings_of(environment_for_slurm(environment))) {}

void SlurmCalls::run(ProgramCall call, Heard heard, bool goes_on) {
  call.environment = environment_;
  const auto place = running_.emplace(running_.end());
  *place = std::make_unique<ProgramRun>(
      loop_, std::move(call),
      [this, place, heard = std::move(heard)](Result<ProgramAnswer> answer) {
        const auto ended = std::move(*place);  // outlives this call, which may begin others
        running_.erase(place);
        heard(std::move(answer));
      });
  if (goes_on) (*place)->let_go();
}

void SlurmCalls::ask(std::vector<std::string> words, Heard heard) {
  ProgramCall call{std::move(words)};
  call.deadline = longest_call;
  run(std::move(call), std::move(heard), false);
}

void SlurmCalls::begin(std::vector<std::string> words, std::string output_file, Heard heard) {
  ProgramCall call{std::move(words)};
  call.output_file = std::move(output_file);
  call.deadline = Span{0};
  run(std::move(call), std::move(heard), true);
}

Result<ProgramAnswer> SlurmCalls::ask_now(std::vector<std::string> words) const {
  ProgramCall call{std::move(words)};
  call.environment = environment_;
  call.deadline = longest_call;
  return run_program(call);
}

Result<std::string> said_by(const std::string& program, const Result<ProgramAnswer>& answer) {
  if (!answer) return answer.error();
  if (answer->code == 0) return answer->output;
  std::string complaint(trim(answer->error_output));
  if (complaint.size() > most_of_a_complaint) complaint.resize(most_of_a_complaint);
  return Error{
      ErrorKind::unavailable,
      program + " failed: " +
          (complaint.empty() ? "exit code " + std::to_string(answer->code) : printable(complaint)),
      "", ""};
}

}  // namespace gangline
