#include <algorithm>

#include "base/text.h"
#include "cli/reserve/local_times.h"
#include "tui/draw_parts.h"

namespace gangline {
namespace {

struct Who {
  std::string text;
  Style style = Style::faint;
};

Who who_of(const Canvas& canvas, const NodeView& view, std::uint32_t index) {
  static const DeviceUse nobody;
  const Device& device = view.node.devices[index];
  const DeviceUse& use = index < view.use.size() ? view.use[index] : nobody;
  Who who;
  const auto add = [&](const std::string& part) {
    who.text += (who.text.empty() ? "" : ", ") + part;
  };
  for (const auto& [gang, share] : use.gangs) {
    add((share == whole_device ? "" : format(share) + " ") + gang_text(gang, canvas.seen));
    who.style = Style::plain;
  }
  if (!use.foreign.empty()) {
    add((use.leased ? "" : "outside: ") + use.foreign);
    who.style = Style::notice;
  }
  if (view.sample && index < view.sample->devices.size()) {
    const std::string& state = view.sample->devices[index].state;
    if (!state.empty() && state != "operating") {
      add(state);
      who.style = Style::bad;
    }
  }
  if (!device.present) {
    add("not found now");
    who.style = Style::bad;
  }
  for (const std::string& one : use.set_aside) add(in_local_time(one));
  if (!device.allottable) add("cut into slices");
  if (who.text.empty()) who.text = takes_gangs(view.node) ? "free" : "–";
  return who;
}

std::string device_name(const Canvas& canvas, const DeviceRow& row) {
  const NodeView& view = canvas.seen.nodes[row.node];
  const Device& device = view.node.devices[*row.device];
  if (canvas.state.device_order != DeviceOrder::place && canvas.seen.nodes.size() > 1)
    return view.node.name + ":" + std::to_string(*row.device);
  return " " + std::string(name_of(device.kind)) + " " + std::to_string(*row.device);
}

std::string memory_text(const Device& device, const std::optional<Bytes>& used) {
  const std::string total = device.memory.n > 0 ? format(device.memory) : "–";
  return used ? format(*used) + "/" + total : "–/" + total;
}

// Without the vendor's name in front, which leaves no room for the rest.
std::string short_model(const Device& device) {
  if (device.model.empty()) return "–";
  const std::size_t length = device.vendor.size();
  const bool named = length > 0 && device.model.size() > length + 1 &&
                     device.model[length] == ' ' &&
                     contains_text(device.model.substr(0, length), device.vendor);
  return named ? device.model.substr(length + 1) : device.model;
}

void draw_device(const Canvas& canvas, int at, const DeviceRow& row, const FittedColumns& fitted) {
  static const DeviceSample unknown;
  const NodeView& view = canvas.seen.nodes[row.node];
  const Device& device = view.node.devices[*row.device];
  const bool read = view.sample && *row.device < view.sample->devices.size();
  const DeviceSample& sample = read ? view.sample->devices[*row.device] : unknown;
  const Who who = who_of(canvas, view, *row.device);
  const auto history = canvas.seen.history.find(device_of(canvas.seen, row));
  std::optional<double> watts;
  if (sample.power) watts = sample.power->w;
  for (const auto& one : fitted.shown) {
    const auto put = [&](const std::string& text, Style style = Style::plain) {
      canvas.grid.put_fitted(at, one.at, one.width, text, style, device_columns()[one.index].right);
    };
    switch (one.index) {
      case 0: put(device_name(canvas, row)); break;
      case 1: put(short_model(device), Style::faint); break;
      case 2: put(number_text(sample.busy_percent, "%")); break;
      case history_column:
        if (history != canvas.seen.history.end())
          put(history_line(history->second.busy_percent, 100, one.width, canvas.grid.utf8()),
              Style::good);
        break;
      case 4: put(memory_text(device, sample.memory_used)); break;
      case 5: put(number_text(watts, "W")); break;
      case 6: put(number_text(sample.temperature_celsius, "C")); break;
      default: put(who.text, who.style);
    }
  }
}

std::string node_line(const NodeView& view) {
  const CpuAmount taken = view.placed               ? view.placed->cpus_held
                          : view.cpus_taken.empty() ? view.counted_taken
                                                    : whole_cpus(view.cpus_taken.count());
  const std::string count = describe(taken);
  const Bytes memory_taken = view.placed ? view.placed->memory_held : view.memory_taken;
  std::string line = view.node.name + "  " + describe(cpus_of(view.node)) + ", " +
                     count.substr(0, count.find(' ')) + " taken; " + format(view.node.memory) +
                     " of memory";
  if (memory_taken.n > 0) line += ", " + format(memory_taken) + " taken";
  if (!view.node.up) line += "; down";
  if (view.placed && !view.placed->state.empty()) line += "; " + view.placed->state;
  for (const std::string& one : view.set_aside) line += "; " + in_local_time(one);
  return line;
}

}  // namespace

void draw_devices(const Canvas& canvas) {
  Grid& grid = canvas.grid;
  const auto rows = device_rows(canvas.state, canvas.seen);
  const auto fitted = fit_columns(device_columns(), grid.size().columns);
  draw_heads(grid, rows_above_list - 1, device_columns(), fitted);
  if (!canvas.seen.nodes_at) return draw_nothing(canvas, "asking…");
  if (rows.empty())
    return draw_nothing(canvas, canvas.state.filter.empty()
                                    ? "there are no devices and no nodes"
                                    : "nothing here has '" + canvas.state.filter + "' in it");
  const int height = list_height(Page::devices, grid.size());
  ListPlace place = place_of(rows, canvas.state, canvas.seen);
  keep_in_view(place, static_cast<int>(rows.size()), height);
  for (int i = 0; i < height && place.first + i < static_cast<int>(rows.size()); ++i) {
    const DeviceRow& row = rows[static_cast<std::size_t>(place.first + i)];
    const NodeView& view = canvas.seen.nodes[row.node];
    const int at = rows_above_list + i;
    if (row.device) draw_device(canvas, at, row, fitted);
    else
      grid.put_fitted(at, 0, grid.size().columns, node_line(view),
                      view.node.up ? Style::strong : Style::bad);
    if (place.first + i == place.chosen) grid.choose(at);
  }
}

}  // namespace gangline
