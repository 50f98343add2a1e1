#include "launch/fence/delegated_group.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/text.h"
#include "launch/fence/group_mounts.h"
#include "launch/fence/leaf_group.h"
#include "os/file.h"

namespace gangline {
namespace {

constexpr const char* mark_of_systemd = "user.delegate";
constexpr int most_moves = 3;

bool may_make_groups_in(const std::string& directory) {
  for (const char* file : {"", "/cgroup.procs", "/cgroup.subtree_control"})
    if (::access((directory + file).c_str(), W_OK) != 0) return false;
  return true;
}

/// Where systemd runs, it alone changes what is below a unit, unless the unit is marked.
bool is_handed_over(const std::string& root, const std::string& directory) {
  struct stat there {};
  if (::stat((root + "/run/systemd/system").c_str(), &there) != 0) return true;
  char mark = '0';
  return ::getxattr(directory.c_str(), mark_of_systemd, &mark, 1) == 1 && mark == '1';
}

Result<void> enter(const std::string& group, std::string_view pid) {
  const std::string path = group + "/cgroup.procs";
  auto file = open_file(path, O_WRONLY);
  return file ? write_all(file->number(), pid, path) : file.error();
}

/// Processes of a group by whether they run this program.
struct Inhabitants {
  std::vector<std::string> ours, others;
};

Inhabitants inhabitants_of(const std::string& directory) {
  Inhabitants found;
  std::error_code unknown;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", unknown);
  const auto text = read_file(directory + "/cgroup.procs");
  if (!text) return found;
  for (const std::string_view pid : split(trim(*text), '\n')) {
    if (pid.empty()) continue;
    const auto theirs =
        std::filesystem::read_symlink("/proc/" + std::string(pid) + "/exe", unknown);
    if (unknown && !std::filesystem::exists("/proc/" + std::string(pid), unknown)) continue;
    (!theirs.empty() && theirs == program ? found.ours : found.others).emplace_back(pid);
  }
  return found;
}

}  // namespace

Result<void> enter_delegated_group(const std::string& root, const DelegationTerms& terms) {
  const auto own = own_group_of_version_2(root);
  if (!own)
    return Error{ErrorKind::not_found, "this system has no control groups of version 2", "", ""};
  const auto refuse = [&](const std::string& why) {
    return Error{ErrorKind::denied, "the control group that this runs in " + why, own->directory,
                 ""};
  };
  if (!may_make_groups_in(own->directory)) return refuse("is not this user's");
  if (own->in_leaf) return {};
  if (!terms.from_systemd && !is_handed_over(root, own->directory))
    return refuse("is not handed over by systemd (Delegate)");
  const Inhabitants inhabitants = inhabitants_of(own->directory);
  if (!terms.others_may_be_in_it && !inhabitants.others.empty())
    return refuse("has other programs in it");

  const std::string leaf = own->directory + "/" + leaf_group;
  if (::mkdir(leaf.c_str(), 0755) != 0 && errno != EEXIST)
    return system_error("make a control group", leaf, errno);
  if (auto entered = enter(leaf, std::to_string(::getpid())); !entered) {
    ::rmdir(leaf.c_str());
    return entered;
  }
  // The service that has started us, as a rule, and then what it made before it was moved. One that
  // has ended meanwhile needs no place.
  for (int round = 0; round < most_moves; ++round)
    for (const std::string& pid : inhabitants_of(own->directory).ours) (void)enter(leaf, pid).ok();
  return {};
}

bool in_delegated_group(const std::string& root) {
  if (::geteuid() == 0) return false;
  const auto own = own_group_of_version_2(root);
  return own && own->in_leaf && may_make_groups_in(own->directory);
}

}  // namespace gangline
