#include "replay/simulate/speeds.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "base/text.h"
#include "replay/input/amounts.h"
#include "replay/input/lines.h"
#include "replay/input/row.h"

namespace gangline {
namespace {

constexpr double least_speed = 0.001;

/// When the stage ends that has so much left, as it is noticed.
double noticed(double left, double step) {
  return step > 0 ? std::nearbyint(left / step) * step : left;
}

double left_of(const Stages& stages, const Position& at) {
  return stages[at.stages] * (1 - at.part);
}

double total(const Stages& stages) { return std::accumulate(stages.begin(), stages.end(), 0.0); }

std::size_t devices_on(const NodePart& part) {
  std::size_t devices = 0;
  for (const TaskPlace& task : part.tasks) devices += task.devices.size();
  return devices > 0 ? devices : part.tasks.size();
}

/// The model of the first device that is held; empty: none is.
std::string model_of(const Allocation& where, const Cluster& cluster) {
  for (const NodePart& part : where.parts)
    for (const TaskPlace& task : part.tasks)
      if (!task.devices.empty() && part.node.n < cluster.nodes.size())
        return cluster.nodes[part.node.n].devices.at(task.devices.front().device).model;
  return {};
}

std::optional<Stages> read_stages(std::string_view text) {
  Stages stages;
  for (const std::string_view part : split(text, ' ')) {
    if (part.empty()) continue;
    const auto seconds = parse_decimal(part);
    if (!seconds || *seconds < 0 || !span_of_seconds(*seconds)) return std::nullopt;
    if (stages.size() == Speeds::most_stages) return std::nullopt;
    stages.push_back(*seconds);
  }
  if (stages.empty()) return std::nullopt;
  return stages;
}

}  // namespace

double seconds_left(const Stages& stages, Position from, double step) {
  double left = 0;
  for (; from.stages < stages.size(); ++from.stages, from.part = 0) {
    const bool last = from.stages + 1 == stages.size();
    left += last ? left_of(stages, from) : noticed(left_of(stages, from), step);
  }
  return left;
}

Position after(const Stages& stages, Position from, double ran, double step) {
  while (from.stages < stages.size()) {
    const double left = left_of(stages, from);
    if (left > ran) {
      from.part += ran / stages[from.stages];
      break;
    }
    // What is noticed a little late has not gone on in the meantime.
    ran = std::max(0.0, ran - noticed(left, step));
    from = {from.stages + 1, 0};
  }
  return from;
}

std::string shape_of(const Allocation& where) {
  std::vector<std::size_t> counts;
  for (const NodePart& part : where.parts) counts.push_back(devices_on(part));
  std::sort(counts.begin(), counts.end(), std::greater<>());
  std::string shape;
  for (const std::size_t n : counts) shape += (shape.empty() ? "" : "-") + std::to_string(n);
  return shape;
}

std::optional<Stages> Speeds::stages(const PastJob& job, const Allocation& where,
                                     const Cluster& cluster) const {
  const std::string shape = shape_of(where), model = model_of(where, cluster);
  for (const unsigned named : {7u, 6u, 5u, 4u, 3u, 2u, 1u, 0u}) {
    if (named == 3)
      if (const Stages* slowest = with_stages(job.name).second) return *slowest;
    const auto row = rows_.find({(named & 4u) != 0 ? job.name : "", (named & 2u) != 0 ? shape : "",
                                 (named & 1u) != 0 ? model : ""});
    if (row == rows_.end()) continue;
    if (!row->second.stages.empty()) return row->second.stages;
    return Stages{to_seconds(job.run) / row->second.speed};
  }
  return std::nullopt;
}

std::pair<const Stages*, const Stages*> Speeds::with_stages(const std::string& name) const {
  std::pair<const Stages*, const Stages*> found{nullptr, nullptr};
  auto row = rows_.lower_bound({name, "", ""});
  for (; row != rows_.end() && row->first.name == name; ++row) {
    const Stages& one = row->second.stages;
    if (one.empty()) continue;
    if (found.first == nullptr || total(one) < total(*found.first)) found.first = &one;
    if (found.second == nullptr || total(one) > total(*found.second)) found.second = &one;
  }
  return found;
}

std::optional<Span> Speeds::shortest(const std::string& name) const {
  const Stages* fastest = with_stages(name).first;
  if (fastest == nullptr) return std::nullopt;
  return span_of_seconds(total(*fastest));
}

Result<Speeds> read_speeds(const std::string& path) {
  auto input = Input::open(path);
  if (!input) return input.error();
  Lines lines(*input);
  Line line;
  FieldCutter cutter(',');
  Why why;
  const auto wrong = [&](const std::string& what) {
    return Error{ErrorKind::usage, what, path + ":" + std::to_string(line.number),
                 "columns are name, shape, model, and speed or stages; docs/guide/simulate.md"};
  };
  if (!lines.next(line)) return wrong("the file is empty");
  const Header header(cutter.cut(line.text, why));
  const Column name = header.find("name"), shape = header.find("shape"),
               model = header.find("model"), speed = header.find("speed"),
               stages = header.find("stages");
  if (!speed.there() && !stages.there()) return wrong("there is no column speed and none stages");
  Speeds speeds;
  std::map<std::string, std::size_t> counts;  // of stages, by name
  while (lines.next(line)) {
    if (!line.broken.empty()) return wrong("the line " + line.broken);
    const auto& fields = cutter.cut(line.text, why);
    if (why.said()) return wrong(why.detail());
    if (fields.size() != header.size()) return wrong("the line has another number of fields");
    const Row row(fields, why);
    const auto text = [&](const Column& column) {
      return row.text(column) == "*" ? std::string() : row.kept(column);
    };
    const Speeds::Key key{text(name), text(shape), text(model)};
    if (row.has(stages)) {
      auto read = read_stages(row.text(stages));
      if (!read) return wrong("the stages are not seconds with blanks between them");
      if (counts.try_emplace(key.name, read->size()).first->second != read->size())
        return wrong("the stages are not as many as those of the same name above");
      speeds.add(key, std::move(*read));
    } else {
      const auto times = parse_decimal(row.text(speed));
      if (!times || *times < least_speed || *times > 1 / least_speed)
        return wrong("the speed is no number between 0.001 and 1000");
      if (counts.try_emplace(key.name, 1).first->second != 1)
        return wrong("this name has stages above");
      speeds.add(key, *times);
    }
  }
  if (input->error()) return *input->error();
  return speeds;
}

std::size_t fill_in_runs(const Speeds& speeds, History& history) {
  std::size_t filled = 0;
  for (PastJob& job : history.jobs) {
    if (job.run.us > 0) continue;
    const auto run = speeds.shortest(job.name);
    if (!run) continue;
    job.run = *run;
    ++filled;
  }
  return filled;
}

}  // namespace gangline
