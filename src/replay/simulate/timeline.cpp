#include "replay/simulate/timeline.h"

#include <algorithm>

namespace gangline {
namespace {

void add(Piece& to, const Piece& from) {
  to.used += from.used;
  for (std::size_t i = 0; i < idle_causes; ++i) to.idle[i] += from.idle[i];
  to.waiting_gangs += from.waiting_gangs;
  to.waiting_devices += from.waiting_devices;
}

Piece operator*(Piece piece, double factor) {
  piece.used *= factor;
  for (double& idle : piece.idle) idle *= factor;
  piece.waiting_gangs *= factor;
  piece.waiting_devices *= factor;
  return piece;
}

}  // namespace

const char* name_of(IdleBecause cause) {
  switch (cause) {
    case IdleBecause::nothing_asked: return "nothing asked";
    case IdleBecause::kept: return "kept for one that goes first";
    case IdleBecause::scattered: return "scattered";
    case IdleBecause::too_few: return "too few free for the first";
    case IdleBecause::other_kind: return "of no use to the first";
  }
  return "nothing asked";
}

void Timeline::set(Time at, const Now& now) {
  Time from = any_ ? last_ : begin_;
  while (any_ && from < at) {
    auto piece = static_cast<std::size_t>((from - begin_).us / width_.us);
    if (piece >= most_pieces) {
      halve();
      continue;
    }
    if (pieces_.size() <= piece) pieces_.resize(piece + 1);
    const Time border = begin_ + Span{width_.us * static_cast<std::int64_t>(piece + 1)};
    const Time until = std::min(at, border);
    const double length = to_seconds(until - from);
    add(pieces_[piece],
        {now_.used * length, {}, now_.waiting_gangs * length, now_.waiting_devices * length});
    pieces_[piece].idle[static_cast<std::size_t>(now_.idle)] +=
        std::max(0.0, capacity_ - now_.used) * length;
    from = until;
  }
  last_ = at;
  now_ = now;
  any_ = true;
}

void Timeline::put_in(const Timeline& part) {
  constexpr auto nothing_asked = static_cast<std::size_t>(IdleBecause::nothing_asked);
  for (std::size_t i = 0; i < part.pieces_.size(); ++i) {
    const Time from = part.begin_ + Span{part.width_.us * static_cast<std::int64_t>(i)};
    const Time until = std::min(from + part.width_, part.last_);
    const double length = static_cast<double>((until - from).us);
    for (Time at = from; at < until;) {
      const auto piece = static_cast<std::size_t>((at - begin_).us / width_.us);
      const Time border = begin_ + Span{width_.us * static_cast<std::int64_t>(piece + 1)};
      const Time end = std::min(until, border);
      if (pieces_.size() <= piece) pieces_.resize(piece + 1);
      const Piece some = part.pieces_[i] * (static_cast<double>((end - at).us) / length);
      add(pieces_[piece], some);
      double devices = some.used;
      for (const double idle : some.idle) devices += idle;
      pieces_[piece].idle[nothing_asked] -= devices;
      at = end;
    }
  }
}

void Timeline::halve() {
  const std::size_t half = (pieces_.size() + 1) / 2;
  for (std::size_t i = 0; i < half; ++i) {
    Piece both = pieces_[2 * i];
    if (2 * i + 1 < pieces_.size()) add(both, pieces_[2 * i + 1]);
    pieces_[i] = both;
  }
  pieces_.resize(half);
  width_ = width_ + width_;
}

Piece Timeline::sum() const {
  Piece all;
  for (const Piece& piece : pieces_) add(all, piece);
  return all;
}

}  // namespace gangline
