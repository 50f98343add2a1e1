#include "launch/start/starter_plan.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "base/check.h"
#include "launch/start/starter_bytes.h"
#include "os/fd.h"
#include "os/file.h"

namespace gangline {
namespace {

constexpr const char* name = "gang-starter";
constexpr const char* shell = "/bin/sh";
constexpr unsigned is_program = 0x10;  // MFD_EXEC, since Linux 6.3

Fd in_memory() {
  const std::string_view bytes = starter_bytes();
  if (bytes.empty()) return {};
  const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  Fd file(::memfd_create(name, flags | is_program));
  if (!file.open()) file = Fd(::memfd_create(name, flags));
  if (!file.open() || !write_all(file.number(), bytes, name)) return {};
  ::fcntl(file.number(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
  return file;
}

}  // namespace

int starter_program() {
  static const Fd file = in_memory();
  return file.number();
}

StarterPlan::StarterPlan(const GangRecipe& gang, const TaskRecipe& task, const CgroupDoors* doors,
                         int ready, int gate, bool reports)
    : opened_{ready, gate}, stays_(task.kept_files) {
  StarterOrder order;
  order.uid = gang.person->uid;
  order.gid = gang.person->gid;
  order.umask = gang.person->umask;
  order.rank = task.rank;
  order.ready = ready;
  order.gate = gate;
  order.reports = reports ? 1 : 0;
  if (doors != nullptr) {
    CHECK(doors->size() <= order.doors.size());
    std::copy(doors->begin(), doors->end(), order.doors.begin());
    opened_.insert(opened_.end(), doors->begin(), doors->end());
  }
  stays_.insert(stays_.end(), opened_.begin(), opened_.end());
  stays_.push_back(starter_program());
  std::sort(stays_.begin(), stays_.end());

  order.programs = std::max<std::uint32_t>(1, static_cast<std::uint32_t>(task.candidates.size()));
  order_ = text_of(order);
  words_.insert(words_.end(), {name, order_.data(), task.dir.c_str()});
  if (task.candidates.empty()) words_.push_back(task.program.c_str());
  for (const std::string& program : task.candidates) words_.push_back(program.c_str());
  words_.push_back(shell);
  for (const std::string& word : task.words) words_.push_back(word.c_str());
  words_.push_back(nullptr);
}

void StarterPlan::run(const char* const* environment) const {
  for (const int file : opened_) ::fcntl(file, F_SETFD, 0);
  // execveat changes none of its words.
  ::syscall(SYS_execveat, starter_program(), "", words_.data(), environment, AT_EMPTY_PATH);
}

}  // namespace gangline
