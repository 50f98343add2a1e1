#include "engine/slurm/node/node_signals.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace gangline {

NodeSignals::NodeSignals() {
  sigset_t blocked;
  sigfillset(&blocked);
  for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS})
    sigdelset(&blocked, own);
  ::sigprocmask(SIG_SETMASK, &blocked, nullptr);
  sigset_t heard;
  sigemptyset(&heard);
  sigaddset(&heard, SIGTERM);
  sigaddset(&heard, SIGCHLD);
  sigaddset(&heard, SIGCONT);
  file_ = Fd(::signalfd(-1, &heard, SFD_CLOEXEC | SFD_NONBLOCK));
}

bool NodeSignals::stop_asked() {
  signalfd_siginfo one{};
  while (file_.open() && ::read(file_.number(), &one, sizeof one) == sizeof one) {
    stop_asked_ = stop_asked_ || one.ssi_signo == SIGTERM;
    goes_on_ = goes_on_ || one.ssi_signo == SIGCONT;
  }
  return stop_asked_;
}

}  // namespace gangline
