// Asks a child process about devices, without ever waiting for it: vendor libraries were seen to
// hang, some for good. The child is our own program, see run_probe.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "devices/known_devices.h"
#include "devices/probe_child.h"
#include "devices/probe_wire.h"
#include "os/loop.h"

namespace gangline {

struct ProbeSettings {
  std::vector<std::string>
      command;  ///< program (a path) and words: {"/usr/bin/gang", "internal-probe"}
  Span facts_deadline = seconds(5);
  Span sample_deadline = seconds(2);
  int most_misses = 3;  ///< deadlines missed in a row before the child is ended and started again
  Span least_pause = seconds(1);    ///< before a new child; doubles each time,
  Span longest_pause = minutes(1);  ///< up to this, until one answers in full
  Node known;  ///< what was known before: devices keep their places in it, see keep_places
};

struct ProbeCalls {
  /// The node; its devices at their places. Without devices found, and with a note that says why,
  /// where they do not answer and have not answered before.
  std::function<void(const Node&)> facts;
  std::function<void(const NodeSample&)> sample;  ///< for the node given last
  /// What is wrong with the devices' readings now, told when it changes; empty: all is well again.
  std::function<void(const std::string&)> trouble;
};

class Probe {
 public:
  /// Starts the child and asks for facts. The calls come from the loop, never from within a method;
  /// the probe must not be destroyed inside one. The kernel ends the child with the thread that
  /// runs the loop, not only with the process.
  Probe(Loop& loop, ProbeSettings settings, ProbeCalls calls);
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;
  ~Probe();

  /// Asks once more; asking again before the answer came changes nothing. Facts are also asked for
  /// by itself where a sample shows that they have changed.
  void ask_facts();
  void ask_sample();

 private:
  void start_child();
  void ask_next();
  void wait_for_answer();
  void on_deadline();
  void on_readable();
  void on_reply(ProbeReply reply);
  void give_facts(Node found);
  void give_first_facts(const std::string& note);
  void lose_child(const std::string& why);
  void tell(const std::string& trouble);

  Loop& loop_;
  ProbeSettings settings_;
  ProbeCalls calls_;

  ProbeChild child_;
  MessageCutter cutter_;
  std::optional<ProbeRequest> asked_;  ///< one at a time
  bool wants_facts_ = true;
  bool wants_sample_ = false;
  bool child_has_facts_ = false;  ///< this child has given facts, so its samples can be placed
  int misses_ = 0;
  Span pause_;

  std::optional<Node> cpu_facts_;  ///< as the child told before it asked a vendor library
  KeptNode kept_;
  bool facts_given_ = false;
  std::string trouble_;

  Loop::WatchPtr readable_, deadline_, restart_;
};

struct FirstFacts {
  Node node;
  bool whole = false;  ///< with its devices; false: they did not answer, and a note says so
};
/// Facts once, waiting for at most `deadline`. Where devices do not answer in time, the node comes
/// without them; where no child can be started, it is read from this process as far as that can be
/// done without a vendor library.
FirstFacts probe_node(const std::vector<std::string>& command, Span deadline = seconds(5));

}  // namespace gangline
