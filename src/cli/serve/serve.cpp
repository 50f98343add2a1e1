#include "cli/serve/serve.h"

#include <algorithm>

#include "base/text.h"
#include "json/access_json.h"

namespace gangline {
namespace {

Error usage(const std::string& what, const std::string& where, const std::string& hint) {
  return {ErrorKind::usage, what, where, hint};
}

int add(const TokenOptions& options, Output& out) {
  AccessToken wanted;
  wanted.name = options.name;
  wanted.role = role_named(options.role).value_or(Role::read);
  wanted.made = out.around().now();
  if (!options.expires.empty()) {
    const auto span = parse_span(options.expires);
    if (!span) {
      Error error = span.error();
      error.where = "--expires";
      return out.fail(error);
    }
    if (*span <= Span{0})
      return out.fail(usage("it would never hold", "--expires " + printable(options.expires),
                            "say for how long it is to hold: 30d"));
    wanted.expires = wanted.made + *span;
  }
  const auto word = out.around().add_token(wanted);
  if (!word) return out.fail(word.error());
  if (out.json()) {
    out.line(to_json(NewToken{wanted, *word}));
  } else {
    out.line(*word);
    if (!out.quiet())
      out.around().err("It is kept nowhere: copy it now. `gang token remove " + wanted.name +
                       "` withdraws it.\n");
  }
  return 0;
}

int list(Output& out) {
  const auto tokens = out.around().tokens();
  if (!tokens) return out.fail(tokens.error());
  if (out.json()) {
    out.line(to_json(*tokens));
    return 0;
  }
  Table table({"name", "role", "made", "holds until"});
  const Time now = out.around().now();
  for (const AccessToken& token : *tokens) {
    if (out.quiet()) out.line(token.name);
    const bool over = token.expires <= now;
    table.row(
        {token.name, name_of(token.role), format_utc(token.made),
         token.expires == never ? "removed" : format_utc(token.expires) + (over ? ", over" : "")},
        over ? Colour::faint : Colour::none);
  }
  if (out.quiet()) return 0;
  if (tokens->empty()) out.line("there are no tokens");
  else out.table(table);
  return 0;
}

}  // namespace

namespace {

bool is_host(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '-' || c == '_' || c == ':' || c == '[' || c == ']';
  });
}

bool is_origin(std::string_view text) {
  for (const std::string_view front : {"https://", "http://"})
    if (text.starts_with(front)) {
      text.remove_prefix(front.size());
      if (text.ends_with('/')) text.remove_suffix(1);
      return is_host(text);
    }
  return false;
}

/// What could never come true is not taken in silence.
std::optional<Error> check(const ServeOptions& options) {
  constexpr std::int64_t highest_port = 65535;
  if (options.port < 0 || options.port > highest_port)
    return usage("a port goes from 0 to 65535", "--port " + std::to_string(options.port),
                 "0 takes a free one");
  for (const std::string& name : options.names)
    if (!is_host(name))
      return usage("this is no name of a host", "--name " + printable(name),
                   "write --name gpu1.lab");
  for (const std::string& origin : options.origins)
    if (!is_origin(origin))
      return usage("this is no site as browsers name it", "--allow-origin " + printable(origin),
                   "write --allow-origin https://site.example, with nothing behind the host");
  return std::nullopt;
}

}  // namespace

int run_serve(const ServeOptions& options, Output& out) {
  if (const auto wrong = check(options)) return out.fail(*wrong);
  ServeNews news;
  news.listens = [&](const std::string& address, const std::string& token) {
    if (out.json()) return out.line(to_json(ListensAt{address, token}));
    out.line(token.empty() ? address : address + "#token=" + token);
    if (out.quiet()) return;
    out.around().err("Ctrl-C ends it.\n");
    if (token.empty())
      out.around().err(
          "A token lets in; `gang token add NAME` makes one, and behind #token= it "
          "goes into the address.\n");
  };
  news.says = [&](const std::string& line) { out.around().err("gang serve: " + line + "\n"); };
  const auto served = out.around().serve(options, news);
  return served ? 0 : out.fail(served.error());
}

int run_token(const TokenOptions& options, Output& out) {
  const bool is_list = options.action == "list";
  if (is_list && !options.name.empty())
    return out.fail(usage("list takes no name", "", "`gang token list` shows all"));
  if (is_list) return list(out);
  if (options.name.empty())
    return out.fail(
        usage("which token is not said", "", "`gang token " + options.action + " NAME`"));
  if (options.action == "add") return add(options, out);
  const auto removed = out.around().remove_token(options.name);
  if (!removed) return out.fail(removed.error());
  if (out.json()) out.line("{}");
  else if (!out.quiet()) out.line("token '" + printable(options.name) + "' does not hold any more");
  return 0;
}

}  // namespace gangline
