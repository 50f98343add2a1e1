#include "main/diary/json_diary.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "json/json.h"
#include "os/file.h"

namespace gangline {
namespace {

constexpr std::size_t longest_target = 512;

std::string number(const char* key, std::int64_t value) {
  return std::string(",\"") + key + "\":" + std::to_string(value);
}

}  // namespace

void JsonDiary::cycle(const CycleTrace& trace) {
  std::string line = R"({"log":"cycle")" + number("at", trace.at.us) +
                     number("cycle", static_cast<std::int64_t>(trace.number)) +
                     number("learn_us", trace.learn.us) + number("accept_us", trace.accept.us) +
                     number("plan_us", trace.plan.us) + number("carry_out_us", trace.carry_out.us) +
                     number("tell_us", trace.tell.us) + number("starts", trace.starts);
  if (trace.first_event > 0)
    line += number("first_event", static_cast<std::int64_t>(trace.first_event)) +
            number("last_event", static_cast<std::int64_t>(trace.last_event));
  add(line + "}");
}

void JsonDiary::event(const FeedEntry& entry) {
  add(R"({"log":"event",)" + to_json(entry).substr(1));
}

void JsonDiary::request(Time at, const std::string& method, const std::string& target,
                        unsigned status, Span took, std::optional<std::uint32_t> uid) {
  // What stands behind the path may be private.
  const std::string path = target.substr(0, std::min(target.find('?'), longest_target));
  add(R"({"log":"request")" + number("at", at.us) + ",\"method\":" + json_text(method) +
      ",\"path\":" + json_text(path) + number("status", status) + number("took_us", took.us) +
      (uid ? number("uid", *uid) : "") + "}");
}

void JsonDiary::add(std::string line) {
  if (gathered_.size() + line.size() > most_gathered) {
    ++dropped_;
    return;
  }
  gathered_ += std::move(line);
  gathered_ += '\n';
  if (!due_)
    due_ = loop_.after(written_every, [this] {
      due_.reset();
      write_out();
    });
}

void JsonDiary::write_out() {
  if (gathered_.empty()) return;
  if (file_.open() && size_ + gathered_.size() > largest_file) {
    (void)std::rename(path_.c_str(), (path_ + ".1").c_str());
    file_.reset();
  }
  if (!file_.open()) {
    auto opened = open_file(path_, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
    if (opened) file_ = std::move(*opened);
    struct stat facts {};
    size_ = file_.open() && ::fstat(file_.number(), &facts) == 0
                ? static_cast<std::size_t>(facts.st_size)
                : 0;
  }
  if (dropped_ > 0)
    gathered_ +=
        R"({"log":"dropped")" + number("lines", static_cast<std::int64_t>(dropped_)) + "}\n";
  dropped_ = 0;
  const auto written =
      file_.open() ? write_all(file_.number(), gathered_, path_) : Result<void>(Error{});
  if (written) size_ += gathered_.size();
  else ++dropped_;
  gathered_.clear();
}

}  // namespace gangline
