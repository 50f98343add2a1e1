#include "model/views.h"

#include "model/follow.h"

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

const char* name_of(FeedKind kind) {
  switch (kind) {
    case FeedKind::submitted: return "submitted";
    case FeedKind::starting: return "starting";
    case FeedKind::started: return "started";
    case FeedKind::ended: return "ended";
    case FeedKind::again: return "again";
    case FeedKind::returned: return "returned";
    case FeedKind::stopping: return "stopping";
    case FeedKind::making_room: return "making-room";
    case FeedKind::never_ran: return "never-ran";
    case FeedKind::promised: return "promised";
    case FeedKind::promise_lost: return "promise-lost";
    case FeedKind::trimmed: return "trimmed";
    case FeedKind::measured: return "measured";
    case FeedKind::node: return "node";
    case FeedKind::foreign: return "foreign";
  }
  return "node";
}

}  // namespace gangline
