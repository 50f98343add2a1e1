// Nodes as sinfo and scontrol tell them.
#include <algorithm>
#include <cctype>
#include <string>
#include <utility>

#include "base/node_list.h"
#include "base/text.h"
#include "replay/clusters/cluster_draft.h"
#include "replay/clusters/cluster_formats.h"
#include "replay/input/amounts.h"
#include "replay/input/lines.h"
#include "replay/input/recognise.h"
#include "replay/input/row.h"
#include "replay/slurm/topology.h"
#include "replay/slurm/tres.h"

namespace gangline {
namespace {

// "IDLE+DRAIN", "down*", "mixed", "idle~" (asleep, and woken when needed). A '*' marks a node that
// does not answer.
bool is_up(std::string_view state) {
  std::string lower(state);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const char* bad : {"down", "drain", "drng", "fail", "maint", "unk", "error", "*", "future",
                          "no_respond", "not_responding", "inval", "perfctrs"})
    if (lower.find(bad) != std::string::npos) return false;
  return true;
}

struct NodeFacts {
  std::string_view cpus, memory_mib, gres, state;
};

// Slurm tells memory in MiB.
Node node_of_facts(std::string_view name, const NodeFacts& facts, Why& why) {
  constexpr std::int64_t most_mib = std::int64_t{1} << 30;
  const auto cpus = parse_whole(facts.cpus);
  if (!cpus || *cpus < 1 || *cpus > most_of_a_kind)
    why.say("its CPUs are no number",
            "its CPUs are '" + printable(clipped(facts.cpus)) + "', which is no number");
  const auto mib =
      facts.memory_mib.empty() ? std::optional<std::int64_t>(0) : parse_whole(facts.memory_mib);
  if (!mib || *mib < 0 || *mib > most_mib)
    why.say("its memory is no number",
            "its memory is '" + printable(clipped(facts.memory_mib)) + "', which is no number");
  const auto gres = parse_gres(facts.gres);
  if (!gres)
    why.say("its devices make no sense",
            "its devices are '" + printable(clipped(facts.gres)) + "', which makes no sense");
  if (why.said()) return {};
  Node node = node_of(name, *cpus * 1000, mebibytes(*mib), why);
  for (const auto& [model, count] : gres->gpus_of_model) {
    add_gpus(node, count, {"", model, Bytes{0}}, why);
  }
  // On a node, GPUs without a model stand beside those with one.
  add_gpus(node, gres->gpus.value_or(0), {}, why);
  if (static_cast<std::int64_t>(node.devices.size()) > most_gpus_of_a_node)
    why.say("it has more GPUs than a node may have");
  node.up = facts.state.empty() || is_up(facts.state);
  return node;
}

struct SinfoColumns {
  explicit SinfoColumns(const Header& header)
      : names(header.find({"NODELIST", "HOSTNAMES"})),
        cpus(header.find({"CPUS", "CPUS(A/I/O/T)"})),
        memory(header.find("MEMORY")),
        gres(header.find("GRES")),
        state(header.find("STATE")) {}
  Column names, cpus, memory, gres, state;
};

void add_nodes_of(const Row& row, const SinfoColumns& columns, std::uint64_t line,
                  ClusterDraft& draft) {
  Why& why = row.why();
  const auto names = expand_node_list(row.text(columns.names));
  if (!names || names->empty()) {
    row.refuse(columns.names, "is no list of nodes");
    return draft.leave_out(line, why);
  }
  std::string_view cpus = row.text(columns.cpus);
  cpus = cpus.substr(cpus.rfind('/') + 1);  // "0/64/0/64": the last are all
  const NodeFacts facts{cpus, row.text(columns.memory), row.text(columns.gres),
                        row.text(columns.state)};
  for (const std::string& name : *names) {
    if (draft.full()) return;
    if (draft.has(name)) {
      draft.count("lines named a node again, as sinfo does for each of its partitions");
      continue;
    }
    Why of_node;
    Node node = node_of_facts(name, facts, of_node);
    draft.add(std::move(node), line, of_node);
    if (of_node.said()) return;  // the same is wrong with all of the line
  }
}

char separator_of(std::string_view first) {
  return first.find('|') != std::string_view::npos ? '|' : ' ';
}

// The words of scontrol are "Name=value"; a value such as a reason may hold blanks, but none of
// those that are looked at.
void add_scontrol_node(std::string_view text, std::uint64_t line, ClusterDraft& draft) {
  Why why;
  std::string_view cpus = value_of(text, "CPUTot");
  if (cpus.empty()) cpus = value_of(text, "CPUs");
  Node node = node_of_facts(
      value_of(text, "NodeName"),
      {cpus, value_of(text, "RealMemory"), value_of(text, "Gres"), value_of(text, "State")}, why);
  draft.add(std::move(node), line, why);
}

constexpr const char* wiring_note =
    "how the GPUs are wired and how much memory they have is not told";

}  // namespace

bool looks_like_sinfo(std::string_view head) {
  for (const char separator : {'|', ' '})
    for (const char* name : {"NODELIST", "HOSTNAMES"})
      if (names_columns(head, separator, {name}) &&
          first_line(head).find(name) != std::string_view::npos)
        return true;
  return false;
}

bool looks_like_scontrol_nodes(std::string_view head) {
  return first_line(head).starts_with("NodeName=") ||
         SlurmTopology::is_of_it(first_line(head, '#'));
}

Result<FoundCluster> read_sinfo(Input& input) {
  ClusterDraft draft;
  draft.note(wiring_note);
  Lines lines(input);
  Line line;
  if (!lines.next(line)) return std::move(draft).finish(input);
  FieldCutter cutter(separator_of(line.text));
  Why of_header;
  const Header header(cutter.cut(line.text, of_header));
  const SinfoColumns columns(header);
  if (!columns.names.there() || !columns.cpus.there())
    return Error{ErrorKind::refused, "it does not tell the CPUs of each node", input.name(),
                 "run sinfo -N -o '%N %c %m %G %T'"};
  if (!columns.gres.there()) draft.note("no column GRES, so no GPUs are known");
  while (!draft.full() && lines.next(line)) {
    Why why;
    if (!line.broken.empty()) why.say(line.broken);
    const auto& fields = cutter.cut(why.said() ? std::string_view() : line.text, why);
    if (!why.said() && fields.size() != header.size())
      why.say("the number of fields is not that of the first line");
    if (why.said()) draft.leave_out(line.number, why);
    else add_nodes_of(Row(fields, why), columns, line.number, draft);
  }
  return std::move(draft).finish(input);
}

Result<FoundCluster> read_scontrol_nodes(Input& input) {
  ClusterDraft draft;
  draft.note(wiring_note);
  Lines lines(input);
  Line line;
  std::string entry;
  std::uint64_t begun = 0;
  SlurmTopology topology;
  while (!draft.full() && lines.next(line)) {
    if (!line.broken.empty()) {
      Why why;
      why.say(line.broken);
      draft.leave_out(line.number, why);
      continue;
    }
    if (SlurmTopology::is_of_it(line.text)) {
      if (!topology.add(line.text)) draft.count("switches name neither nodes nor other switches");
      continue;
    }
    const bool begins = trim(line.text).starts_with("NodeName=");
    if (begins && begun > 0) add_scontrol_node(entry, begun, draft);
    if (begins) {
      entry.clear();
      begun = line.number;
    }
    if (entry.size() < Lines::longest_line) entry += std::string(line.text) + "\n";
  }
  if (begun > 0) add_scontrol_node(entry, begun, draft);
  topology.give_places(draft.nodes());
  return std::move(draft).finish(input);
}

}  // namespace gangline
