#include "replay/clusters/read_cluster.h"

#include <vector>

#include "base/text.h"
#include "replay/input/input.h"
#include "replay/input/recognise.h"
#include "replay/readers/read_history.h"

namespace gangline {
namespace {

std::vector<std::string_view> format_names() {
  std::vector<std::string_view> names;
  for (const ClusterFormat& format : cluster_formats()) names.push_back(format.name);
  return names;
}

Error is_history(const Input& input, const HistoryFormat& format) {
  return {ErrorKind::usage,
          "this is a history of jobs (" + std::string(format.name) + "), not a list of machines",
          input.name(),
          "give it as HISTORY: gang simulate " + shell_quote(input.name()) + " --cluster FILE"};
}

Result<const ClusterFormat*> chosen_format(const Input& input, const std::string& name) {
  for (const ClusterFormat& format : cluster_formats()) {
    if (!name.empty() && name == format.name) return &format;
    if (name.empty() && format.looks_like(input.window())) return &format;
  }
  if (name.empty()) {
    for (const HistoryFormat& format : history_formats())
      if (format.looks_like(input.window())) return is_history(input, format);
    return unknown_format(input, "a list of machines", format_names());
  }
  return no_such_format(name, format_names());
}

Error no_node(const Input& input, const ClusterFormat& format, const LeftOut& left_out) {
  std::string what = "it holds no node";
  if (left_out.count > 0)
    what = "none of its " + std::to_string(left_out.count) +
           " nodes can be used; the first: " + left_out.examples.front().why;
  return {ErrorKind::refused, std::move(what), input.name(),
          "check that this is " + std::string(format.help)};
}

Result<FoundCluster> read(Input& input, const std::string& name) {
  const auto format = chosen_format(input, name);
  if (!format) return format.error();
  auto found = (*format)->read(input);
  if (found && found->cluster.nodes.empty()) return no_node(input, **format, found->left_out);
  return found;
}

}  // namespace

Result<FoundCluster> read_cluster(const std::string& path, const std::string& format) {
  auto input = Input::open(path);
  if (!input) return input.error();
  return read(*input, format);
}

Result<FoundCluster> read_cluster_text(std::string_view bytes, const std::string& name,
                                       const std::string& format) {
  auto input = Input::of(bytes, name);
  if (!input) return input.error();
  return read(*input, format);
}

}  // namespace gangline
