// Who is let in: that a request is meant for us, comes from no other site's page, and has a token
// that holds. Each refusal is logged.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "gateway/limits.h"
#include "gateway/tokens.h"
#include "os/web/web.h"

namespace gangline {

struct GateSettings {
  std::vector<std::string> names;    ///< of hosts that we are, in small letters, without ports
  std::vector<std::string> origins;  ///< of other sites whose pages may ask: "https://x.example"
  std::function<void(const std::string&)> log;  ///< a line without its end
  /// A token that is not known was shown: it may have been made a moment ago.
  std::function<void()> look_again = {};
};

/// Why not, and what to answer.
struct Refusal {
  unsigned status = 400;
  Error error = {};
  int retry_after_s = 0;  ///< 0: trying again is of no use
};

class Gate {
 public:
  explicit Gate(GateSettings settings) : settings_(std::move(settings)) {}

  TokenTable& tokens() { return tokens_; }
  const TokenTable& tokens() const { return tokens_; }

  /// Whether it is meant for us. `cors`: the fields that let a page of another site, where it was
  /// allowed, read the answer.
  std::optional<Refusal> check_place(const WebRequest& request, std::string& cors) const;
  /// Who asks; null: `refusal` says why nobody is let in.
  const TokenTable::Holder* let_in(const WebRequest& request, Time now, Span since_boot,
                                   Refusal& refusal);
  /// Counts a request of one who was let in.
  std::optional<Refusal> count_request(const TokenTable::Holder& holder, Span now);
  /// The same for one that the service is asked.
  std::optional<Refusal> count_call(const TokenTable::Holder& holder, Span now);

  void log(const Refusal& refusal, const WebPeer& peer, const std::string& what, Span now);
  /// Forgets what is of no use any more.
  void tidy(Time now, Span since_boot);

 private:
  struct Counted {
    Allowance requests, calls;
  };

  GateSettings settings_;
  TokenTable tokens_;
  std::unordered_map<std::uint64_t, Counted> counted_;
  std::unordered_map<std::string, Allowance> strangers_;
  Allowance lines_;
  std::uint64_t not_written_ = 0;
};

/// "host:port" and "[::1]:port" without the port, in small letters.
std::string host_without_port(std::string_view host);

}  // namespace gangline
