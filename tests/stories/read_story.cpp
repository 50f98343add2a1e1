#include <algorithm>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>

#include "base/text.h"
#include "story.h"

namespace gangline::stories {
namespace {

/// One line's words, read from the front. After a word that is missing or wrong, `mistake` is set
/// and all further reads give zeros.
class Words {
 public:
  explicit Words(const std::string& line) {
    std::istringstream in(line.substr(0, line.find('#')));
    for (std::string word; in >> word;) words_.push_back(word);
  }
  bool empty() const { return next_ >= words_.size(); }
  bool take(std::string_view word) {
    if (empty() || words_[next_] != word) return false;
    ++next_;
    return true;
  }
  std::string word() {
    if (!empty()) return words_[next_++];
    fail("the line ends too early");
    return {};
  }
  std::int64_t number() {
    const std::string text = word();
    const bool negative = text.starts_with("-");
    const auto n = parse_number(negative ? text.substr(1) : text);
    if (!n) fail("'" + text + "' is no number");
    return n ? (negative ? -1 : 1) * static_cast<std::int64_t>(*n) : 0;
  }
  std::uint32_t count() { return static_cast<std::uint32_t>(number()); }
  Time time() { return Time{seconds(number()).us}; }
  std::string rest() {
    std::string text;
    while (!empty()) text += (text.empty() ? "" : " ") + word();
    return text;
  }
  void fail(const std::string& what) {
    if (mistake.empty()) mistake = what;
    next_ = words_.size();
  }
  std::string mistake;

 private:
  std::vector<std::string> words_;
  std::size_t next_ = 0;
};

void link_islands(Node& node, const std::string& sizes) {
  std::uint32_t first = 0;
  for (const std::string_view part : split(sizes, ',')) {
    const auto end = first + static_cast<std::uint32_t>(parse_number(part).value_or(0));
    for (std::uint32_t a = first; a < end; ++a)
      for (std::uint32_t b = a + 1; b < end; ++b) node.links.push_back({a, b, LinkKind::nvlink, 4});
    first = end;
  }
}

void split_numa(Node& node, std::uint32_t count) {
  const std::uint32_t cpus = node.cpus.count();
  const auto devices = static_cast<std::uint32_t>(node.devices.size());
  for (std::uint32_t n = 0; n < count; ++n) {
    NumaNode numa{n, {}, {}};
    for (std::uint32_t cpu = n * cpus / count; cpu < (n + 1) * cpus / count; ++cpu)
      numa.cpus.add(cpu);
    node.numa.push_back(numa);
  }
  for (std::uint32_t d = 0; d < devices; ++d) node.devices[d].numa_node = d * count / devices;
}

void read_node(Words& words, Story& story) {
  Node node;
  node.name = words.word();
  node.cpus = CpuSet::first(64);
  node.memory = gibibytes(1024);
  while (!words.empty()) {
    if (words.take("gpus")) {
      node.devices.resize(words.count());
      for (Device& device : node.devices) device.model = "NVIDIA H100";
    } else if (words.take("cpus")) {
      node.cpus = CpuSet::first(words.count());
    } else if (words.take("memory")) {
      const auto memory = parse_bytes(words.word());
      if (memory) node.memory = *memory;
    } else if (words.take("under")) {
      node.place = place_from(words.word());
    } else if (words.take("islands")) {
      link_islands(node, words.word());
    } else if (words.take("numa")) {
      split_numa(node, words.count());
    } else if (words.take("model")) {
      const std::string model = words.word();
      for (Device& device : node.devices) device.model = model;
    } else if (words.take("slices")) {
      const std::string text = words.word();
      const auto parent = parse_number(text.substr(0, text.find(':')));
      const auto count = parse_number(text.substr(text.find(':') + 1));
      if (!parent || !count || *parent >= node.devices.size()) return words.fail("slices D:N");
      node.devices[*parent].allottable = false;
      Device slice = node.devices[*parent];
      slice.allottable = true;
      slice.parent = static_cast<std::uint32_t>(*parent);
      node.devices.insert(node.devices.end(), *count, slice);
    } else {
      return words.fail("a node has no '" + words.word() + "'");
    }
  }
  story.cluster.nodes.push_back(node);
}

DeviceRequest& devices_of(TaskRequest& task) {
  if (!task.devices) task.devices = DeviceRequest{};
  return *task.devices;
}

/// Reads the part of a job that one alternative may say; false: it is no such word.
bool read_task(Words& words, TaskRequest& task) {
  if (words.take("gpus")) {
    const std::uint32_t n = words.count();
    if (n > 0) devices_of(task).count = n;
  } else if (words.take("share")) {
    devices_of(task).share = {static_cast<std::int32_t>(words.count())};
  } else if (words.take("cpus")) {
    task.cpus = whole_cpus(words.count());
  } else if (words.take("memory")) {
    const auto memory = parse_bytes(words.word());
    if (memory) task.memory = *memory;
  } else if (words.take("model")) {
    devices_of(task).model = words.word();
  } else if (words.take("rate")) {
    task.rate = words.count();
  } else {
    return false;
  }
  return true;
}

JobId job_named(Words& words, const Story& story, const std::string& name) {
  for (const StoryJob& job : story.jobs)
    if (job.name == name) return job.group.job;
  words.fail("no job is called '" + name + "'");
  return {};
}

/// One that is named for the first time is new.
Queue& queue_named(Story& story, const std::string& name) {
  if (const auto known = find_queue(story.queues, name)) return story.queues[*known];
  story.queues.emplace_back().name = name;
  return story.queues.back();
}

void read_queue(Words& words, Story& story) {
  Queue& queue = queue_named(story, words.word());
  while (!words.empty()) {
    if (words.take("priority")) {
      queue.priority = static_cast<std::int32_t>(words.number());
    } else if (words.take("foreign")) {
      queue.allow_foreign = true;
    } else if (words.take("in")) {
      queue.parent = find_queue(story.queues, words.word());
      if (!queue.parent) return words.fail("no queue is called so");
    } else if (words.take("share")) {
      queue.share = words.count();
    } else if (words.take("guaranteed")) {
      queue.guaranteed.devices = words.count();
    } else if (words.take("guaranteed_cpus")) {
      queue.guaranteed.cpus = words.count();
    } else if (words.take("limit")) {
      queue.limit.devices = words.count();
    } else if (words.take("limit_cpus")) {
      queue.limit.cpus = words.count();
    } else {
      return words.fail("a queue has no '" + words.word() + "'");
    }
  }
}

std::uint32_t user_named(Story& story, const std::string& name) {
  const auto known = std::find(story.users.begin(), story.users.end(), name);
  if (known == story.users.end())
    return story.users.push_back(name), static_cast<std::uint32_t>(story.users.size() - 1);
  return static_cast<std::uint32_t>(known - story.users.begin());
}

void read_use(Words& words, Story& story) {
  UserUse use;
  use.user = user_named(story, words.word());
  use.device_seconds = words.number();
  if (words.take("in")) {
    const auto queue = find_queue(story.queues, words.word());
    if (!queue) return words.fail("no queue is called so");
    use.queue = *queue;
  }
  story.used.push_back(use);
}

void read_job(Words& words, Story& story) {
  StoryJob job;
  job.name = words.word();
  job.group.job = {story.jobs.size() + 1};
  ResourceRequest request;
  bool limited = true;
  while (!words.empty()) {
    if (words.take("or")) {
      request.alternatives.emplace_back();
    } else if (read_task(words, request.alternatives.back())) {
      continue;
    } else if (words.take("at")) {
      job.group.submitted = words.time();
    } else if (words.take("for")) {
      job.run = seconds(words.number());
    } else if (words.take("time")) {
      limited = !words.take("none");
      if (limited) job.group.time = seconds(words.number());
    } else if (words.take("foretold")) {
      job.group.progress.whole_run = seconds(words.number());
    } else if (words.take("gangs")) {
      job.group.count = words.count();
    } else if (words.take("turns")) {
      job.group.turns = words.count();
    } else if (words.take("tasks")) {
      request.tasks = words.count();
    } else if (words.take("priority")) {
      job.group.priority = static_cast<std::int32_t>(words.number());
    } else if (words.take("keeps")) {
      job.group.keeps_work = true;
    } else if (words.take("of")) {
      job.group.user = user_named(story, words.word());
    } else if (words.take("after")) {
      job.group.after.push_back(job_named(words, story, words.word()));
    } else if (words.take("queue")) {
      const std::string name = words.word();
      const auto found = find_queue(story.queues, name);
      if (!found) return words.fail("no queue is called '" + name + "'");
      job.group.queue = *found;
    } else {
      return words.fail("a job has no '" + words.word() + "'");
    }
  }
  if (limited && !job.group.time) job.group.time = job.run;
  if (!job.group.progress.whole_run) job.group.progress.whole_run = job.run;
  job.group.request = std::make_shared<const ResourceRequest>(std::move(request));
  story.jobs.push_back(std::move(job));
}

void read_change(Words& words, Story& story, Change::Kind kind) {
  Change change;
  change.kind = kind;
  const std::string name = words.word();
  if (kind == Change::Kind::withdraw) {
    change.job = job_named(words, story, name);
  } else {
    const std::size_t colon = name.find(':');
    const auto& nodes = story.cluster.nodes;
    const auto node = std::find_if(nodes.begin(), nodes.end(), [&](const Node& one) {
      return one.name == name.substr(0, colon);
    });
    if (node == nodes.end()) return words.fail("no node is called '" + name + "'");
    change.node = {static_cast<std::uint32_t>(node - nodes.begin())};
    if (colon != std::string::npos)
      change.device = static_cast<std::uint32_t>(parse_number(name.substr(colon + 1)).value_or(0));
  }
  while (!words.empty()) {
    if (words.take("at")) {
      change.from = words.time();
    } else if (words.take("until")) {
      change.until = words.time();
    } else if (words.take("by")) {
      change.holder = words.word();
    } else {
      return words.fail("at T, until T or by WORD, not '" + words.word() + "'");
    }
  }
  story.changes.push_back(std::move(change));
}

void read_expectation(Words& words, Story& story, int line) {
  Expectation expected{};
  expected.line = line;
  const std::string name = words.word();
  const std::size_t dot = name.find('.');
  expected.gang.job = job_named(words, story, name.substr(0, dot));
  if (dot != std::string::npos)
    expected.gang.index =
        static_cast<std::uint32_t>(parse_number(name.substr(dot + 1)).value_or(0));
  if (words.take("at")) expected.at = words.time();
  if (words.take("starts")) {
    expected.kind = Expectation::Kind::starts;
    if (!words.take("never")) expected.time = words.time();
  } else if (words.take("stopped")) {
    expected.kind = Expectation::Kind::stopped;
    if (!words.take("never")) expected.time = words.time();
  } else if (words.take("ends")) {
    expected.kind = Expectation::Kind::ends;
    if (!words.take("never")) expected.time = words.time();
  } else if (words.take("on")) {
    expected.kind = Expectation::Kind::on;
    expected.text = words.rest();
  } else if (words.take("turns")) {
    expected.kind = Expectation::Kind::turns;
    expected.n = words.count();
  } else if (words.take("promised")) {
    expected.kind = Expectation::Kind::promised;
    if (!words.take("nothing")) expected.time = words.time();
  } else {
    expected.kind = words.take("refused") ? Expectation::Kind::refused : Expectation::Kind::because;
    if (!words.take("because")) return words.fail("nothing is expected by '" + words.word() + "'");
    expected.text = words.rest();
  }
  if (!words.empty()) words.fail("too much: '" + words.rest() + "'");
  story.expectations.push_back(std::move(expected));
}

void read_line(Words& words, Story& story, int line) {
  if (words.empty()) return;
  if (words.take("policy")) {
    story.policy = words.word();
    while (!words.empty()) {
      if (words.take("promises")) story.policy_settings.promises = words.count();
      else if (words.take("ages")) story.policy_settings.ages = seconds(words.number());
      else return words.fail("a policy has no '" + words.word() + "'");
    }
  } else if (words.take("work")) {
    const std::string list = words.word();
    for (const std::string_view part : split(list, ','))
      story.usual_work.push_back(
          seconds(static_cast<std::int64_t>(parse_number(part).value_or(0))));
  } else if (words.take("queue")) {
    read_queue(words, story);
  } else if (words.take("had")) {
    read_use(words, story);
  } else if (words.take("node")) {
    read_node(words, story);
  } else if (words.take("job")) {
    read_job(words, story);
  } else if (words.take("foreign")) {
    read_change(words, story, Change::Kind::foreign);
  } else if (words.take("away")) {
    read_change(words, story, Change::Kind::away);
  } else if (words.take("withdraw")) {
    read_change(words, story, Change::Kind::withdraw);
  } else if (words.take("expect")) {
    read_expectation(words, story, line);
  } else {
    words.fail("no line begins with '" + words.word() + "'");
  }
}

}  // namespace

Result<Story> read_story(const std::string& path) {
  std::ifstream file(path);
  if (!file) return Error{ErrorKind::not_found, "no such story", path, ""};
  Story story;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    Words words(line);
    read_line(words, story, ++number);
    if (!words.mistake.empty())
      return Error{ErrorKind::usage, words.mistake, path + ":" + std::to_string(number), ""};
  }
  return story;
}

}  // namespace gangline::stories
