#include "os/web/head.h"

#include <algorithm>
#include <array>

namespace gangline {
namespace {

constexpr std::size_t longest_method = 16;
constexpr std::size_t most_size_digits = 15;
constexpr std::string_view end_of_line = "\r\n", end_of_head = "\r\n\r\n";

// RFC 9110, 5.6.2: the characters of a token.
constexpr std::array<bool, 256> token_characters = [] {
  std::array<bool, 256> all{};
  for (char c = '0'; c <= '9'; ++c) all[static_cast<unsigned char>(c)] = true;
  for (char c = 'a'; c <= 'z'; ++c) all[static_cast<unsigned char>(c)] = true;
  for (char c = 'A'; c <= 'Z'; ++c) all[static_cast<unsigned char>(c)] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~"))
    all[static_cast<unsigned char>(c)] = true;
  return all;
}();

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return token_characters[static_cast<unsigned char>(c)];
  });
}

bool is_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

// What a URI is written with, RFC 3986; anything else stands there escaped.
bool is_target(std::string_view text) {
  return text.starts_with('/') && std::all_of(text.begin(), text.end(), [](char c) {
           return c > 0x20 && c < 0x7f && c != '#' && c != '"' && c != '<' && c != '>' && c != '\\';
         });
}

std::string_view without_blanks(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

HeadRead refused(unsigned status, const char* why) { return {0, status, why}; }

/// Empty where it is well.
HeadRead read_first_line(std::string_view line, WebHead& head) {
  const auto one = line.find(' ');
  const auto two = line.rfind(' ');
  if (one == std::string_view::npos || one == two)
    return refused(400, "the first line of the request is not METHOD TARGET HTTP/1.1");
  head.method = line.substr(0, one);
  head.target = line.substr(one + 1, two - one - 1);
  const std::string_view version = line.substr(two + 1);
  if (!is_token(head.method) || head.method.size() > longest_method)
    return refused(400, "the method of the request is no word");
  if (!is_target(head.target))
    return refused(400, "the target of the request is no path with its odd characters escaped");
  if (version != "HTTP/1.1" && version != "HTTP/1.0")
    return refused(version.starts_with("HTTP/") ? 505 : 400, "only HTTP/1.1 is spoken here");
  head.keep_alive = version == "HTTP/1.1";
  return {};
}

/// Whether `word` is one of a list with commas, without a weight of zero behind it.
bool lists(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    const std::string_view item = without_blanks(list.substr(0, comma));
    const auto weight = item.find(';');
    if (is_word(without_blanks(item.substr(0, weight)), word))
      return weight == std::string_view::npos ||
             item.substr(weight).find_first_of("123456789") != std::string_view::npos;
    if (comma == std::string_view::npos) return false;
    list.remove_prefix(comma + 1);
  }
  return false;
}

struct Counted {
  int hosts = 0, lengths = 0, encodings = 0, authorizations = 0, origins = 0;
};

HeadRead take_field(const WebField& field, WebHead& head, Counted& counted) {
  const auto [name, value] = field;
  if (is_word(name, "host")) {
    ++counted.hosts;
    head.host = value;
  } else if (is_word(name, "content-length")) {
    ++counted.lengths;
    if (value.empty() || value.size() > most_size_digits) return refused(400, "no such size");
    for (const char c : value) {
      if (c < '0' || c > '9') return refused(400, "the Content-Length is no number");
      head.body_size = head.body_size * 10 + static_cast<std::uint64_t>(c - '0');
    }
  } else if (is_word(name, "transfer-encoding")) {
    ++counted.encodings;
  } else if (is_word(name, "authorization")) {
    ++counted.authorizations;
    head.authorization = value;
  } else if (is_word(name, "origin")) {
    ++counted.origins;
    head.origin = value;
  } else if (is_word(name, "connection")) {
    if (lists(value, "close")) head.keep_alive = false;
  } else if (is_word(name, "expect")) {
    if (!is_word(value, "100-continue"))
      return refused(400, "nothing but 100-continue is expected");
    head.expects_continue = true;
  } else if (is_word(name, "accept-encoding")) {
    head.takes_gzip = lists(value, "gzip");
  } else if (is_word(name, "content-type")) {
    head.content_type = value;
  } else if (is_word(name, "if-none-match")) {
    head.if_none_match = value;
  }
  return {};
}

HeadRead check_counted(const Counted& counted) {
  if (counted.hosts != 1) return refused(400, "there must be one Host field");
  if (counted.lengths > 1 || counted.encodings > 1)
    return refused(400, "how long the body is stands there twice");
  if (counted.lengths > 0 && counted.encodings > 0)
    return refused(400, "there are both a Content-Length and a Transfer-Encoding");
  if (counted.encodings > 0)
    return refused(411, "a body is sent whole here, with its Content-Length");
  if (counted.authorizations > 1 || counted.origins > 1)
    return refused(400, "there is more than one Authorization or Origin field");
  return {};
}

}  // namespace

bool is_word(std::string_view text, std::string_view small) {
  return text.size() == small.size() &&
         std::equal(text.begin(), text.end(), small.begin(), [](char a, char b) {
           return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + ('a' - 'A')) : a) == b;
         });
}

std::string_view WebHead::field(std::string_view name) const {
  for (const WebField& field : fields)
    if (is_word(field.name, name)) return field.value;
  return {};
}

HeadRead read_head(std::string_view bytes, std::size_t seen, WebHead& head) {
  const std::size_t from = seen < end_of_head.size() ? 0 : seen - (end_of_head.size() - 1);
  const std::size_t end = bytes.find(end_of_head, from);
  const std::size_t size = end == std::string_view::npos ? bytes.size() : end + end_of_head.size();
  if (size > most_head_bytes) return refused(431, "the head of the request is too long");
  if (end == std::string_view::npos) return {};
  std::string_view rest = bytes.substr(0, end + end_of_line.size());
  std::vector<WebField> fields = std::move(head.fields);  // keeps its memory
  fields.clear();
  head = WebHead();
  head.fields = std::move(fields);
  const std::size_t first = rest.find(end_of_line);
  if (const auto bad = read_first_line(rest.substr(0, first), head); bad.status != 0) return bad;
  rest.remove_prefix(first + end_of_line.size());
  Counted counted;
  while (!rest.empty()) {
    const std::size_t line_end = rest.find(end_of_line);
    const std::string_view line = rest.substr(0, line_end);
    rest.remove_prefix(line_end + end_of_line.size());
    const auto colon = line.find(':');
    if (line.starts_with(' ') || line.starts_with('\t'))
      return refused(400, "a field of the head goes on in the next line");
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon)))
      return refused(400, "a line of the head is not NAME: VALUE");
    const WebField field{line.substr(0, colon), without_blanks(line.substr(colon + 1))};
    if (!is_value(field.value)) return refused(400, "a control character stands in the head");
    if (head.fields.size() == most_head_fields)
      return refused(431, "the head of the request has too many fields");
    head.fields.push_back(field);
    if (const auto bad = take_field(field, head, counted); bad.status != 0) return bad;
  }
  if (const auto bad = check_counted(counted); bad.status != 0) return bad;
  return {size, 0, nullptr};
}

}  // namespace gangline
