#include "shell/idle_watch.h"

#include <algorithm>

#include "base/text.h"

namespace gangline {
namespace {

// A tenth of the time is warning enough, and some minutes are.
Span warning_before(Span whole) { return std::min(minutes(5), Span{whole.us / 10}); }

}  // namespace

void IdleWatch::is_active(Time now) {
  active_ = now;
  told_idle_ = false;
}

void IdleWatch::ends_at(Time end, Time now) {
  end_ = end;
  if (end != never) before_end_ = warning_before(std::max(Span{0}, end - now));
}

Time IdleWatch::warns_idle_at() const { return active_ + longest_ - warning_before(longest_); }

std::string IdleWatch::tell(Time now) {
  if (now >= end_) end_ = never;  // too late to tell
  if (longest_ > Span{0} && !told_idle_ && now >= warns_idle_at() && !is_over(now)) {
    told_idle_ = true;
    return "gang: nothing has happened here for " + format(now - active_) +
           "; the shell ends and gives back what it has in " + format(active_ + longest_ - now) +
           ", unless something happens";
  }
  if (end_ != never && now >= end_ - before_end_) {
    const Span left = end_ - now;
    end_ = never;
    return "gang: the time of this shell is up in " + format(left) + "; it ends then";
  }
  return {};
}

Time IdleWatch::next() const {
  Time next = end_ == never ? never : end_ - before_end_;
  if (longest_ > Span{0}) next = std::min(next, told_idle_ ? active_ + longest_ : warns_idle_at());
  return next;
}

}  // namespace gangline
