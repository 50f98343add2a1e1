#include "devices/nvidia/nvml_replay.h"

#include <unistd.h>

#include <initializer_list>
#include <map>
#include <set>

#include "devices/nvidia/nvml_names.h"
#include "devices/nvidia/nvml_record.h"
#include "devices/record/recording.h"

namespace gangline::nvml {
namespace {

constexpr std::size_t most_handles = 4096;
constexpr int unknown = 999;  // NVML's own word for what it cannot name
constexpr unsigned pause_us = 100'000;

}  // namespace

struct Replay::Answers {
  std::set<std::string, std::less<>> functions;
  std::map<std::string, RecordedCall, std::less<>> calls;  ///< by function and arguments
  HandleNumbers numbers;
  std::vector<char> slots = std::vector<char>(most_handles);

  Answers() {
    for (char& slot : slots) numbers.number_of(reinterpret_cast<Handle>(&slot));
  }
};

namespace {

template <class... Args>
int answer(Replay::Answers& answers, const char* name, Args... args) {
  WordWriter key(answers.numbers);
  given(key, args...);
  const auto found = answers.calls.find(std::string(name) + " " + key.text());
  if (found == answers.calls.end()) return unknown;
  const RecordedCall& call = found->second;
  while (call.hangs) ::usleep(pause_us);
  const std::uint32_t room = room_in(args...);
  WordReader results(call.results, answers.slots);
  filled(results, call.code, room, args...);
  return results.good() ? call.code : unknown;
}

struct Recorded {
  const std::shared_ptr<Replay::Answers>& answers;
  Witness* witness;
  std::shared_ptr<HandleNumbers> numbers = std::make_shared<HandleNumbers>();

  template <class... Args>
  void operator()(std::function<int(Args...)>& call, std::initializer_list<const char*> names) {
    for (const char* name : names) {
      if (!answers->functions.contains(std::string_view(name))) continue;
      call = [name, kept = answers](Args... args) { return answer(*kept, name, args...); };
      if (witness != nullptr) call = recorded(name, call, numbers, *witness);
      return;
    }
  }
};

}  // namespace

Result<Replay> Replay::from(std::string_view text, const std::string& where) {
  const auto recording = read_recording(text, where);
  if (!recording) return recording.error();
  Replay replay;
  replay.answers_ = std::make_shared<Answers>();
  for (const std::string& line : recording->remarks) {
    if (line.starts_with(library_has))
      replay.answers_->functions.insert(line.substr(library_has.size()));
    if (line == library_broken)
      replay.trouble_ = "NVIDIA GPUs are unknown: the library could not be opened";
  }
  for (const RecordedCall& call : recording->calls)
    replay.answers_->calls.insert_or_assign(call.function + " " + call.arguments, call);
  return replay;
}

Result<Replay> Replay::read(const std::string& path) {
  const auto text = read_recording_file(path);
  return text ? from(*text, path) : text.error();
}

bool Replay::fill(Calls& calls) const {
  Recorded recorded{answers_, present_witness()};
  find_start(calls, recorded);
  const bool whole = calls.init && calls.count && calls.handle;
  if (whole) {
    find_facts(calls, recorded);
    find_readings(calls, recorded);
  } else {
    calls = {};
  }
  return whole;
}

}  // namespace gangline::nvml
