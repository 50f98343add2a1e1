#include "engine/slurm/node/team.h"

#include <algorithm>

namespace gangline {

void TeamEnds::note(std::uint32_t rank, const EndNote& note) {
  if (rank >= end.size() || end[rank]) return;
  end[rank] = note;
  if (note.started.us > 0 && (started.us == 0 || note.started < started)) started = note.started;
  if (note.ending.cause != EndCause::done && !failed) failed = rank;
}

void TeamHere::start() {
  run_.start();
  ends_.started = run_.started();
  look();
}

void TeamHere::look() {
  run_.look();
  if (!run_.ended() || over_) return;
  ends_.note(0, run_.end());
  over_ = true;
}

}  // namespace gangline
