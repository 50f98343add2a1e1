#include "engine/slurm/rest/ways.h"

#include <pwd.h>
#include <unistd.h>

#include "engine/slurm/rest/rest_slurm.h"
#include "engine/slurm/slurm_programs.h"

namespace gangline {
namespace {

constexpr const char* place_variable = "GANGLINE_SLURMRESTD";
constexpr const char* token_variable = "GANGLINE_SLURMRESTD_TOKEN";

class FirstThatAnswers final : public Slurm {
 public:
  FirstThatAnswers(std::unique_ptr<Slurm> first, std::unique_ptr<Slurm> second)
      : first_(std::move(first)), second_(std::move(second)), now_(first_.get()) {}

  std::string way() const override { return answered_ ? now_->way() : std::string(); }

  Result<SlurmSeen> ask_site() override {
    if (answered_) return now_->ask_site();
    auto seen = first_->ask_site();
    if (seen) return take(*first_, std::move(seen));
    Error error = seen.error();
    if (!second_) {
      error.hint += std::string(error.hint.empty() ? "" : "; ") + "or say with " + place_variable +
                    "=http://HOST:PORT where slurmrestd listens";
      return error;
    }
    seen = second_->ask_site();
    if (seen) return take(*second_, std::move(seen));
    // What is asked meanwhile is asked of the one that was named.
    now_ = second_.get();
    const Error& other = seen.error();
    return Error{other.kind, error.what + ", and " + other.what, other.where, other.hint};
  }

  void ask_nodes(Heard<std::vector<SlurmNodeSeen>> heard) override {
    now_->ask_nodes(std::move(heard));
  }
  void ask_partitions(Heard<std::vector<SlurmPartition>> heard) override {
    now_->ask_partitions(std::move(heard));
  }
  void ask_queue(Heard<std::vector<SlurmJobSeen>> heard) override {
    now_->ask_queue(std::move(heard));
  }
  void ask_accounts(std::vector<std::string> numbers,
                    Heard<std::vector<SlurmJobSeen>> heard) override {
    now_->ask_accounts(std::move(numbers), std::move(heard));
  }
  void ask_holders(Heard<std::vector<SlurmHolder>> heard) override {
    now_->ask_holders(std::move(heard));
  }
  Span rest_after_queue() const override { return now_->rest_after_queue(); }
  void submit(const std::string& script, const std::string& tag,
              std::function<void(SlurmSent)> heard) override {
    now_->submit(script, tag, std::move(heard));
  }
  void stop(std::vector<SlurmStopped> jobs, SlurmStop how, std::function<void()> told) override {
    now_->stop(std::move(jobs), how, std::move(told));
  }
  bool starts_at_once() const override { return now_->starts_at_once(); }
  void start_at_once(std::vector<std::string> words, std::string output_file,
                     std::function<void()> ended) override {
    now_->start_at_once(std::move(words), std::move(output_file), std::move(ended));
  }
  bool tests() const override { return now_->tests(); }
  void test(const std::string& script,
            std::function<void(std::optional<TestedStart>)> heard) override {
    now_->test(script, std::move(heard));
  }

 private:
  Result<SlurmSeen> take(Slurm& way, Result<SlurmSeen> seen) {
    now_ = &way;
    answered_ = true;
    return seen;
  }

  std::unique_ptr<Slurm> first_, second_;
  Slurm* now_;
  bool answered_ = false;
};

std::string value_of(const std::vector<EnvVar>& environment, const std::string& name) {
  for (const EnvVar& variable : environment)
    if (variable.first == name) return variable.second;
  return {};
}

RestPerson ourselves() {
  RestPerson we;
  we.uid = ::getuid();
  const passwd* user = ::getpwuid(we.uid);  // NOLINT(concurrency-mt-unsafe): one thread
  if (user != nullptr) we.user = user->pw_name;
  return we;
}

}  // namespace

std::unique_ptr<Slurm> first_that_answers(std::unique_ptr<Slurm> first,
                                          std::unique_ptr<Slurm> second) {
  return std::make_unique<FirstThatAnswers>(std::move(first), std::move(second));
}

std::unique_ptr<Slurm> make_slurm(Loop& loop, const std::vector<EnvVar>& environment) {
  std::unique_ptr<Slurm> rest;
  if (const std::string place = value_of(environment, place_variable); !place.empty())
    rest = std::make_unique<RestSlurm>(loop, RestSettings{place,
                                                          {value_of(environment, token_variable),
                                                           value_of(environment, "SLURM_JWT")},
                                                          environment_for_slurm(environment),
                                                          ourselves()});
  return first_that_answers(std::make_unique<SlurmPrograms>(loop, environment), std::move(rest));
}

}  // namespace gangline
