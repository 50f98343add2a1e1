#include "engine/slurm/slurm_calls.h"

#include "engine/slurm/site/site.h"
#include "engine/slurm/why/reason.h"

namespace gangline {
namespace {

constexpr Span longest_call = seconds(30);

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
  if (!answer && answer.error().kind == ErrorKind::not_found)
    return Error{
        ErrorKind::unavailable, "there is no program " + program + " in PATH", "",
        "Slurm's programs are on its login nodes; some sites want `module load slurm` first"};
  if (!answer) return answer.error();
  if (answer->code == 0) return answer->output;
  return slurm_error(program, answer->error_output);
}

}  // namespace gangline
