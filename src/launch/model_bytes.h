// The model's nouns as bytes, for the launcher's journal and its socket. Reading takes any bytes:
// what makes no sense fails the Unpacker.
#pragma once

#include "base/pack.h"
#include "model/allocation.h"
#include "model/event.h"
#include "model/job.h"

namespace gangline {

void pack(Packer& to, const Job& job);
void pack(Packer& to, const Allocation& allocation);
void pack(Packer& to, const Ending& ending);
void pack(Packer& to, const Fence& fence);
void pack(Packer& to, const std::vector<Fence>& fences);
/// Only what a launcher reports: GangStarted, GangEnded, TurnsReturned, LogTrimmed; others are a
/// bug.
void pack(Packer& to, const Event& event);

Job unpack_job(Unpacker& from);
Allocation unpack_allocation(Unpacker& from);
Ending unpack_ending(Unpacker& from);
std::vector<Fence> unpack_fences(Unpacker& from);
Event unpack_event(Unpacker& from);

}  // namespace gangline
