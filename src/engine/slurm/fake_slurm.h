// Programs that answer as Slurm's do, from files that a test writes. For the tests of engine/slurm
// alone.
#pragma once

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>

#include "os/clock.h"
#include "os/loop.h"

namespace gangline {

/// They stand first in PATH while it is there.
class FakeSlurm {
 public:
  FakeSlurm() {
    char name[] = "/tmp/gangline-slurm-XXXXXX";
    dir_ = ::mkdtemp(name);
    std::filesystem::create_directories(dir_ + "/bin");
    // Programs are looked for by the PATH of whoever starts them.
    path_before_ = ::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): one thread
    ::setenv("PATH", path().c_str(), 1);
    // Each notes its call first.
    program("squeue",
            R"(for word; do case $word in --format=*) mark=${word#*=}; mark=${mark%%|*};; esac; done
echo "$mark|JOBID|"; [ -e jobs ] && sed "s/^/$mark|/" jobs; true)");
    program("sbatch", R"([ -e number ] || echo 7 > number; read n < number; echo $((n + 1)) > number
for word; do case $word in --comment=*) echo "$n ${word#*=}" >> sent;; esac; done; echo $n)");
    program("srun", "echo 'srun: error: no room' >&2; exit 1");
    program(
        "sacct",
        R"([ -e sacct_fails ] && { echo 'sacct: error: slurmdbd: Connection refused' >&2; exit 1; }; true)");
    program("scancel", "true");
    program("scontrol", R"(cat "$2".txt)");
    write("config.txt",
          "SLURM_VERSION = 22.05.8\nMaxArraySize = 1001\nAccountingStorageType = "
          "accounting_storage/slurmdbd\n");
    write("partition.txt",
          "PartitionName=main Default=YES State=UP MaxTime=UNLIMITED Nodes=n[1-2]\n");
    write("node.txt", node_line("n1", "IDLE") + node_line("n2", "IDLE"));
  }
  ~FakeSlurm() {
    ::setenv("PATH", path_before_.c_str(), 1);
    std::filesystem::remove_all(dir_);
  }
  FakeSlurm(const FakeSlurm&) = delete;
  FakeSlurm& operator=(const FakeSlurm&) = delete;

  const std::string& dir() const { return dir_; }
  std::string path() const { return dir_ + "/bin:/usr/bin:/bin"; }

  static std::string node_line(const std::string& name, const std::string& state) {
    return "NodeName=" + name + " CPUTot=8 RealMemory=1000 State=" + state + "\n";
  }
  /// A line of squeue for a job that is no array.
  static std::string job_line(const std::string& number, const std::string& state,
                              const std::string& nodes, const std::string& tag,
                              const std::string& end = "N/A") {
    return number + "|" + number + "|N/A|" + state + "|None|" + nodes + "|N/A|" + end + "|" + tag +
           "\n";
  }

  /// Whole at once, since a program may be reading it.
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(dir_ + "/draft") << text;
    std::filesystem::rename(dir_ + "/draft", dir_ + "/" + name);
  }
  void set_jobs(const std::string& lines) const { write("jobs", lines); }
  std::string read(const std::string& name) const {
    std::ifstream file(dir_ + "/" + name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  /// How often a call began with these words.
  int calls(const std::string& words) const {
    std::ifstream file(dir_ + "/calls");
    int count = 0;
    for (std::string line; std::getline(file, line);) count += line.starts_with(words);
    return count;
  }

 private:
  void program(const std::string& name, const std::string& body) const {
    const std::string path = dir_ + "/bin/" + name;
    std::ofstream(path) << "#!/bin/sh\ncd " << dir_ << "\necho \"" << name << " $*\" >> calls\n"
                        << body << "\n";
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  }

  std::string dir_, path_before_;
};

/// False: not within `longest`.
inline bool run_loop_until(Loop& loop, const std::function<bool()>& done,
                           Span longest = seconds(30)) {
  const Span begun = since_boot();
  bool was_done = false;
  const auto tick = loop.every(milliseconds(5), [&] {
    was_done = done();
    if (was_done || since_boot() - begun > longest) loop.stop();
  });
  loop.run();
  return was_done;
}

}  // namespace gangline
