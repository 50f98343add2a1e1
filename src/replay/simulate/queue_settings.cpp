#include "replay/simulate/queue_settings.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "base/text.h"
#include "model/check_spec.h"
#include "model/job.h"

namespace gangline {
namespace {

/// One thing that can be set. A new one is a row.
struct QueueKey {
  std::string_view name;
  const char* values;  ///< for people
  bool (*set)(std::string_view value, Queue& queue, const std::vector<Queue>& all);
};

bool set_priority(std::string_view value, Queue& queue, const std::vector<Queue>&) {
  std::int32_t number = 0;
  const auto read = std::from_chars(value.data(), value.data() + value.size(), number);
  if (read.ec != std::errc() || read.ptr != value.data() + value.size()) return false;
  if (number > highest_priority || number < -highest_priority) return false;
  queue.priority = number;
  return true;
}

bool set_allow_foreign(std::string_view value, Queue& queue, const std::vector<Queue>&) {
  queue.allow_foreign = value == "true";
  return value == "true" || value == "false";
}

bool set_parent(std::string_view value, Queue& queue, const std::vector<Queue>& all) {
  queue.parent = find_queue(all, std::string(value));
  return queue.parent.has_value();
}

bool set_share(std::string_view value, Queue& queue, const std::vector<Queue>&) {
  const auto number = parse_number(value);
  if (!number || *number < 1 || *number > largest_share) return false;
  queue.share = static_cast<std::uint32_t>(*number);
  return true;
}

bool set_amount(std::string_view value, std::optional<std::uint32_t>& amount) {
  const auto number = parse_number(value);
  if (!number || *number > largest_amount) return false;
  amount = static_cast<std::uint32_t>(*number);
  return true;
}

bool set_time(std::string_view value, Queue& queue, const std::vector<Queue>&) {
  const auto span = parse_span(std::string(value));
  if (!span || *span < seconds(1) || *span > longest_time) return false;
  queue.time = *span;
  return true;
}

using AllQueues = const std::vector<Queue>&;
constexpr const char* an_amount = "a whole number from 0 to 100000000";
constexpr QueueKey queue_keys[] = {
    {"priority", "a whole number from -1000000 to 1000000", set_priority},
    {"allow_foreign", "true or false", set_allow_foreign},
    {"parent", "the name of a queue", set_parent},
    {"share", "a whole number from 1 to 1000000", set_share},
    {"guaranteed", an_amount,
     [](auto value, Queue& queue, AllQueues) {
       return set_amount(value, queue.guaranteed.devices);
     }},
    {"guaranteed_cpus", an_amount,
     [](auto value, Queue& queue, AllQueues) { return set_amount(value, queue.guaranteed.cpus); }},
    {"limit", an_amount,
     [](auto value, Queue& queue, AllQueues) { return set_amount(value, queue.limit.devices); }},
    {"limit_cpus", an_amount,
     [](auto value, Queue& queue, AllQueues) { return set_amount(value, queue.limit.cpus); }},
    {"time", "a length of time from 1s to 100 years, as 2h", set_time},
};

struct Setting {
  std::string queue, key, value;
};

/// Names of queues may hold dots ("grid.ici.ro"), keys do not.
std::optional<Setting> cut(const std::string& text) {
  constexpr std::string_view front = "queue.";
  const auto equals = text.find('=');
  if (!text.starts_with(front) || equals == std::string::npos) return std::nullopt;
  const auto dot = text.rfind('.', equals);
  if (dot < front.size() + 1) return std::nullopt;
  return Setting{text.substr(front.size(), dot - front.size()),
                 text.substr(dot + 1, equals - dot - 1), text.substr(equals + 1)};
}

Error unknown(const std::string& what, const std::string& name,
              const std::vector<std::string_view>& known) {
  const auto near = nearest(name, known);
  std::string all;
  constexpr std::size_t most_named = 20;
  for (std::size_t i = 0; i < known.size() && i < most_named; ++i)
    all += (i == 0 ? "" : ", ") + printable(known[i]);
  if (known.size() > most_named) all += " and more";
  return {ErrorKind::usage, "there is no " + what + " '" + printable(name) + "'", "--set",
          (near ? "did you mean " + printable(*near) + "? " : "") + "there are: " + all};
}

/// Why `cut` found nothing in it.
Error no_setting(const std::string& text) {
  const std::string name = printable(text.substr(0, text.find('=')));
  Error error{ErrorKind::usage, "'" + printable(text) + "' says not what to set to what", "--set",
              "write it like --set queue.night.priority=5"};
  if (text.find('=') == std::string::npos) return error;
  if (text.starts_with("queue.")) {
    error.what = "'" + name + "' names no queue, or none of its settings";
    return error;
  }
  error.what =
      "there is no setting '" + name + "'; what can be set is queue.NAME.KEY or policy.KEY";
  error.hint += " or --set policy.promises=4";
  return error;
}

Result<const QueueKey*> key_called(const std::string& name) {
  std::vector<std::string_view> keys;
  for (const QueueKey& key : queue_keys) {
    if (key.name == name) return &key;
    keys.push_back(key.name);
  }
  return unknown("key", name, keys);
}

Error wrong_value(const QueueKey& key, const std::string& value) {
  return {
      ErrorKind::usage,
      std::string(key.name) + " of a queue is " + key.values + ", not '" + printable(value) + "'",
      "--set", ""};
}

Result<void> set_one(const std::string& text, std::vector<Queue>& queues) {
  const auto setting = cut(text);
  if (!setting) return no_setting(text);
  std::vector<std::string_view> names;
  for (const Queue& queue : queues) names.push_back(queue.name);
  const auto queue = std::find_if(queues.begin(), queues.end(),
                                  [&](const Queue& one) { return one.name == setting->queue; });
  if (queue == queues.end()) return unknown("queue", setting->queue, names);
  const auto key = key_called(setting->key);
  if (!key) return key.error();
  if (!(*key)->set(setting->value, *queue, queues)) return wrong_value(**key, setting->value);
  return {};
}

}  // namespace

Result<void> check_written(const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    const auto setting = cut(text);
    if (!setting) return no_setting(text);
    const auto key = key_called(setting->key);
    if (!key) return key.error();
    Queue any;
    const bool names_queue = (*key)->set == set_parent;
    if (!names_queue && !(*key)->set(setting->value, any, {}))
      return wrong_value(**key, setting->value);
  }
  return {};
}

Result<void> set_all(const std::vector<std::string>& texts, const History& history,
                     Settings& settings) {
  if (texts.empty()) return {};
  std::vector<Queue> queues = settings.queues;
  tell_queues_apart(history, queues);
  for (const std::string& text : texts)
    if (auto done = set_one(text, queues); !done) return done;
  if (const auto good = check_queues(queues); !good)
    return Error{ErrorKind::usage, good.error().what, "--set", good.error().hint};
  settings.queues = std::move(queues);
  return {};
}

void tell_queues_apart(const History& history, std::vector<Queue>& queues) {
  std::set<std::string> known;
  for (const Queue& queue : queues) known.insert(queue.name);
  for (const PastJob& job : history.jobs)
    if (!job.queue.empty() && known.insert(job.queue).second)
      queues.emplace_back().name = job.queue;
}

}  // namespace gangline
