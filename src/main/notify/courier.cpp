#include "main/notify/courier.h"

#include <unistd.h>

#include <cstdlib>

#include "base/text.h"
#include "control/notify/mail_text.h"
#include "json/json.h"

namespace gangline {
namespace {

constexpr std::size_t most_said = 64 << 10;  // bytes of what a program or a server answers
constexpr Span longest_run = longest_send - seconds(1);
constexpr std::size_t longest_told = 200;

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "this machine";
}

// It stands in no person's PATH. Tests and unusual machines name another.
std::string sendmail() {
  const char* named = std::getenv("GANGLINE_SENDMAIL");
  return named != nullptr && *named != '\0' ? named : "/usr/sbin/sendmail";
}

Error went_wrong(const std::string& what) {
  return {ErrorKind::unavailable, printable(what.substr(0, longest_told)), "", ""};
}

Result<void> outcome_of(const std::string& program, const Result<ProgramAnswer>& answer) {
  if (!answer) return answer.error();
  if (answer->code == 0) return {};
  std::string said(trim(answer->error_output));
  if (const auto line = said.rfind('\n'); line != std::string::npos) said.erase(0, line + 1);
  return went_wrong(program + " ended with " + std::to_string(answer->code) +
                    (said.empty() ? "" : ": " + said));
}

}  // namespace

Courier::Courier(Loop& loop, NotifySettings settings)
    : loop_(loop), settings_(std::move(settings)) {}

void Courier::send(NotifyWay way, const JobSummary& end, Done done) {
  switch (way) {
    case NotifyWay::command: return run(settings_.command, to_json(end) + "\n", std::move(done));
    case NotifyWay::hook: return post(end, std::move(done));
    case NotifyWay::mail:
      if (may_be_mailed(end.owner))
        return run({sendmail(), "-oi", "--", end.owner}, mail_text(end, host_name()),
                   std::move(done));
      loop_.post([done = std::move(done)] { done(went_wrong("its owner has no name for mail")); });
  }
}

void Courier::run(std::vector<std::string> words, std::string input, Done done) {
  const std::uint64_t number = ++last_;
  const std::string program = words.front();
  ProgramCall call;
  call.words = std::move(words);
  call.input = std::move(input);
  call.deadline = longest_run;
  call.most_output = most_said;
  programs_[number] = std::make_unique<ProgramRun>(
      loop_, std::move(call), [this, number, program, done = std::move(done)](auto answer) {
        finish(number, done, outcome_of(program, answer));
      });
}

void Courier::post(const JobSummary& end, Done done) {
  const auto place = read_web_place(settings_.hook);
  if (!place) return loop_.post([done = std::move(done), error = place.error()] { done(error); });
  const std::uint64_t number = ++last_;
  HttpCall call;
  call.method = "POST";
  call.body = to_json(end);
  call.deadline = longest_run;
  call.most_answer = most_said;
  call.status_alone = true;
  calls_[number] = std::make_unique<HttpCallRun>(
      loop_, *place, std::move(call),
      [this, number, done = std::move(done)](Result<HttpAnswer> answer, HttpFailure) {
        Result<void> outcome;
        if (!answer) outcome = answer.error();
        else if (answer->status < 200 || answer->status >= 300)
          outcome = went_wrong("it answered " + std::to_string(answer->status));
        finish(number, done, outcome);
      });
}

void Courier::finish(std::uint64_t number, const Done& done, Result<void> outcome) {
  // Not from within the one that is let go.
  loop_.post([this, number, done, outcome = std::move(outcome)] {
    programs_.erase(number);
    calls_.erase(number);
    done(outcome);
  });
}

}  // namespace gangline
