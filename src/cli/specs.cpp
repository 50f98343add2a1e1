#include "cli/specs.h"

#include "base/text.h"
#include "jobspec/job_file.h"

namespace gangline {
namespace {

std::string absolute(const std::string& path, const std::string& directory) {
  return path.starts_with("/") ? path : directory + "/" + path;
}

/// Those of another machine, which cannot be looked at from here.
SplitFiles files_out_of_reach() {
  const Error error{ErrorKind::usage,
                    "which files there are is known on the server's machine alone", "",
                    "submit the job there, or write the parts as a list or a range"};
  return {[error](const std::string&, const std::string&, std::size_t) { return error; },
          [error](const std::string&) { return error; },
          [error](const std::string&, std::uint64_t, std::size_t) { return error; }};
}

Result<JobSpec> read_one(const std::string& file, const SubmitOptions& options,
                         const std::string& directory, const CommandWorld& around,
                         std::vector<Error>& mistakes) {
  const std::string path = absolute(file, around.directory);
  auto text = around.read_file(path);
  if (!text) {
    Error error = text.error();
    error.kind = ErrorKind::usage;
    return error;
  }
  const bool far = !around.server.empty();
  const JobFile job_file{*text, file, far ? directory : path.substr(0, path.find_last_of('/'))};
  return spec_from_file_and_flags(job_file, options.flags, directory,
                                  far ? files_out_of_reach() : files_of_this_machine(), &mistakes);
}

}  // namespace

Result<std::vector<JobSpec>> read_specs(const SubmitOptions& options, Output& out) {
  const CommandWorld& around = out.around();
  if (options.files.empty() && options.flags.command.empty())
    return Error{
        ErrorKind::usage, "there is nothing to run", "",
        "name a job file (*.toml), or put a command after --: `gang run -- python3 train.py`"};
  std::string directory = around.directory;
  if (!around.server.empty()) {
    auto far = around.far_directory();
    if (!far) return far.error();
    directory = *std::move(far);
  }
  std::vector<JobSpec> specs;
  std::vector<Error> wrong;
  const auto take = [&](Result<JobSpec> spec, std::vector<Error> mistakes) {
    if (spec) return specs.push_back(std::move(*spec));
    if (mistakes.empty()) mistakes.push_back(spec.error());
    wrong.insert(wrong.end(), mistakes.begin(), mistakes.end());
  };
  for (const std::string& file : options.files) {
    std::vector<Error> mistakes;
    auto spec = read_one(file, options, directory, around, mistakes);
    take(std::move(spec), std::move(mistakes));
  }
  if (options.files.empty()) {
    std::vector<Error> mistakes;
    auto spec = spec_from_flags(options.flags, directory, &mistakes);
    take(std::move(spec), std::move(mistakes));
  }
  if (!wrong.empty()) {
    const Error last = wrong.back();  // for the caller to tell
    wrong.pop_back();
    for (const Error& error : wrong) (void)out.fail(error);
    return last;
  }
  // What is set here means nothing on another machine, where it is that of `gang serve`.
  if (!around.server.empty()) return specs;
  const Environment inherited(around.environment);
  for (JobSpec& spec : specs) spec.inherited = inherited;
  return specs;
}

}  // namespace gangline
