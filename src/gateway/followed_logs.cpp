#include "gateway/followed_logs.h"

#include <algorithm>

#include "base/text.h"
#include "gateway/limits.h"
#include "json/json.h"

namespace gangline {
namespace {

constexpr Span between_looks = milliseconds(500);
constexpr unsigned looks_in_a_breath = 30;
constexpr std::size_t most_in_an_event = 256 << 10;
// A client that is slower than the disk is waited for.
constexpr std::size_t most_unsent = 1 << 20;

// An event of a log that goes on ends with a whole character.
std::size_t whole_characters(std::string_view bytes) {
  std::size_t end = bytes.size();
  const std::size_t least = end - std::min<std::size_t>(end, 3);
  while (end > least && (static_cast<unsigned char>(bytes[end - 1]) & 0xc0) == 0x80) --end;
  if (end == 0 || static_cast<unsigned char>(bytes[end - 1]) < 0xc0) return bytes.size();
  return is_utf8(bytes.substr(end - 1)) || end == 1 ? bytes.size() : end - 1;
}

}  // namespace

std::optional<FollowedPlace> read_followed_place(std::string_view text) {
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto attempt = parse_number(text.substr(0, dash));
  const auto from = parse_number(text.substr(dash + 1));
  if (!attempt || !from || *attempt == 0 || *attempt > UINT32_MAX) return std::nullopt;
  return FollowedPlace{static_cast<std::uint32_t>(*attempt), *from};
}

void FollowedLogs::open(const WebExchange& exchange, std::uint64_t holder, LogWanted wanted,
                        WebAnswer head, std::function<void(Result<HttpAnswer>)> refuse) {
  auto follow = std::make_shared<Follow>(
      Follow{exchange, holder, std::move(wanted), std::move(head), std::move(refuse)});
  follows_.push_back(follow);
  exchange.on_left([this, weak = std::weak_ptr(follow)] {
    if (const auto held = weak.lock()) finish(*held);
  });
  look(follow);
}

std::size_t FollowedLogs::count_of(std::uint64_t holder) const {
  return static_cast<std::size_t>(std::count_if(
      follows_.begin(), follows_.end(),
      [&](const FollowPtr& follow) { return !follow->over && follow->holder == holder; }));
}

void FollowedLogs::end_unless(const std::function<bool(std::uint64_t)>& holds) {
  for (const FollowPtr& follow : follows_)
    if (!follow->over && !holds(follow->holder)) {
      if (follow->begun) follow->exchange.end();
      finish(*follow);
    }
}

void FollowedLogs::ask(const FollowPtr& follow, std::string target, Heard heard) {
  HttpCall call{"GET", std::move(target)};
  call.deadline = longest_call;
  call.most_answer = most_answer_bytes;
  follow->asked =
      pool_.ask(std::move(call), [this, weak = std::weak_ptr(follow), heard](auto answer) {
        const auto held = weak.lock();
        if (held && !held->over) (this->*heard)(held, std::move(answer));
      });
}

void FollowedLogs::look(const FollowPtr& follow) {
  ask(follow, follow->wanted.gang, &FollowedLogs::hear_gang);
}

void FollowedLogs::look_later(const FollowPtr& follow) {
  if (++follow->silent_looks % looks_in_a_breath == 0 && follow->begun &&
      !follow->exchange.send({nullptr, ": \n\n"}))
    return finish(*follow);
  follow->later = loop_.after(between_looks, [this, weak = std::weak_ptr(follow)] {
    const auto held = weak.lock();
    if (!held || held->over) return;
    if (held->exchange.unsent() > most_unsent) return look_later(held);
    look(held);
  });
}

void FollowedLogs::hear_gang(const FollowPtr& follow, Result<HttpAnswer> answer) {
  if (!answer || answer->status != 200) return miss(follow, std::move(answer));
  const auto gang = from_json<GangView>(answer->body);
  if (!gang) return miss(follow, gang.error());
  follow->gang = std::move(answer->body);
  follow->newest = gang->attempt;
  follow->gang_ended = gang->phase == GangPhase::ended;
  read(follow);
}

void FollowedLogs::read(const FollowPtr& follow) {
  const LogWanted& wanted = follow->wanted;
  ask(follow,
      wanted.gang + "/log?attempt=" + std::to_string(wanted.place.attempt) + "&from=" +
          std::to_string(wanted.place.from) + "&most=" + std::to_string(most_in_an_event) +
          (wanted.stream.empty() ? "" : "&" + wanted.stream),
      &FollowedLogs::hear_log);
}

void FollowedLogs::hear_log(const FollowPtr& follow, Result<HttpAnswer> answer) {
  if (!answer || answer->status != 200) return miss(follow, std::move(answer));
  auto chunk = from_json<LogChunk>(answer->body);
  if (!chunk) return miss(follow, chunk.error());
  begin(*follow);
  FollowedPlace& place = follow->wanted.place;
  if (!chunk->bytes.empty()) {
    if (chunk->bytes.size() >= most_in_an_event)
      chunk->bytes.resize(whole_characters(chunk->bytes));
    place.from = chunk->from + chunk->bytes.size();
    send(*follow, "log", to_json(*chunk));
    if (follow->over) return;
    // One that is written all the time is not asked for all the time.
    const bool more =
        place.from < chunk->size || follow->gang_ended || place.attempt < follow->newest;
    return more && follow->exchange.unsent() <= most_unsent ? read(follow) : look_later(follow);
  }
  // What was read now was written before the gang was looked at.
  if (place.attempt < follow->newest) {
    place = {place.attempt + 1, 0};
    send(*follow, "attempt", follow->gang);
    return follow->over ? void() : read(follow);
  }
  if (!follow->gang_ended) return look_later(follow);
  send(*follow, "end", follow->gang);
  follow->exchange.end();
  finish(*follow);
}

void FollowedLogs::miss(const FollowPtr& follow, Result<HttpAnswer> answer) {
  if (!follow->begun) {
    const auto refuse = std::move(follow->refuse);
    finish(*follow);
    return refuse(std::move(answer));
  }
  if (answer && answer->status == 404) {  // it is not kept any more
    follow->exchange.end();
    return finish(*follow);
  }
  if (!std::exchange(follow->gone, true)) send(*follow, "gone", "{}");
  if (!follow->over) look_later(follow);
}

void FollowedLogs::begin(Follow& follow) {
  if (!std::exchange(follow.begun, true)) follow.exchange.stream(std::move(follow.head));
  if (std::exchange(follow.gone, false)) send(follow, "back", "{}");
}

void FollowedLogs::send(Follow& follow, std::string_view kind, const std::string& data) {
  follow.silent_looks = 0;
  const FollowedPlace& place = follow.wanted.place;
  std::string text = "id: " + std::to_string(place.attempt) + "-" + std::to_string(place.from);
  text.append("\nevent: ").append(kind).append("\ndata: ").append(data).append("\n\n");
  if (!follow.exchange.send(web_body(std::move(text)))) finish(follow);
}

void FollowedLogs::finish(Follow& follow) {
  follow.over = true;
  follow.asked.reset();
  follow.later.reset();
  // Not now: somebody may be going through them, or be called by what goes with it.
  loop_.post([this, alive = std::weak_ptr(alive_)] {
    if (!alive.expired()) forget_over();
  });
}

void FollowedLogs::forget_over() {
  follows_.remove_if([](const FollowPtr& follow) { return follow->over; });
}

}  // namespace gangline
