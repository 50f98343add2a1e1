#include "engine/slurm/site/disk_kind.h"

#include <vector>

#include "base/text.h"

namespace gangline {
namespace {

/// "a\040b" as "a b".
std::string without_escapes(std::string_view text) {
  std::string plain;
  const auto octal = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '7'; };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && octal(i + 1) && octal(i + 2) && octal(i + 3)) {
      plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                 (text[i + 3] - '0'));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

bool is_above(const std::string& mount, std::string_view path) {
  return mount == "/" || path == mount || path.starts_with(mount + "/");
}

}  // namespace

std::string disk_kind_of(std::string_view mounts, std::string_view path) {
  constexpr std::size_t mount_point = 4;
  std::string kind;
  std::size_t longest = 0;
  for (const std::string_view line : split(mounts, '\n')) {
    const auto words = split(line, ' ');
    const std::size_t dash = line.find(" - ");
    if (words.size() <= mount_point || dash == std::string_view::npos) continue;
    const std::string mount = without_escapes(words[mount_point]);
    // Of two at one place the later hides the earlier.
    if (!is_above(mount, path) || mount.size() < longest) continue;
    longest = mount.size();
    const std::string_view rest = line.substr(dash + 3);
    kind = printable(rest.substr(0, rest.find(' ')));
  }
  return kind;
}

}  // namespace gangline
