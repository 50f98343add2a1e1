#include "metrics/dashboard.h"

#include "json/json.h"

namespace gangline {
namespace {

constexpr unsigned width = 24;  // of Grafana's grid
constexpr unsigned panel_height = 8, row_height = 1;
constexpr unsigned in_a_row = 3;

std::string text(std::string_view value) { return json_text(std::string(value)); }

std::string place(unsigned x, unsigned y, unsigned w, unsigned h) {
  return "{\"h\":" + std::to_string(h) + ",\"w\":" + std::to_string(w) +
         ",\"x\":" + std::to_string(x) + ",\"y\":" + std::to_string(y) + "}";
}

constexpr const char* source = R"({"type":"prometheus","uid":"${source}"})";

std::string panel_text(const DashboardPanel& panel, unsigned id, const std::string& where) {
  std::string out = "{\"id\":" + std::to_string(id) +
                    ",\"type\":\"timeseries\",\"title\":" + text(panel.title) +
                    ",\"datasource\":" + source + ",\"gridPos\":" + where +
                    ",\n     \"fieldConfig\":{\"defaults\":{\"unit\":" + text(panel.unit) +
                    ",\"min\":0},\"overrides\":[]},\"options\":{\"legend\":{\"displayMode\":"
                    "\"list\",\"placement\":\"bottom\"},\"tooltip\":{\"mode\":\"multi\"}},\n"
                    "     \"targets\":[";
  char name = 'A';
  for (const DashboardLine& line : panel.lines) {
    out += std::string(name == 'A' ? "" : ",") + "\n      {\"refId\":\"" + name +
           "\",\"datasource\":" + source + ",\"expr\":" + text(line.query) +
           ",\"legendFormat\":" + text(line.legend) + "}";
    ++name;
  }
  return out + "]}";
}

// A list of what it can be chosen from, filled by Grafana.
std::string choice(std::string_view name, std::string_view title, std::string_view query) {
  return "{\"name\":" + text(name) + ",\"label\":" + text(title) +
         ",\"type\":\"query\",\"datasource\":" + source + ",\"query\":" + text(query) +
         ",\"refresh\":2,\"multi\":true,\"includeAll\":true,\"allValue\":\".*\","
         "\"current\":{\"text\":\"All\",\"value\":\"$__all\"}}";
}

}  // namespace

const std::vector<DashboardRow>& dashboard_rows() {
  static const std::vector<DashboardRow> rows = {
      {"Jobs and gangs",
       {{"Gangs that wait",
         "short",
         {{R"(sum by (queue) (gangline_gangs{state="waiting",queue=~"$queue"}))", "{{queue}}"}}},
        {"Gangs that run",
         "short",
         {{R"(sum by (queue) (gangline_gangs{state="running",queue=~"$queue"}))", "{{queue}}"}}},
        {"Jobs", "short", {{R"(sum by (state) (gangline_jobs{queue=~"$queue"}))", "{{state}}"}}},
        {"Gangs that ended, by cause",
         "short",
         {{R"(sum by (cause) (increase(gangline_gangs_ended_total{queue=~"$queue"}[$__rate_interval])))",
           "{{cause}}"}}},
        {"Wait of gangs for their start",
         "s",
         {{R"(histogram_quantile(0.5, sum by (le) (rate(gangline_gang_wait_seconds_bucket{queue=~"$queue"}[$__rate_interval]))))",
           "half waited less"},
          {R"(histogram_quantile(0.9, sum by (le) (rate(gangline_gang_wait_seconds_bucket{queue=~"$queue"}[$__rate_interval]))))",
           "9 of 10 waited less"}}},
        {"Run time of gangs",
         "s",
         {{R"(histogram_quantile(0.5, sum by (le) (rate(gangline_gang_run_seconds_bucket{queue=~"$queue"}[$__rate_interval]))))",
           "half ran less"},
          {R"(histogram_quantile(0.9, sum by (le) (rate(gangline_gang_run_seconds_bucket{queue=~"$queue"}[$__rate_interval]))))",
           "9 of 10 ran less"}}}}},
      {"Devices",
       {{"Devices allotted",
         "percentunit",
         {{R"(sum by (node) (gangline_device_allotted_ratio{node=~"$node"}) / count by (node) (gangline_device_allotted_ratio{node=~"$node"}))",
           "{{node}}"}}},
        {"Busy",
         "percentunit",
         {{R"(gangline_device_busy_ratio{node=~"$node"})", "{{node}} {{device}}"}}},
        {"Allotted, and nothing ran on it",
         "short",
         {{R"(sum by (node) ((gangline_device_allotted_ratio{node=~"$node"} > 0) * (gangline_device_busy_ratio{node=~"$node"} < bool 0.01)))",
           "{{node}}"}}},
        {"Used by somebody outside Gangline",
         "short",
         {{R"(sum by (node) (gangline_device_foreign{node=~"$node"}))", "{{node}}"}}},
        {"Memory in use",
         "percentunit",
         {{R"(gangline_device_memory_used_bytes{node=~"$node"} / gangline_device_memory_bytes{node=~"$node"})",
           "{{node}} {{device}}"}}},
        {"Power",
         "watt",
         {{R"(gangline_device_power_watts{node=~"$node"})", "{{node}} {{device}}"}}},
        {"Temperature",
         "celsius",
         {{R"(gangline_device_temperature_celsius{node=~"$node"})", "{{node}} {{device}}"}}},
        {"Energy in an hour",
         "joule",
         {{R"(sum by (node) (increase(gangline_device_energy_joules_total{node=~"$node"}[1h])))",
           "{{node}}"}}},
        {"Nodes that are down",
         "short",
         {{R"(count(gangline_node_up == 0) or vector(0))", "nodes"}}}}},
      {"By job and owner",
       {{"Devices held",
         "short",
         {{R"(sum by (owner) (gangline_running_gang{device!="",queue=~"$queue"}))", "{{owner}}"}}},
        {"Power of each job",
         "watt",
         {{R"(sum by (owner, job, name) (gangline_device_power_watts * on (node, device) group_right () (gangline_running_gang{device!="",queue=~"$queue"} / on (node, device) group_left () gangline_device_gangs)))",
           "{{owner}} {{job}} {{name}}"}}},
        {"Lines that were left out", "short", {{"gangline_running_gang_left_out", "lines"}}}}},
      {"The service",
       {{"Time of a plan",
         "s",
         {{"histogram_quantile(0.5, sum by (le) "
           "(rate(gangline_plan_seconds_bucket[$__rate_interval])))",
           "half took less"},
          {"histogram_quantile(0.99, sum by (le) "
           "(rate(gangline_plan_seconds_bucket[$__rate_interval])))",
           "99 of 100 took less"}}},
        {"Time until a commit is on the disk",
         "s",
         {{"histogram_quantile(0.5, sum by (le) "
           "(rate(gangline_store_commit_seconds_bucket[$__rate_interval])))",
           "half took less"},
          {"histogram_quantile(0.99, sum by (le) "
           "(rate(gangline_store_commit_seconds_bucket[$__rate_interval])))",
           "99 of 100 took less"}}},
        {"Events in a second",
         "short",
         {{"rate(gangline_events_total[$__rate_interval])", "events"}}}}},
  };
  return rows;
}

std::string grafana_dashboard() {
  std::string panels;
  unsigned id = 0, y = 0;
  for (const DashboardRow& row : dashboard_rows()) {
    panels += std::string(panels.empty() ? "" : ",") + "\n    {\"id\":" + std::to_string(++id) +
              ",\"type\":\"row\",\"collapsed\":false,\"panels\":[],\"title\":" + text(row.title) +
              ",\"gridPos\":" + place(0, y, width, row_height) + "}";
    y += row_height;
    for (unsigned i = 0; i < row.panels.size(); ++i) {
      const unsigned x = i % in_a_row * (width / in_a_row);
      const unsigned below = y + i / in_a_row * panel_height;
      panels += ",\n    " +
                panel_text(row.panels[i], ++id, place(x, below, width / in_a_row, panel_height));
    }
    y += (static_cast<unsigned>(row.panels.size()) + in_a_row - 1) / in_a_row * panel_height;
  }
  return "{\"uid\":\"gangline\",\"title\":\"Gangline\",\"tags\":[\"gangline\"],"
         "\"schemaVersion\":37,\"version\":1,\"editable\":true,\"refresh\":\"30s\","
         "\"time\":{\"from\":\"now-6h\",\"to\":\"now\"},\n"
         "  \"templating\":{\"list\":[\n"
         "    {\"name\":\"source\",\"label\":\"Prometheus\",\"type\":\"datasource\","
         "\"query\":\"prometheus\",\"current\":{}},\n    " +
         choice("queue", "Queue", "label_values(gangline_jobs_submitted_total, queue)") +
         ",\n    " + choice("node", "Node", "label_values(gangline_node_up, node)") +
         "]},\n  \"panels\":[" + panels + "]}\n";
}

}  // namespace gangline
