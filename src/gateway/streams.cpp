#include "gateway/streams.h"

#include <algorithm>

#include "base/text.h"
#include "gateway/limits.h"
#include "json/json.h"
#include "os/web/gzip.h"

namespace gangline {
namespace {

constexpr Span between_breaths = seconds(15);
constexpr std::size_t most_recent_bytes = 16 << 20;

// What is the same in each such piece is written once.
WebBody breath() { return {nullptr, ": \n\n"}; }
WebBody gone_text() { return {nullptr, "event: gone\ndata: {}\n\n"}; }
WebBody back_text() { return {nullptr, "event: back\ndata: {}\n\n"}; }

std::string id_of(const std::string& of, std::uint64_t number) {
  return "id: " + of + "-" + std::to_string(number) + "\n";
}

}  // namespace

std::optional<StreamPlace> read_stream_place(std::string_view text) {
  const auto dash = text.rfind('-');
  if (dash == std::string_view::npos || dash == 0) return std::nullopt;
  const auto number = parse_number(text.substr(dash + 1));
  if (!number) return std::nullopt;
  return StreamPlace{std::string(text.substr(0, dash)), *number};
}

Streams::Streams(Loop& loop, CallPool& pool)
    : loop_(loop),
      pool_(pool),
      breathing_(loop.every(between_breaths, [this] { send_to_all(breath()); })) {}

Streams::Batch Streams::batch_of(std::uint64_t after, const std::vector<FeedEntry>& entries) const {
  std::string text;
  Batch batch{after, after, {}, {}, {}};
  for (const FeedEntry& entry : entries) {
    batch.starts.emplace_back(entry.number, text.size());
    batch.last = entry.number;
    text += id_of(of_, entry.number);
    text.append("event: ").append(name_of(entry.kind)).append("\ndata: ");
    text.append(to_json(entry)).append("\n\n");
  }
  batch.text = web_body(std::move(text));
  return batch;
}

void Streams::entries(const std::string& of, std::uint64_t after,
                      const std::vector<FeedEntry>& entries) {
  if (!knows_ || of != of_ || after != newest_ || entries.empty()) return;
  recent_.push_back(batch_of(after, entries));
  const Batch& batch = recent_.back();
  newest_ = batch.last;
  recent_bytes_ += batch.text.bytes.size();
  while (recent_bytes_ > most_recent_bytes && recent_.size() > 1) {
    recent_bytes_ -= recent_.front().text.bytes.size();
    recent_.pop_front();
  }
  for (const StreamPtr& stream : streams_)
    if (stream->last) send_from(*stream, batch);
  forget_left();
}

void Streams::begins(const std::string& of, std::uint64_t newest) {
  const bool first = !std::exchange(knows_, true);
  of_ = of;
  newest_ = newest;
  recent_.clear();
  recent_bytes_ = 0;
  const std::list<StreamPtr> all = streams_;
  for (const StreamPtr& stream : all) {
    stream->asked.reset();
    if (first && !stream->last) place(stream);
    else reset(*stream);
  }
  forget_left();
}

void Streams::gone() {
  is_gone_ = true;
  send_to_all(gone_text());
}

void Streams::back() {
  is_gone_ = false;
  send_to_all(back_text());
}

void Streams::open(const WebExchange& exchange, std::uint64_t holder,
                   std::optional<StreamPlace> wanted, bool packed) {
  auto stream = std::make_shared<Stream>(Stream{exchange, holder, packed});
  stream->from_now = !wanted;
  if (wanted) stream->wanted = *std::move(wanted);
  streams_.push_back(stream);
  exchange.on_left([this, weak = std::weak_ptr(stream)] {
    const auto held = weak.lock();
    if (!held) return;
    held->left = true;
    held->asked.reset();
    // Not now: somebody may be going through them.
    loop_.post([this, alive = std::weak_ptr(alive_)] {
      if (!alive.expired()) forget_left();
    });
  });
  if (packed) exchange.send({nullptr, gzip_begin()});
  send(*stream, is_gone_ ? gone_text() : breath());
  if (knows_) place(stream);
}

std::size_t Streams::count_of(std::uint64_t holder) const {
  return static_cast<std::size_t>(std::count_if(
      streams_.begin(), streams_.end(),
      [&](const StreamPtr& stream) { return !stream->left && stream->holder == holder; }));
}

void Streams::end_unless(const std::function<bool(std::uint64_t)>& holds) {
  for (const StreamPtr& stream : streams_)
    if (!stream->left && !holds(stream->holder)) {
      stream->left = true;
      stream->asked.reset();
      stream->exchange.end();
    }
  forget_left();
}

void Streams::place(const StreamPtr& stream) {
  if (stream->from_now) {
    // Without it, one that breaks off before anything happened would not know where it was.
    stream->last = newest_;
    send(*stream, web_body(id_of(of_, newest_) + "\n"));
    return;
  }
  if (stream->wanted.of != of_) return reset(*stream);
  const std::uint64_t number = stream->wanted.number;
  const std::uint64_t oldest = recent_.empty() ? newest_ : recent_.front().after;
  // One that is ahead of us is either quicker than we or has made it up: the service knows.
  if (number < oldest || number > newest_) return ask_older(stream);
  stream->last = number;
  for (const Batch& batch : recent_) send_from(*stream, batch);
}

void Streams::ask_older(const StreamPtr& stream) {
  HttpCall call{"GET", feed_target(of_, stream->wanted.number, Span{0})};
  call.most_answer = most_answer_bytes;
  call.deadline = longest_call;
  stream->asked = pool_.ask(std::move(call), [this, weak = std::weak_ptr(stream)](auto answer) {
    const auto held = weak.lock();
    if (held && !held->left) hear_older(held, answer);
  });
}

void Streams::hear_older(const StreamPtr& stream, const Result<HttpAnswer>& answer) {
  const auto page = answer && answer->status == 200
                        ? from_json<FeedPage>(answer->body)
                        : Result<FeedPage>(Error{ErrorKind::unavailable, "", "", ""});
  // It comes again by itself, and goes on where it was.
  if (!page) {
    stream->left = true;
    stream->exchange.end();
    return forget_left();
  }
  if (page->broken || page->of != of_) return reset(*stream);
  if (!page->entries.empty()) {
    const Batch batch = batch_of(stream->wanted.number, page->entries);
    stream->wanted.number = batch.last;
    if (!send(*stream, batch.text)) return;
  }
  if (stream->wanted.number < newest_) return place(stream);
  stream->last = stream->wanted.number;
}

void Streams::send_from(Stream& stream, const Batch& batch) {
  if (stream.left || *stream.last >= batch.last) return;
  if (*stream.last == batch.after && stream.packed) {
    stream.last = batch.last;
    if (!batch.packed) batch.packed = web_body(gzip_part(batch.text.bytes));
    if (!stream.exchange.send(*batch.packed)) stream.left = true;
    return;
  }
  WebBody text = batch.text;
  if (*stream.last > batch.after) {
    const auto next = std::find_if(batch.starts.begin(), batch.starts.end(),
                                   [&](const auto& start) { return start.first > *stream.last; });
    text.bytes.remove_prefix(next->second);
  }
  stream.last = batch.last;
  if (!send(stream, text)) stream.left = true;
}

bool Streams::send(const Stream& stream, const WebBody& text) {
  return stream.exchange.send(stream.packed ? web_body(gzip_part(text.bytes)) : text);
}

void Streams::reset(Stream& stream) {
  stream.last = newest_;
  if (!send(stream, web_body(id_of(of_, newest_) + "event: reset\ndata: {}\n\n")))
    stream.left = true;
}

void Streams::send_to_all(const WebBody& text) {
  std::optional<WebBody> packed;
  for (const StreamPtr& stream : streams_) {
    if (stream->left) continue;
    if (stream->packed && !packed) packed = web_body(gzip_part(text.bytes));
    if (!stream->exchange.send(stream->packed ? *packed : text)) stream->left = true;
  }
  forget_left();
}

void Streams::forget_left() {
  streams_.remove_if([](const StreamPtr& stream) { return stream->left; });
}

}  // namespace gangline
