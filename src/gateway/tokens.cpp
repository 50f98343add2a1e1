#include "gateway/tokens.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>

#include "base/text.h"
#include "json/hex.h"
#include "os/file.h"
#include "os/web/secret.h"

namespace gangline {
namespace {

constexpr std::size_t bytes_of_word = 32;
constexpr std::string_view front_of_word = "gang_";
constexpr std::string_view first_line = "gangline tokens 1";
constexpr std::size_t parts_of_line = 5;
constexpr std::string_view without_end = "-";

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= longest_token_name &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '-';
         });
}

Error bad_line(std::size_t number) {
  return {ErrorKind::broken, "this is no line of a token", "line " + std::to_string(number),
          "take the line out, or the file away: then there are no tokens"};
}

std::optional<AccessToken> token_of(std::string_view line) {
  const auto parts = split(line, ' ');
  if (parts.size() != parts_of_line || !is_name(parts[0])) return std::nullopt;
  const auto role = role_named(parts[1]);
  const auto made = parse_number(parts[2]);
  const auto expires =
      parts[3] == without_end ? std::optional<std::uint64_t>(never.us) : parse_number(parts[3]);
  const auto hash = from_hex(std::string(parts[4]));
  if (!role || !made || !expires || !hash || hash->size() != sizeof(Sha256)) return std::nullopt;
  if (*made > static_cast<std::uint64_t>(never.us)) return std::nullopt;
  if (*expires > static_cast<std::uint64_t>(never.us)) return std::nullopt;
  return AccessToken{std::string(parts[0]), *role, Time{static_cast<std::int64_t>(*made)},
                     Time{static_cast<std::int64_t>(*expires)}, std::string(parts[4])};
}

/// What others could read they could have copied or written.
Result<void> check_closed(const std::string& path) {
  struct stat there {};
  if (::stat(path.c_str(), &there) != 0) return {};
  if (!S_ISREG(there.st_mode))
    return Error{ErrorKind::denied, "there is something here that is no file of tokens", path,
                 "take it away"};
  if (there.st_uid != ::geteuid())
    return Error{ErrorKind::denied, "the file of tokens belongs to somebody else", path,
                 "take it away and make the tokens anew"};
  if ((there.st_mode & 077) != 0)
    return Error{ErrorKind::denied, "others may read or write the file of tokens", path,
                 "chmod 600 " + path + ", and make the tokens anew if others were there"};
  return {};
}

/// Between reading the file and writing it nobody else does.
Result<Fd> lock_of(const std::string& path) {
  auto lock = try_lock(path + ".lock");
  if (lock && !lock->open())
    return Error{ErrorKind::unavailable, "another command changes the tokens", path, "try again"};
  return lock;
}

}  // namespace

std::string text_of_tokens(const std::vector<AccessToken>& tokens) {
  std::string text = std::string(first_line) + "\n";
  for (const AccessToken& token : tokens)
    text += token.name + " " + name_of(token.role) + " " + std::to_string(token.made.us) + " " +
            (token.expires == never ? std::string(without_end) : std::to_string(token.expires.us)) +
            " " + token.hash + "\n";
  return text;
}

Result<std::vector<AccessToken>> tokens_of_text(std::string_view text) {
  std::vector<AccessToken> tokens;
  std::size_t number = 0;
  for (const std::string_view line : split(text, '\n')) {
    if (++number == 1) {
      if (line != first_line)
        return Error{ErrorKind::broken, "this is no file of tokens that we know", "line 1",
                     "`gang token add` writes one; take this away"};
      continue;
    }
    if (line.empty()) continue;
    auto token = token_of(line);
    if (!token || tokens.size() == most_tokens) return bad_line(number);
    tokens.push_back(std::move(*token));
  }
  return tokens;
}

Result<std::vector<AccessToken>> read_tokens(const std::string& path) {
  if (const auto closed = check_closed(path); !closed) return closed.error();
  const auto text = read_file(path);
  if (!text && text.error().kind == ErrorKind::not_found) return std::vector<AccessToken>{};
  if (!text) return text.error();
  auto tokens = tokens_of_text(*text);
  if (tokens) return tokens;
  Error error = tokens.error();
  error.where = path + ", " + error.where;
  return error;
}

Result<std::string> add_token(const std::string& path, const AccessToken& wanted) {
  if (!is_name(wanted.name))
    return Error{
        ErrorKind::usage, "'" + printable(wanted.name) + "' is no name for a token", "",
        "use letters, digits, '.', '-' and '_', at most " + std::to_string(longest_token_name)};
  const auto lock = lock_of(path);
  if (!lock) return lock.error();
  auto tokens = read_tokens(path);
  if (!tokens) return tokens.error();
  // Those that are over are of no use to anybody.
  std::erase_if(*tokens, [&](const AccessToken& token) { return token.expires <= wanted.made; });
  for (const AccessToken& token : *tokens)
    if (token.name == wanted.name)
      return Error{ErrorKind::refused, "there is a token '" + wanted.name + "' already", "",
                   "`gang token remove " + wanted.name + "` withdraws it"};
  if (tokens->size() == most_tokens)
    return Error{ErrorKind::refused, "there are " + std::to_string(most_tokens) + " tokens already",
                 path, "remove one"};
  auto word = new_token_word();
  if (!word) return word;
  tokens->push_back(wanted);
  tokens->back().hash = hash_of_token(*word);
  if (const auto written = write_file(path, text_of_tokens(*tokens)); !written)
    return written.error();
  return word;
}

Result<void> remove_token(const std::string& path, const std::string& name) {
  const auto lock = lock_of(path);
  if (!lock) return lock.error();
  auto tokens = read_tokens(path);
  if (!tokens) return tokens.error();
  std::vector<std::string_view> names;
  for (const AccessToken& token : *tokens) names.emplace_back(token.name);
  const auto near = nearest(name, names);
  if (std::erase_if(*tokens, [&](const AccessToken& token) { return token.name == name; }) == 0)
    return Error{ErrorKind::not_found, "there is no token '" + printable(name) + "'", "",
                 near ? "did you mean '" + *near + "'?" : "`gang token list` shows all"};
  return write_file(path, text_of_tokens(*tokens));
}

void TokenTable::set(const std::vector<AccessToken>& tokens) {
  std::vector<Holder> holders;
  for (const AccessToken& token : tokens) {
    const auto bytes = from_hex(token.hash);
    if (!bytes || bytes->size() != sizeof(Sha256)) continue;
    Holder holder{0, token.name, token.role, token.expires, {}};
    std::copy(bytes->begin(), bytes->end(), holder.hash.begin());
    for (const Holder& before : holders_)
      if (before.hash == holder.hash) holder.number = before.number;
    if (holder.number == 0) holder.number = next_++;
    holders.push_back(std::move(holder));
  }
  holders_ = std::move(holders);
  ++version_;
}

const TokenTable::Holder* TokenTable::find(std::string_view word, Time now) const {
  const Sha256 hash = sha256(word);
  const auto text = [](const Sha256& sum) {
    return std::string_view(reinterpret_cast<const char*>(sum.data()), sum.size());  // NOLINT
  };
  const Holder* found = nullptr;
  for (const Holder& holder : holders_)
    if (equal_in_constant_time(text(hash), text(holder.hash))) found = &holder;
  return found != nullptr && found->expires > now ? found : nullptr;
}

const TokenTable::Holder* TokenTable::find(std::uint64_t number, Time now) const {
  for (const Holder& holder : holders_)
    if (holder.number == number) return holder.expires > now ? &holder : nullptr;
  return nullptr;
}

Result<std::string> new_token_word() {
  auto word = random_word(bytes_of_word);
  if (word) word->insert(0, front_of_word);
  return word;
}

std::string hash_of_token(std::string_view word) {
  const Sha256 sum = sha256(word);
  return to_hex(std::string(sum.begin(), sum.end()));
}

}  // namespace gangline
