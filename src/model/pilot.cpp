#include "model/pilot.h"

namespace gangline {

const char* name_of(PilotPhase phase) {
  switch (phase) {
    case PilotPhase::asking: return "asking";
    case PilotPhase::waiting: return "waiting";
    case PilotPhase::running: return "running";
    case PilotPhase::ending: return "ending";
    case PilotPhase::ended: return "ended";
  }
  return "?";
}

}  // namespace gangline
