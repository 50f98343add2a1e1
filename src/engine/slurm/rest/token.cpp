#include "engine/slurm/rest/token.h"

#include <sys/stat.h>

#include "base/text.h"
#include "engine/slurm/rest/rest_json.h"
#include "os/file.h"

namespace gangline {
namespace {

constexpr std::size_t longest_token = 16 << 10;
constexpr const char* new_token = "make a new one with `scontrol token lifespan=86400`";

bool is_token_character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || c == '=';
}

/// RFC 4648, 5: Base64 with '-' and '_'. Stops at what is none.
std::string from_base64_url(std::string_view text) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string bytes;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    const std::size_t value = digits.find(c);
    if (value == std::string_view::npos) break;
    bits = (bits << 6 | static_cast<std::uint32_t>(value)) & 0xffff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes += static_cast<char>(bits >> held & 0xff);
  }
  return bytes;
}

Error no_token(std::string what, const std::string& where) {
  return {ErrorKind::denied, std::move(what), where, new_token};
}

Result<std::string> text_of(const TokenSource& source) {
  if (source.file.empty()) return source.text;
  auto text = read_file(source.file, longest_token);
  if (!text) return no_token("the token for slurmrestd cannot be read", source.file);
  struct stat seen {};
  if (::stat(source.file.c_str(), &seen) == 0 && (seen.st_mode & 077) != 0)
    return Error{ErrorKind::denied, "others can read the token for slurmrestd", source.file,
                 "`chmod 600` it, and " + std::string(new_token)};
  return text;
}

}  // namespace

Result<SlurmToken> read_slurm_token(std::string_view text) {
  constexpr std::string_view front = "SLURM_JWT=";
  text = trim(text);
  if (text.starts_with(front)) text.remove_prefix(front.size());
  if (text.empty() || text.size() > longest_token) return no_token("there is no token", "");
  for (const char c : text)
    if (!is_token_character(c)) return no_token("the token for slurmrestd is none", "");
  SlurmToken token{std::string(text), {}, {}};
  const auto parts = split(text, '.');
  if (parts.size() != 3) return token;
  const Json said = parse_rest(from_base64_url(parts[1]));
  token.user = text_in(said, "sun");
  if (token.user.empty()) token.user = text_in(said, "username");
  if (const auto end = number_in(said, "exp"); end && *end < 253'402'300'799)
    token.expires = Time{static_cast<std::int64_t>(*end) * 1'000'000};
  return token;
}

Result<SlurmToken> token_now(const TokenSource& source, Time now) {
  const auto text = text_of(source);
  if (!text) return text.error();
  auto token = read_slurm_token(*text);
  const std::string where = source.file.empty() ? "SLURM_JWT" : source.file;
  if (!token) return no_token(token.error().what, where);
  if (!token->expires || now < *token->expires) return token;
  return Error{
      ErrorKind::denied, "the token for slurmrestd has expired at " + format_utc(*token->expires),
      where,
      std::string(new_token) + (source.file.empty()
                                    ? ", export it, and `gang daemon stop --on slurm`: the next "
                                      "command starts the service with it"
                                    : ", and write it there")};
}

}  // namespace gangline
