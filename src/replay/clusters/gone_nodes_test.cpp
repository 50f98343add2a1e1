#include "replay/clusters/gone_nodes.h"

#include <gtest/gtest.h>

namespace gangline {
namespace {

Cluster cluster_of(const std::vector<std::string>& names) {
  Cluster cluster;
  for (const std::string& name : names) {
    Node node;
    node.name = name;
    cluster.nodes.push_back(node);
  }
  return cluster;
}
PastJob ran_on(const std::vector<std::string>& nodes) {
  PastJob job;
  job.nodes = nodes;
  return job;
}

TEST(GoneNodes, jobs_that_ran_on_nodes_since_removed_are_told) {
  History history;
  history.jobs = {ran_on({"n1"}), ran_on({"n1", "n9"}), ran_on({"n9", "n8"}), ran_on({})};
  EXPECT_EQ(note_on_gone_nodes(history, cluster_of({"n1", "n2"})),
            "2 jobs ran on nodes that are there no more (n8, n9); what only those had room for can "
            "never run on the others");
  EXPECT_EQ(note_on_gone_nodes(history, cluster_of({"n1", "n8", "n9"})), "");
}

}  // namespace
}  // namespace gangline
