#include "devices/record/tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <set>
#include <vector>

#include "base/text.h"
#include "os/file.h"

namespace gangline {
namespace {

constexpr int most_hops = 40;  // as the kernel has it
constexpr std::size_t deepest_place = 2048;

Error impossible(const std::string& what) { return {ErrorKind::broken, what, "", ""}; }

std::string parent_of(const std::string& place) { return place.substr(0, place.rfind('/')); }

RecordedTree::Entry entry_of(const RecordedLook& look) {
  using Kind = RecordedTree::Kind;
  if (look.hangs) return {Kind::hangs, ""};
  if (look.error == "EACCES" || look.error == "EPERM") return {Kind::closed, ""};
  if (!look.error.empty())
    // A file that cannot be read is played by a directory, and the other way round.
    return {look.kind == SightKind::directory ? Kind::file : Kind::unreadable, ""};
  if (look.kind == SightKind::directory) return {Kind::directory, ""};
  return {Kind::file, look.content};
}

bool is_missing(const RecordedLook& look) {
  return look.error == "ENOENT" || look.error == "ENOTDIR";
}

}  // namespace

// Walks step by step and makes the directories on the way, so that no link can come to stand there
// later. The place of the path's last step is given without following it unless `last_too`.
Result<std::string> RecordedTree::resolve(std::string_view path, const std::string& from,
                                          bool last_too, int& hops, bool make) {
  std::string at = path.starts_with('/') ? "" : from;
  std::vector<std::string_view> steps;
  for (const std::string_view step : split(path, '/'))
    if (!step.empty() && step != ".") steps.push_back(step);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const bool last = i + 1 == steps.size();
    if (steps[i] == "..") {
      if (at.empty()) return impossible("it leads out of the root");
      at = parent_of(at);
      continue;
    }
    std::string next = at;
    next.append("/").append(steps[i]);
    if (next.size() > deepest_place) return impossible("a path is too long");
    if (last && !last_too) return next;
    const auto found = entries_.find(next);
    if (found == entries_.end()) {
      if (!make) return impossible("it is not there");
      if (auto made = put(next, {}); !made) return made.error();
    } else if (found->second.kind == Kind::link) {
      if (++hops > most_hops) return impossible("links lead in a circle");
      const std::string target = found->second.content;
      auto there = resolve(target, at, true, hops, make);
      if (!there) return there.error();
      next = std::move(*there);
    } else if (found->second.kind != Kind::directory) {
      if (!last) return impossible("a path goes through what is no directory");
      return next;
    }
    at = std::move(next);
  }
  return at;
}

Result<void> RecordedTree::put(const std::string& place, Entry entry) {
  if (place.empty()) return impossible("the root itself is no file");
  const auto found = entries_.find(place);
  if (found != entries_.end() && found->second.kind == Kind::link)
    return impossible("a link stands there");
  const bool inside = found != entries_.end() && found->second.kind == Kind::directory;
  if (inside && entry.kind != Kind::directory) {
    const auto next = std::next(found);
    if (next != entries_.end() && next->first.starts_with(place + "/"))
      return impossible("a directory stands there");
  }
  if (entries_.size() >= most_tree_entries) return impossible("there are too many files");
  entries_.insert_or_assign(place, std::move(entry));
  return {};
}

// All steps of the target are taken once. From then on they are there, so the kernel takes the
// same.
Result<void> RecordedTree::add_link(const std::string& place, const std::string& target) {
  if (place.empty() || target.empty()) return impossible("a link leads nowhere");
  const auto found = entries_.find(place);
  if (found != entries_.end()) {
    if (found->second.kind == Kind::link && found->second.content == target) return {};
    return impossible("something else stands where a link should");
  }
  if (is_open_device(place, target)) {
    if (entries_.size() >= most_tree_entries) return impossible("there are too many files");
    entries_[place] = {Kind::link, target};
    return {};
  }
  if (target.starts_with('/')) return impossible("a link leads out of the root");
  int hops = 0;
  if (auto there = resolve(target, parent_of(place), false, hops, true); !there)
    return there.error();
  if (entries_.contains(place)) return impossible("a link leads through itself");
  if (entries_.size() >= most_tree_entries) return impossible("there are too many files");
  entries_[place] = {Kind::link, target};
  return {};
}

void RecordedTree::take_away(const std::string& place) {
  const auto found = entries_.find(place);
  if (found == entries_.end() || found->second.kind == Kind::link) return;
  if (found->second.kind != Kind::directory) entries_.erase(found);
}

Result<void> RecordedTree::add(const RecordedLook& look) {
  if (look.same) return {};
  int hops = 0;
  auto place = resolve(look.path, "", false, hops, !is_missing(look));
  if (is_missing(look)) {
    // Nothing is made for it, not even the directory that it would be in.
    if (place) take_away(*place);
    return {};
  }
  if (!place) return place.error();
  if (look.kind == SightKind::link) {
    if (!look.error.empty() || look.withheld || look.hangs) return {};
    return add_link(*place, look.content);
  }
  // What is looked at may itself be a link to elsewhere.
  if (const auto found = entries_.find(*place);
      found != entries_.end() && found->second.kind == Kind::link) {
    if (is_open_device(found->first, found->second.content)) return {};
    place = resolve(look.path, "", true, hops, true);
    if (!place) return place.error();
  }
  if (look.kind == SightKind::directory && look.error.empty() && !look.hangs)
    listed_[*place] = look.content;
  const bool there = entries_.contains(*place);
  if (look.kind == SightKind::access && look.error.empty() && there) return {};
  return put(*place, entry_of(look));
}

// A directory has what it had when it was looked at last: what has gone by then goes, and what
// nobody looked into is there.
void RecordedTree::keep_what_was_listed() {
  for (const auto& [place, names] : listed_) {
    const auto directory = entries_.find(place);
    if (directory == entries_.end() || directory->second.kind != Kind::directory) continue;
    const std::string front = place + "/";
    std::set<std::string_view> listed;
    for (const std::string_view name : split(names, '\n'))
      if (!name.empty() && name.size() <= longest_recorded_name && name != "." && name != ".." &&
          name.find('/') == std::string_view::npos && name.find('\0') == std::string_view::npos)
        listed.insert(name);
    for (auto entry = entries_.lower_bound(front);
         entry != entries_.end() && entry->first.starts_with(front);) {
      const std::string_view inside = std::string_view(entry->first).substr(front.size());
      entry = listed.contains(inside.substr(0, inside.find('/'))) ? std::next(entry)
                                                                  : entries_.erase(entry);
    }
    for (const std::string_view name : listed)
      if (entries_.size() < most_tree_entries && front.size() + name.size() < deepest_place)
        entries_.try_emplace(front + std::string(name));
  }
}

Result<RecordedTree> RecordedTree::of(const Recording& recording, const std::string& where) {
  RecordedTree tree;
  for (const RecordedLook& look : recording.looks) {
    if (auto added = tree.add(look); !added) {
      Error error = added.error();
      error.where = where + ":" + std::to_string(look.line);
      return error;
    }
  }
  tree.keep_what_was_listed();
  return tree;
}

namespace {

Result<void> make(const std::string& path, const RecordedTree::Entry& entry) {
  using Kind = RecordedTree::Kind;
  switch (entry.kind) {
    case Kind::directory:
    case Kind::unreadable:
      if (::mkdir(path.c_str(), 0755) != 0) return system_error("make directory", path, errno);
      return {};
    case Kind::link:
      if (::symlink(entry.content.c_str(), path.c_str()) != 0)
        return system_error("make link", path, errno);
      return {};
    case Kind::hangs:
      if (::mkfifo(path.c_str(), 0644) != 0) return system_error("make", path, errno);
      return {};
    case Kind::file:
    case Kind::closed: break;
  }
  const unsigned mode = entry.kind == Kind::closed ? 0 : 0644;
  auto fd = open_file(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
  return fd ? write_all(fd->number(), entry.content, path) : fd.error();
}

}  // namespace

Result<void> RecordedTree::write(const std::string& directory) const {
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
    return system_error("make directory", directory, errno);
  // Only a directory that is empty has no links in it that others left there. It fails where
  // something is in it.
  if (::rmdir(directory.c_str()) != 0 || ::mkdir(directory.c_str(), 0700) != 0) {
    Error error = system_error("use", directory, errno);
    error.hint = "name a directory that is new or empty";
    return error;
  }
  for (const auto& [place, entry] : entries_)
    if (auto made = make(directory + place, entry); !made) return made;
  return {};
}

}  // namespace gangline
