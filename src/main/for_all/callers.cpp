#include "main/for_all/callers.h"

#include <grp.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "main/places.h"
#include "os/file.h"

namespace gangline {
namespace {

// Names change seldom, and to ask for one may take long.
constexpr Span login_is_good_for = minutes(5);
constexpr std::size_t most_logins = 10'000;
constexpr std::size_t width_of_limit_name = 26;  // in /proc/PID/limits

// proc(5)
constexpr std::pair<std::string_view, int> limit_names[] = {
    {"Max cpu time", RLIMIT_CPU},
    {"Max file size", RLIMIT_FSIZE},
    {"Max data size", RLIMIT_DATA},
    {"Max stack size", RLIMIT_STACK},
    {"Max core file size", RLIMIT_CORE},
    {"Max resident set", RLIMIT_RSS},
    {"Max processes", RLIMIT_NPROC},
    {"Max open files", RLIMIT_NOFILE},
    {"Max locked memory", RLIMIT_MEMLOCK},
    {"Max address space", RLIMIT_AS},
    {"Max file locks", RLIMIT_LOCKS},
    {"Max pending signals", RLIMIT_SIGPENDING},
    {"Max msgqueue size", RLIMIT_MSGQUEUE},
    {"Max nice priority", RLIMIT_NICE},
    {"Max realtime priority", RLIMIT_RTPRIO},
    {"Max realtime timeout", RLIMIT_RTTIME},
};

Result<std::optional<std::uint32_t>> group_called(const std::string& name) {
  if (name.empty()) return std::optional<std::uint32_t>();
  const group* found = ::getgrnam(name.c_str());
  if (found == nullptr)
    return Error{ErrorKind::refused, "there is no group '" + name + "'", "for_all",
                 "`groupadd " + name + "` makes one, or name another in the config file"};
  return std::optional<std::uint32_t>(found->gr_gid);
}

bool is_in(const HttpPeer& peer, std::uint32_t group) {
  return peer.gid == group ||
         std::find(peer.groups.begin(), peer.groups.end(), group) != peer.groups.end();
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (const std::string_view word : split(text, ' '))
    if (!trim(word).empty()) words.push_back(trim(word));
  return words;
}

std::optional<std::int64_t> limit_in(std::string_view word) {
  if (word == "unlimited") return -1;
  const auto number = parse_number(word);
  if (!number || *number > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

bool read_limits(std::string_view text, Person& person) {
  for (const std::string_view line : split(text, '\n')) {
    if (line.size() <= width_of_limit_name) continue;
    const std::string_view name = trim(line.substr(0, width_of_limit_name));
    const auto known = std::find_if(std::begin(limit_names), std::end(limit_names),
                                    [&](const auto& each) { return each.first == name; });
    if (known == std::end(limit_names)) continue;
    const auto words = words_of(line.substr(width_of_limit_name));
    if (words.size() < 2) return false;
    const auto soft = limit_in(words[0]);
    const auto hard = limit_in(words[1]);
    if (!soft || !hard) return false;
    person.limits.push_back({static_cast<std::uint32_t>(known->second), *soft, *hard});
  }
  return person.limits.size() == std::size(limit_names);
}

bool read_status(std::string_view text, std::uint32_t uid, Person& person) {
  bool same_user = false;
  for (const std::string_view line : split(text, '\n')) {
    if (line.starts_with("Umask:")) {
      unsigned mask = 0;
      for (const char digit : trim(line.substr(6))) mask = mask * 8 + unsigned(digit - '0');
      person.umask = mask & 0777;
    }
    if (!line.starts_with("Uid:")) continue;
    const auto ids = split(trim(line.substr(4)), '\t');
    same_user = ids.size() >= 2 && parse_number(ids[1]) == uid;  // the effective one connects
  }
  return same_user;
}

}  // namespace

Result<Callers> Callers::make(const ForAllSettings& settings) {
  Callers callers;
  auto people = group_called(settings.people);
  if (!people) return people.error();
  callers.people_ = *people;
  auto operators = group_called(settings.operators);
  if (!operators) return operators.error();
  callers.operators_ = *operators;
  return callers;
}

std::string Callers::login_of(std::uint32_t uid, Time now) {
  const auto known = logins_.find(uid);
  if (known != logins_.end() && now - known->second.asked < login_is_good_for)
    return known->second.login;
  if (logins_.size() >= most_logins) logins_.clear();
  return (logins_[uid] = {login_name(uid), now}).login;
}

Caller Callers::caller_of(const HttpPeer& peer, Time now) {
  Caller caller;
  caller.login = login_of(peer.uid, now);
  caller.is_operator = peer.uid == 0 || (operators_ && is_in(peer, *operators_));
  caller.may_use = caller.is_operator || !people_ || is_in(peer, *people_);
  caller.person = std::make_shared<Person>(Person{peer.uid, peer.gid, peer.groups, 022, {}});
  return caller;
}

Result<Person> person_of(const HttpPeer& peer) {
  Person person{peer.uid, peer.gid, peer.groups, 022, {}};
  const std::string process = "/proc/" + std::to_string(peer.pid);
  const auto limits = read_file(process + "/limits");
  const auto status = read_file(process + "/status");
  if (!limits || !status || !read_limits(*limits, person) ||
      !read_status(*status, peer.uid, person))
    return Error{ErrorKind::denied, "the limits of the process that submits cannot be read",
                 process, "it must not end before it is answered, and /proc must show it"};
  return person;
}

}  // namespace gangline
