// Slurm asked by slurmrestd, where its programs are not.
#pragma once

#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/slurm/rest/rest_answers.h"
#include "engine/slurm/rest/token.h"
#include "engine/slurm/slurm.h"
#include "model/environment.h"
#include "os/http_call.h"
#include "os/loop.h"

namespace gangline {

struct RestSettings {
  std::string place;                     ///< read_http_place()
  TokenSource token;                     ///< empty: a unix socket may know us without one
  std::vector<EnvVar> environment = {};  ///< of jobs
  RestPerson we = {};                    ///< where a token does not say who we are
};

class RestSlurm final : public Slurm {
 public:
  /// Takes the newest version of the interface that is known here and answers.
  RestSlurm(Loop& loop, RestSettings settings);
  ~RestSlurm() override;

  std::string way() const override;
  Result<SlurmSeen> ask_site() override;
  void ask_nodes(Heard<std::vector<SlurmNodeSeen>> heard) override;
  void ask_partitions(Heard<std::vector<SlurmPartition>> heard) override;
  void ask_queue(Heard<std::vector<SlurmJobSeen>> heard) override;
  void ask_accounts(std::vector<std::string> numbers,
                    Heard<std::vector<SlurmJobSeen>> heard) override;
  void ask_holders(Heard<std::vector<SlurmHolder>> heard) override;
  Span rest_after_queue() const override { return rest_after_queue_; }
  void submit(const std::string& script, const std::string& tag,
              std::function<void(SlurmSent)> heard) override;
  void stop(std::vector<SlurmStopped> jobs, SlurmStop how, std::function<void()> told) override;
  bool starts_at_once() const override { return false; }
  void start_at_once(std::vector<std::string>, std::string, std::function<void()>) override;
  bool tests() const override { return false; }
  void test(const std::string&, std::function<void(std::optional<TestedStart>)>) override;

 private:
  /// An answer with status 200, or an Error; and how far it came.
  struct Answer {
    Result<std::string> body;
    HttpFailure failure = HttpFailure::none;
    unsigned status = 0;         ///< 0: there was no whole answer
    std::int64_t complaint = 0;  ///< Slurm's number of what is wrong
  };
  using HeardAnswer = std::function<void(Answer)>;
  struct Stop {
    std::string target;
    std::function<void()> told;
  };

  Result<HttpCall> call_for(const std::string& method, const std::string& target,
                            std::string body) const;
  Answer read_answer(Result<HttpAnswer> answer, HttpFailure failure);
  Error without_token(Error error) const;
  /// `target` behind the version: "/jobs" of `part` "/slurm/".
  void ask(const std::string& method, const std::string& part, const std::string& target,
           std::string body, HeardAnswer heard);
  void run(HttpCall call, std::function<void(Result<HttpAnswer>, HttpFailure)> heard);
  void find_version(std::size_t next, std::function<void(Result<void>)> then);
  Answer ask_now(const std::string& part, const std::string& target);
  Result<void> find_version_now();
  RestPerson we() const;
  void stop_next();

  Loop& loop_;
  RestSettings settings_;
  Result<HttpPlace> place_;
  std::string version_;  ///< "v0.0.38"; empty: not found yet
  std::list<std::unique_ptr<HttpCallRun>> running_;
  std::deque<Stop> stops_;
  std::set<std::string> stops_known_;  ///< targets that wait or are under way
  std::size_t stopping_ = 0;
  Span rest_after_queue_{0};
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace gangline
