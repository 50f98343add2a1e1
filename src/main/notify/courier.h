// Tells of ends of jobs by a command, a web hook and mail, each as the user of the service.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "control/notify/messenger.h"
#include "model/notify.h"
#include "os/http_call.h"
#include "os/loop.h"
#include "os/program.h"

namespace gangline {

class Courier final : public Messenger {
 public:
  /// `loop` must outlive it. What is under way when it is destroyed is ended.
  Courier(Loop& loop, NotifySettings settings);

  void send(NotifyWay way, const JobSummary& end, std::function<void(Result<void>)> done) override;

 private:
  using Done = std::function<void(Result<void>)>;
  void run(std::vector<std::string> words, std::string input, Done done);
  void post(const JobSummary& end, Done done);
  /// Says it later, and lets go of what was under way.
  void finish(std::uint64_t number, const Done& done, Result<void> outcome);

  Loop& loop_;
  const NotifySettings settings_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, std::unique_ptr<ProgramRun>> programs_;
  std::map<std::uint64_t, std::unique_ptr<HttpCallRun>> calls_;
};

}  // namespace gangline
