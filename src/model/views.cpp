#include "model/views.h"

namespace gangline {

const char* name_of(GangPhase phase) {
  switch (phase) {
    case GangPhase::waiting: return "waiting";
    case GangPhase::starting: return "starting";
    case GangPhase::running: return "running";
    case GangPhase::ended: return "ended";
  }
  return "ended";
}

}  // namespace gangline
