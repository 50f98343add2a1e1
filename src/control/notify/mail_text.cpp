#include "control/notify/mail_text.h"

#include <algorithm>
#include <cctype>

#include "base/text.h"

namespace gangline {
namespace {

// RFC 5322 allows 998 bytes in a line.
constexpr std::size_t longest_line = 900;
constexpr std::size_t longest_in_subject = 60;

/// The front of a name, whole characters of it.
std::string for_subject(std::string_view name) {
  const std::string text = printable(name);
  std::size_t end = 0;
  while (end < text.size()) {
    const std::size_t length = utf8_length(std::string_view(text).substr(end));
    if (end + length > longest_in_subject) break;
    end += length;
  }
  return text.substr(0, end);
}

/// `text`, which is printable UTF-8, as a field of a head has it: what is beyond ASCII stands in
/// encoded words (RFC 2047, "Q"), none longer than 75 characters and each of whole characters.
std::string encoded(std::string_view text) {
  const bool ascii =
      std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 127; });
  if (ascii && text.find("=?") == std::string_view::npos) return std::string(text);
  constexpr std::string_view opens = "=?utf-8?Q?", closes = "?=";
  constexpr std::size_t longest_word = 75;
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string all, word;
  const auto finish = [&] {
    all += (all.empty() ? "" : "\n ") + std::string(opens) + word + std::string(closes);
    word.clear();
  };
  while (!text.empty()) {
    const std::size_t length = std::max<std::size_t>(utf8_length(text), 1);
    std::string one;
    for (const char c : text.substr(0, length)) {
      const auto byte = static_cast<unsigned char>(c);
      if (std::isalnum(byte) != 0) one += c;
      else if (c == ' ') one += '_';
      else one += {'=', digits[byte >> 4U], digits[byte & 15U]};
    }
    if (opens.size() + word.size() + one.size() + closes.size() > longest_word) finish();
    word += one;
    text.remove_prefix(length);
  }
  finish();
  return all;
}

std::string lines_of(const std::string& text) {
  const std::string readable = printable(text, true);
  std::string out;
  for (std::string_view line : split(readable, '\n')) {
    while (line.size() > longest_line) {
      // Not in the middle of a character.
      std::size_t cut = longest_line;
      while (cut > 0 && (static_cast<unsigned char>(line[cut]) & 0xc0) == 0x80) --cut;
      out += std::string(line.substr(0, cut)) + "\n";
      line.remove_prefix(cut);
    }
    out += std::string(line) + "\n";
  }
  return out;
}

std::string cause_of(const Ending& ending) {
  std::string text = name_of(ending.cause);
  if (ending.exit_code && *ending.exit_code != 0)
    text += ", exit code " + std::to_string(*ending.exit_code);
  if (ending.signal) text += ", signal " + std::to_string(*ending.signal);
  return text + (ending.detail.empty() ? "" : ": " + ending.detail);
}

}  // namespace

bool may_be_mailed(const std::string& login) {
  return !login.empty() && login.front() != '-' && login.front() != '.' && login.size() <= 64 &&
         std::all_of(login.begin(), login.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '-';
         });
}

std::string mail_text(const JobSummary& end, const std::string& host) {
  const bool well = end.ended_badly + end.never_ran == 0;
  const std::string how = well ? "ended well" : "did not end well";
  std::string out = "To: " + end.owner + "\nSubject: " +
                    encoded("job " + format(end.id) + " (" + for_subject(end.name) + ") " + how) +
                    "\nAuto-Submitted: auto-generated\nMIME-Version: 1.0\n"
                    "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n";
  const auto line = [&](const std::string& text) { out += lines_of(text); };
  line("Job " + format(end.id) + " (" + printable(end.name) + ") of " + printable(end.owner) +
       " on " + printable(host) + " " + how + ".");
  out += "\n";
  if (end.ending) line("cause:     " + printable(cause_of(*end.ending)));
  line("gangs:     " + std::to_string(end.gangs) + ": " + std::to_string(end.ended_well) +
       " well, " + std::to_string(end.ended_badly) + " badly, " + std::to_string(end.never_ran) +
       " never ran");
  line("submitted: " + format_utc(end.submitted));
  if (end.started) line("started:   " + format_utc(*end.started));
  if (end.ended) line("ended:     " + format_utc(*end.ended));
  line("more:      gang show " + format(end.id));
  if (end.ending && !end.ending->last_lines.empty()) {
    out += "\nThe last lines that it wrote:\n\n";
    out += lines_of(end.ending->last_lines);
  }
  return out;
}

}  // namespace gangline
