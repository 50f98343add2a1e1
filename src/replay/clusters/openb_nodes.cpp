// Nodes of Alibaba's cluster-trace-gpu-v2023: sn,cpu_milli,memory_mib,gpu,model.
#include <utility>

#include "replay/clusters/cluster_draft.h"
#include "replay/clusters/cluster_formats.h"
#include "replay/input/lines.h"
#include "replay/input/recognise.h"
#include "replay/input/row.h"

namespace gangline {
namespace {

struct Columns {
  explicit Columns(const Header& header)
      : name(header.find("sn")),
        cpus(header.find("cpu_milli")),
        memory(header.find("memory_mib")),
        gpus(header.find("gpu")),
        model(header.find("model")) {}
  Column name, cpus, memory, gpus, model;
};

Node node_of_row(const Row& row, const Columns& columns) {
  constexpr std::int64_t most_mib = std::int64_t{1} << 30;
  const std::int64_t cpus = row.whole(columns.cpus, 0, most_of_a_kind);
  const Bytes memory = mebibytes(row.whole(columns.memory, 0, most_mib));
  const std::int64_t gpus = row.whole(columns.gpus, 0, most_of_a_kind);
  Node node = node_of(row.text(columns.name), cpus, memory, row.why());
  add_gpus(node, gpus, {"", row.kept(columns.model), Bytes{0}}, row.why());
  return node;
}

}  // namespace

bool looks_like_openb_nodes(std::string_view head) {
  return names_columns(head, ',', {"sn", "cpu_milli", "memory_mib", "gpu", "model"});
}

Result<FoundCluster> read_openb_nodes(Input& input) {
  ClusterDraft draft;
  draft.note("how the GPUs are wired and how much memory they have is not told");
  Lines lines(input);
  Line line;
  FieldCutter cutter(',');
  Why of_header;
  if (!lines.next(line)) return std::move(draft).finish(input);
  const Header header(cutter.cut(line.text, of_header));
  const Columns columns(header);
  while (!draft.full() && lines.next(line)) {
    Why why;
    if (!line.broken.empty()) why.say(line.broken);
    const auto& fields = cutter.cut(why.said() ? std::string_view() : line.text, why);
    if (!why.said() && fields.size() != header.size())
      why.say("the number of fields is not that of the first line");
    Node node;
    if (!why.said()) node = node_of_row(Row(fields, why), columns);
    draft.add(std::move(node), line.number, why);
  }
  return std::move(draft).finish(input);
}

}  // namespace gangline
