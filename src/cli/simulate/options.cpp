#include "cli/simulate/options.h"

#include <algorithm>
#include <filesystem>

#include "base/text.h"
#include "schedule/policy.h"

namespace gangline {
namespace {

struct NamedFile {
  std::string flag;
  std::string path;
};

std::vector<NamedFile> written_by(const SimulateOptions& options) {
  std::vector<NamedFile> files{
      {"--html", options.page}, {"--csv", options.csv}, {"--write-cluster", options.write_cluster}};
  std::erase_if(files, [](const NamedFile& file) { return file.path.empty(); });
  return files;
}

std::vector<NamedFile> read_by(const SimulateOptions& options) {
  std::vector<NamedFile> files{{"the history", options.history},
                               {"--cluster", options.cluster},
                               {"--speeds", options.speeds},
                               {"--arrivals", options.arrivals}};
  std::erase_if(files, [](const NamedFile& file) { return file.path.empty(); });
  return files;
}

std::filesystem::path whole_path(const std::string& path, const std::string& directory) {
  return (std::filesystem::path(directory) / path).lexically_normal();
}

Result<void> check_files(const SimulateOptions& options, const Output& out,
                         const CommandWorld& around) {
  const auto written = written_by(options);
  std::vector<NamedFile> known = read_by(options);
  for (const NamedFile& file : written) {
    const auto path = whole_path(file.path, around.directory);
    if (file.path == "-" || (out.json() && path == "/dev/stdout"))
      return Error{ErrorKind::usage,
                   file.path == "-" ? "'-' is no name of a file"
                                    : "--json writes to standard output already",
                   file.flag,
                   file.path == "-" ? file.flag + " /dev/stdout -q writes to standard output"
                                    : "name a file"};
    for (const NamedFile& other : known)
      if (whole_path(other.path, around.directory) == path)
        return Error{ErrorKind::usage,
                     "'" + printable(file.path) + "' is the file of " + other.flag + " as well",
                     file.flag, "name another file"};
    known.push_back(file);
  }
  for (const NamedFile& file : written)
    if (auto good = around.can_write(file.path); !good) return good;
  return {};
}

/// "42" or "seed42": a column of the order of arrivals.
bool is_seed(std::string_view text) {
  constexpr std::string_view word = "seed";
  if (text.starts_with(word)) text.remove_prefix(word.size());
  return parse_number(text).has_value();
}

}  // namespace

std::string all_policies() {
  std::string all;
  for (const Policy& row : policies()) all += (all.empty() ? "" : ", ") + std::string(row.name);
  return all;
}

Result<std::vector<std::string>> names_of_policies(const std::vector<std::string>& texts) {
  std::vector<std::string> names;
  for (const std::string& text : texts)
    for (const std::string_view name : split(text, ',')) {
      if (trim(name).empty())
        return Error{ErrorKind::usage, "'" + printable(text) + "' has no name beside its comma",
                     "--policy",
                     "write them like easy,fifo without blanks; there are: " + all_policies()};
      if (std::find(names.begin(), names.end(), trim(name)) != names.end())
        return Error{ErrorKind::usage, "the policy '" + printable(trim(name)) + "' stands twice",
                     "--policy", "name each once"};
      names.emplace_back(trim(name));
    }
  return names;
}

Result<void> check_options(const SimulateOptions& options, const Output& out,
                           const CommandWorld& around) {
  constexpr double largest_limit = 1'000;
  const auto& limit = options.assumed_limit;
  if (limit && !(*limit > 0 && *limit <= largest_limit))
    return Error{ErrorKind::usage, "it goes from above 0 to 1000", "--assume-limits",
                 "2 takes jobs without a time limit to have one of twice their run time"};
  if (!options.seed.empty() && options.arrivals.empty())
    return Error{ErrorKind::usage, "it goes with --arrivals, whose column it names", "--seed",
                 "the seed of the policy random is --set policy.seed=7"};
  if (!options.seed.empty() && !is_seed(options.seed))
    return Error{ErrorKind::usage, "'" + printable(options.seed) + "' is no whole number", "--seed",
                 "write it like --seed 42"};
  return check_files(options, out, around);
}

}  // namespace gangline
