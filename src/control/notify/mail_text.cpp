#include "control/notify/mail_text.h"

#include <algorithm>

#include "base/text.h"

namespace gangline {
namespace {

// RFC 5322 allows 998 bytes in a line.
constexpr std::size_t longest_line = 900;
constexpr std::size_t longest_in_subject = 60;

/// One line of ASCII: what is anything else stands as '?'.
std::string for_head(std::string_view text) {
  std::string line;
  for (const char c : text.substr(0, longest_in_subject)) line += c >= ' ' && c < 127 ? c : '?';
  return line;
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
  std::string out = "To: " + end.owner + "\nSubject: job " + format(end.id) + " (" +
                    for_head(end.name) + ") " + how +
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
