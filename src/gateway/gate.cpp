#include "gateway/gate.h"

#include <algorithm>

#include "base/text.h"

namespace gangline {
namespace {

constexpr std::size_t longest_shown = 200;

std::string small_letters(std::string_view text) {
  std::string small(text);
  for (char& c : small)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  return small;
}

bool has(const std::vector<std::string>& all, std::string_view one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

/// "https://host:port" without what stands before the host; empty where it is no origin of the web.
std::string_view host_of_origin(std::string_view origin) {
  const auto slashes = origin.find("://");
  return slashes == std::string_view::npos ? std::string_view() : origin.substr(slashes + 3);
}

std::string_view word_of(std::string_view authorization) {
  constexpr std::string_view scheme = "bearer ";
  if (authorization.size() <= scheme.size() ||
      !is_word(authorization.substr(0, scheme.size()), scheme))
    return {};
  return authorization.substr(scheme.size());
}

Error denied(const std::string& what, const std::string& hint) {
  return {ErrorKind::denied, what, "", hint};
}

}  // namespace

std::string host_without_port(std::string_view host) {
  const auto colon = host.rfind(':');
  const auto bracket = host.rfind(']');
  if (colon != std::string_view::npos &&
      (bracket == std::string_view::npos ? host.find(':') == colon : colon == bracket + 1))
    host = host.substr(0, colon);
  std::string name = small_letters(host);
  if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
  return name;
}

std::optional<Refusal> Gate::check_place(const WebRequest& request, std::string& cors) const {
  const std::string name = host_without_port(request.head.host);
  const bool loopback_name =
      request.peer.loopback && (name == "localhost" || name == "127.0.0.1" || name == "::1");
  if (!loopback_name && name != request.peer.local && !has(settings_.names, name))
    return Refusal{
        421, denied("'" + printable(name.substr(0, longest_shown)) + "' is no name of this service",
                    "`gang serve --name` says under which names it is reached")};
  const std::string_view origin = request.head.origin;
  // Without TLS of our own, that of somebody in front of us may stand in the origin.
  const bool may_be_ours = !request.peer.encrypted || origin.starts_with("https://");
  if (origin.empty() ||
      (may_be_ours && is_word(host_of_origin(origin), small_letters(request.head.host))))
    return std::nullopt;
  if (!has(settings_.origins, small_letters(origin)))
    return Refusal{403,
                   denied("a page of another site asks", "`gang serve --allow-origin` lets it")};
  cors = "Access-Control-Allow-Origin: " + std::string(origin) +
         "\r\nAccess-Control-Expose-Headers: Gangline-Version, Retry-After\r\nVary: Origin\r\n";
  return std::nullopt;
}

const TokenTable::Holder* Gate::let_in(const WebRequest& request, Time now, Span since_boot,
                                       Refusal& refusal) {
  const std::string_view word = word_of(request.head.authorization);
  if (!word.empty())
    if (const auto* holder = tokens_.find(word, now)) return holder;
  if (strangers_.size() >= most_strangers_remembered) strangers_.clear();
  if (!strangers_[request.peer.address].take(rate_of_strangers, since_boot)) {
    refusal = {429, denied("too many requests without a token that holds", "wait a little"), 5};
    return nullptr;
  }
  if (!word.empty() && settings_.look_again) {
    settings_.look_again();
    if (const auto* holder = tokens_.find(word, now)) return holder;
  }
  refusal = {401,
             word.empty() ? denied("a token is needed here",
                                   "send `Authorization: Bearer TOKEN`; `gang token add` makes one")
                          : denied("this token does not hold: it is wrong, over, or was withdrawn",
                                   "`gang token add` makes another"),
             0};
  return nullptr;
}

std::optional<Refusal> Gate::count_request(const TokenTable::Holder& holder, Span now) {
  if (counted_[holder.number].requests.take(rate_of_requests, now)) return std::nullopt;
  return Refusal{
      429, {ErrorKind::refused, "too many requests with this token", "", "ask less often"}, 1};
}

std::optional<Refusal> Gate::count_call(const TokenTable::Holder& holder, Span now) {
  if (counted_[holder.number].calls.take(rate_of_service_calls, now)) return std::nullopt;
  return Refusal{
      429,
      {ErrorKind::refused, "too many requests with this token that the service must answer", "",
       "ask less often"},
      1};
}

void Gate::log(const Refusal& refusal, const WebPeer& peer, const std::string& what, Span now) {
  if (!settings_.log) return;
  if (!lines_.take(rate_of_log_lines, now)) {
    ++not_written_;
    return;
  }
  std::string line =
      "refused " + peer.address + ": " + std::to_string(refusal.status) + ", " + refusal.error.what;
  if (!what.empty()) line += ": " + printable(what.substr(0, longest_shown));
  if (const auto more = std::exchange(not_written_, 0); more > 0)
    line += " (" + std::to_string(more) + " refusals before it are not written here)";
  settings_.log(line);
}

void Gate::tidy(Time now, Span since_boot) {
  std::erase_if(strangers_,
                [&](const auto& one) { return one.second.is_full(rate_of_strangers, since_boot); });
  std::erase_if(counted_, [&](const auto& one) { return tokens_.find(one.first, now) == nullptr; });
}

}  // namespace gangline
