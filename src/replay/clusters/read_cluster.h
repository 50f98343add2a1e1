// The machines of a cluster, from a file of ours or from what Slurm, Kubernetes or a trace tell.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "replay/history.h"

namespace gangline {

class Input;

/// One kind of file. A new one is a row in cluster_formats.cpp and a file.
struct ClusterFormat {
  std::string_view name;
  std::string_view help;  ///< one line
  bool (*looks_like)(std::string_view head);
  Result<FoundCluster> (*read)(Input& input);
};
std::span<const ClusterFormat> cluster_formats();

/// `format` empty: what the content says. Entries of other systems that make no sense are counted
/// with their reason; a mistake in a file of our own is an Error with its place. Further errors:
/// the file cannot be read, is of no known format, has no node that can be used.
Result<FoundCluster> read_cluster(const std::string& path, const std::string& format = "");
/// The same over bytes in memory; `name` stands in errors.
Result<FoundCluster> read_cluster_text(std::string_view bytes, const std::string& name,
                                       const std::string& format = "");

/// As a file of our own (toml_cluster.cpp says what one holds). Reading it back gives the same
/// cluster, less what no schedule asks for: names of single devices, caches, drivers, notes.
std::string write_cluster(const FoundCluster& found);

}  // namespace gangline
