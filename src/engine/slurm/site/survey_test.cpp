#include "engine/slurm/site/survey.h"

#include <gtest/gtest.h>

#include "engine/slurm/site/disk_kind.h"

namespace gangline {
namespace {

// A cluster that answers what a test gives it; programs without an answer are not there.
class PretendCluster {
 public:
  PretendCluster() {
    says["scontrol show config"] =
        "ClusterName             = lab\nSLURM_VERSION           = 23.02.7\nAccountingStorageType   "
        "= "
        "accounting_storage/slurmdbd\nSelectType = select/cons_tres\nMaxArraySize = 1001\n";
    says["scontrol show partition -o"] =
        "PartitionName=long Default=NO MaxTime=7-00:00:00 Nodes=n[1-2] State=UP\n"
        "PartitionName=gpu Default=NO MaxTime=1-00:00:00 Nodes=n[1-2] State=UP\n";
    says["scontrol show node -d -o"] =
        "NodeName=n1 CPUTot=16 RealMemory=1000 Gres=gpu:a100:4 State=IDLE\n"
        "NodeName=n2 CPUTot=16 RealMemory=1000 Gres=gpu:a100:4 State=IDLE\n";
    says["sacctmgr -n -P show assoc user=anna format=Account,DefaultQOS,QOS"] =
        "physics||normal,high\nbio|normal|normal\n";
    says["sacctmgr -n -P show user anna format=DefaultAccount"] = "physics\n";
    for (const char* program : {"sbatch", "srun", "squeue", "scancel", "sacct"})
      says[std::string(program) + " --version"] = "slurm 23.02.7\n";
    says["srun --mpi=list"] = "MPI plugin types are...\n\tnone\n\tpmix\n";
    says
        ["sbatch --test-only --ntasks=1 --time=1 --output=/dev/null --partition=long "
         "--wrap=true"] = "";
  }
  Result<SlurmSurvey> survey(const std::string& disk = "nfs4") {
    return survey_slurm({"anna", "/home/anna/state", disk, false},
                        [&](const std::vector<std::string>& words) { return answer(words); });
  }
  std::string lacks() {
    const auto found = survey();
    if (!found) return found.error().sentence();
    std::string all;
    for (const SiteLack& lack : found->lacks) all += lack.what + " | " + lack.ask + "\n";
    return all;
  }

  std::map<std::string, std::string> says;
  std::map<std::string, std::string> complains;

 private:
  Result<ProgramAnswer> answer(const std::vector<std::string>& words) {
    std::string line;
    for (const std::string& word : words) line += (line.empty() ? "" : " ") + word;
    if (const auto found = complains.find(line); found != complains.end())
      return ProgramAnswer{1, "", found->second};
    if (const auto found = says.find(line); found != says.end())
      return ProgramAnswer{0, found->second, ""};
    return Error{ErrorKind::not_found, "there is no such program", words.front(), ""};
  }
};

TEST(Survey, SaysWhatAClusterHas) {
  PretendCluster cluster;
  const auto found = cluster.survey();
  ASSERT_TRUE(found) << found.error().sentence();
  EXPECT_EQ(found->version, "23.02.7");
  EXPECT_EQ(found->cluster, "lab");
  ASSERT_EQ(found->partitions.size(), 2u);
  EXPECT_EQ(found->partitions[1].nodes, 2u);
  EXPECT_EQ(found->partitions[1].gpus.at(0).count, 8u);
  EXPECT_EQ(found->partitions[1].max_time, hours(24));
  EXPECT_EQ(found->partition, "long");  // none is the default; the first of the best
  EXPECT_EQ(found->account, "physics");
  EXPECT_EQ(found->accounts, (std::vector<std::string>{"physics", "bio"}));
  EXPECT_EQ(found->qos, "normal");
  EXPECT_EQ(found->qoses, (std::vector<std::string>{"normal", "high"}));
  EXPECT_EQ(found->mpi, (std::vector<std::string>{"none", "pmix"}));
  EXPECT_EQ(found->shared, SharedDisk::yes);
  EXPECT_EQ(cluster.lacks(), "");
}

TEST(Survey, SaysInASentenceWhatASiteLacksAndWhatToAskFor) {
  PretendCluster cluster;
  cluster.says["scontrol show config"] =
      "SLURM_VERSION = 22.05.8\nMaxArraySize = 0\nSelectType = "
      "select/cons_res\nAccountingStorageType = "
      "accounting_storage/none\n";
  cluster.says["scontrol show node -d -o"] = "NodeName=n1 CPUTot=16 State=IDLE\n";
  cluster.says.erase("scancel --version");
  cluster.complains
      ["sbatch --test-only --ntasks=1 --time=1 --output=/dev/null --partition=long "
       "--wrap=true"] =
      "allocation failure: Invalid account or account/partition combination specified";
  const std::string said = cluster.lacks();
  for (const char* part :
       {"missing in PATH: scancel.", "keeps no accounts", "ask the administrator for slurmdbd",
        "No node has GPUs", "gives GPUs to nodes", "no arrays", "would not take a job of yours",
        "sacctmgr add user anna"})
    EXPECT_NE(said.find(part), std::string::npos) << part << "\n" << said;
}

TEST(Survey, OfAnOldSlurmOrOfNoneIsAnError) {
  PretendCluster cluster;
  cluster.says["scontrol show config"] = "SLURM_VERSION = 20.11.9\n";
  EXPECT_NE(cluster.lacks().find("20.11.9, which is too old"), std::string::npos);
  cluster.says.clear();
  EXPECT_NE(cluster.lacks().find("there is no program scontrol in PATH"), std::string::npos);
  cluster.complains["scontrol show config"] = "Unable to contact slurm controller";
  EXPECT_NE(cluster.lacks().find("Slurm does not answer"), std::string::npos);
  cluster.complains["munge -n"] = "munge: Error: Failed to access the socket";
  EXPECT_NE(cluster.lacks().find("ask the administrator to start munged"), std::string::npos);
}

TEST(Survey, VersionsAreComparedAsNumbers) {
  for (const char* good : {"21.08.0", "21.08", "22.05.8-2", "100.02.1"})
    EXPECT_TRUE(is_new_enough(good)) << good;
  for (const char* bad : {"21.07.9", "9.11.0", "", "x", "22", "20.11.9"})
    EXPECT_FALSE(is_new_enough(bad)) << bad;
}

TEST(Survey, MpiTypesAreReadAsOlderAndNewerSlurmsPrintThem) {
  EXPECT_EQ(read_mpi_types("srun: MPI types are...\nsrun: pmix\nsrun: none\n"),
            (std::vector<std::string>{"pmix", "none"}));
  EXPECT_EQ(read_mpi_types("MPI plugin types are...\n\tpmix\nspecific pmix plugin versions "
                           "available: pmix_v4\n"),
            (std::vector<std::string>{"pmix"}));
  EXPECT_TRUE(read_mpi_types("srun: error: nonsense\nwords\n").empty());
}

TEST(Survey, TheDiskIsThatOfTheDeepestMount) {
  const char* mounts =
      "22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n"
      "40 22 0:50 / /home rw,relatime shared:1 - nfs4 server:/home rw\n"
      "41 40 0:51 / /home/with\\040blank rw - lustre a@tcp:/b rw\n"
      "nonsense\n";
  EXPECT_EQ(disk_kind_of(mounts, "/home/anna"), "nfs4");
  EXPECT_EQ(disk_kind_of(mounts, "/homes/anna"), "ext4");
  EXPECT_EQ(disk_kind_of(mounts, "/home/with blank/x"), "lustre");
  EXPECT_EQ(disk_kind_of("", "/home"), "");
  EXPECT_EQ(is_shared_disk("nfs4"), SharedDisk::yes);
  EXPECT_EQ(is_shared_disk("ext4"), SharedDisk::no);
  EXPECT_EQ(is_shared_disk("fuse.sshfs"), SharedDisk::unknown);
  EXPECT_EQ(is_shared_disk(""), SharedDisk::unknown);
}

}  // namespace
}  // namespace gangline
