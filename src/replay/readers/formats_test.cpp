#include "replay/readers/small_log.h"

namespace gangline {
namespace {

TEST(Readers, PhillyTellsTimesSizesAndVirtualClusters) {
  const History history = history_of(
      "timestamp,duration,num_gpus,gpu_time,cluster\n"
      "2017-10-09 07:01:55,66.0,1,66.0,11cb48\n"
      "2017-10-09 06:13:03,2951.0,16,47216.0,6214e9\n");
  ASSERT_EQ(history.jobs.size(), 2u);
  const PastJob& first = history.jobs[0];  // by submission
  EXPECT_EQ(first.id, "1");
  EXPECT_EQ(first.submitted, Time{seconds(1'507'529'583).us});
  EXPECT_EQ(first.run, seconds(2951));
  EXPECT_EQ(first.queue, "6214e9");
  EXPECT_EQ(first.request->tasks, 16u);
  EXPECT_EQ(task_of(first).devices->count, 1u);
  EXPECT_FALSE(first.started);
}

TEST(Readers, OneQueueOfManyIsReadAlone) {
  HowToRead how;
  how.queue = "b";
  const std::string text =
      "timestamp,duration,num_gpus,gpu_time,cluster\n"
      "2017-10-09 07:01:55,66,1,66,a\n2017-10-09 07:01:56,67,1,67,b\n"
      "2017-10-09 07:01:57,x,1,67,b\n";
  const History history = history_of(text, how);
  ASSERT_EQ(history.jobs.size(), 1u);
  EXPECT_EQ(history.jobs[0].run, seconds(67));
  EXPECT_EQ(history.left_out.count, 1u);
  how.queue = "c";
  EXPECT_NE(refusal_of(text, how).find("no job is of the queue 'c'"), std::string::npos);
}

TEST(Readers, HeliosTellsNodesCpusAndRecordedTimes) {
  const History history = history_of(
      "job_id,user,vc,gpu_num,cpu_num,node_num,state,submit_time,start_time,end_time,duration,"
      "queue\n"
      "17,ua,vcA,16,32,2,COMPLETED,2020-06-09 18:41:01,2020-06-09 18:41:11,2020-06-09 "
      "18:42:11,60,10\n"
      "18,ub,vcB,0,8,1,FAILED,2020-06-09 18:41:02,2020-06-09 18:41:02,2020-06-09 18:41:03,1,0\n"
      "19,ub,vcB,1,8,1,FAILED,2020-06-09 18:41:02,2020-06-09 18:41:05,2020-06-09 18:41:03,1,0\n");
  ASSERT_EQ(history.jobs.size(), 2u);
  const PastJob& big = history.jobs[0];
  EXPECT_EQ(big.request->tasks, 2u);
  EXPECT_EQ(task_of(big).devices->count, 8u);
  EXPECT_EQ(task_of(big).cpus, whole_cpus(16));
  EXPECT_EQ(*big.started - big.submitted, seconds(10));
  EXPECT_EQ(big.run, seconds(60));
  EXPECT_FALSE(task_of(history.jobs[1]).devices);
  EXPECT_EQ(history.left_out.by_reason.at("it ended before it began"), 1u);
}

TEST(Readers, AcmeTellsTimesWithAZoneAndMemoryOfEachPod) {
  const History history = history_of(
      "job_id,user,node_num,gpu_num,cpu_num,mem_per_pod_GB,shared_mem_per_pod,type,state,"
      "submit_time,start_time,end_time,fail_time,stop_time,duration,queue,gpu_time\n"
      "dlc1,u1,8,64,960,1000,100.0,Pretrain,FAILED,2023-05-17 19:00:58+08:00,"
      "2023-05-17 19:01:08+08:00,2023-05-17 19:01:16+08:00,,,18,10.0,1152.0\n");
  ASSERT_EQ(history.jobs.size(), 1u);
  const PastJob& job = history.jobs[0];
  EXPECT_EQ(job.submitted, Time{seconds(1'684'321'258).us});
  EXPECT_EQ(job.run, seconds(8));  // what the times say, not what `duration` does
  EXPECT_EQ(job.request->tasks, 8u);
  EXPECT_EQ(gpus_of(job), 64u);
  EXPECT_EQ(task_of(job).memory, gibibytes(1000));
  EXPECT_EQ(job.name, "Pretrain");
}

TEST(Readers, OpenbTellsSharesModelsAndPodsThatNeverBegan) {
  const History history = history_of(
      "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,"
      "deletion_time,scheduled_time\n"
      "p0,12500,16384,1,460,V100M16|V100M32,LS,Running,5,100,10\n"
      "p1,6000,0,2,1000,,BE,Pending,7,27,\n"
      "p2,6000,0,0,0,,BE,Running,8,20,8\n"
      "p3,6000,0,1,1200,,BE,Running,8,20,8\n");
  ASSERT_EQ(history.jobs.size(), 3u);
  const PastJob& share = history.jobs[0];
  EXPECT_EQ(task_of(share).devices->share, Share{460});
  EXPECT_EQ(task_of(share).devices->model, "V100M16|V100M32");
  EXPECT_EQ(task_of(share).cpus, CpuAmount{12500});
  EXPECT_EQ(task_of(share).memory, mebibytes(16384));
  EXPECT_EQ(share.run, seconds(90));
  const PastJob& pending = history.jobs[1];
  EXPECT_EQ(pending.request->tasks, 1u);
  EXPECT_EQ(task_of(pending).devices->count, 2u);
  EXPECT_FALSE(pending.started);
  EXPECT_EQ(pending.run, seconds(20));
  EXPECT_FALSE(task_of(history.jobs[2]).devices);
  EXPECT_EQ(history.left_out.by_reason.at("'gpu_milli' is too large"), 1u);
}

TEST(Readers, TiresiasBatsimAndPolluxTellWhatTheyHave) {
  const History tiresias = history_of(
      "job_id,num_gpu,submit_time,iterations,model_name,duration,interval\n1,8,30,133,vgg11,147,"
      "23\n");
  EXPECT_EQ(gpus_of(tiresias.jobs.at(0)), 8u);
  EXPECT_EQ(tiresias.jobs[0].name, "vgg11");
  EXPECT_EQ(tiresias.jobs[0].submitted, Time{seconds(30).us});

  const std::string batsim =
      "job_id,submission_time,requested_number_of_resources,requested_time,execution_time\n"
      "1,4.709164,2,399.000000,265.800000\n";
  const History cpus = history_of(batsim);
  EXPECT_EQ(cpus.jobs.at(0).request->tasks, 2u);
  EXPECT_EQ(cpus.jobs[0].submitted, Time{4'709'164});
  EXPECT_EQ(cpus.jobs[0].limit, seconds(399));
  HowToRead as_gpus;
  as_gpus.processors = Processors::gpus;
  EXPECT_EQ(gpus_of(history_of(batsim, as_gpus).jobs.at(0)), 2u);

  const History pollux =
      history_of("name,time,application,num_replicas,batch_size\na-1,9,cifar10,16,4096\n");
  EXPECT_EQ(pollux.jobs.at(0).name, "cifar10 (batch size 4096)");
  EXPECT_EQ(gpus_of(pollux.jobs[0]), 16u);
}

TEST(Readers, GavelTellsSteps) {
  const History history =
      history_of("LM (batch size 10)\tcd %s && python main.py\t--steps\t1\t2388099\t11.0\t4\n");
  ASSERT_EQ(history.jobs.size(), 1u);
  EXPECT_EQ(history.jobs[0].work, 2388099);
  EXPECT_EQ(history.jobs[0].name, "LM (batch size 10)");
  EXPECT_EQ(gpus_of(history.jobs[0]), 4u);
}

TEST(Readers, PlainCsvHasTheWordsOfGangline) {
  const History history = history_of(
      "id,name,user,queue,submitted,gpus,tasks,cpus,memory,gpu_model,limit,run,priority\n"
      "7,\"train, \"\"big\"\"\",ann,night,2026-01-02T03:04:05Z,2,4,8,16G,H100,2h,90m,-5\n"
      "8,,,,2026-01-02T03:04:06Z,0.25,,,,,,30,\n");
  ASSERT_EQ(history.jobs.size(), 2u);
  const PastJob& job = history.jobs[0];
  EXPECT_EQ(job.name, "train, \"big\"");
  EXPECT_EQ(job.request->tasks, 4u);
  EXPECT_EQ(task_of(job).devices->count, 2u);
  EXPECT_EQ(task_of(job).devices->model, "H100");
  EXPECT_EQ(task_of(job).cpus, whole_cpus(8));
  EXPECT_EQ(task_of(job).memory, gibibytes(16));
  EXPECT_EQ(job.limit, hours(2));
  EXPECT_EQ(job.run, minutes(90));
  EXPECT_EQ(job.priority, -5);
  EXPECT_EQ(task_of(history.jobs[1]).devices->share, Share{250});
}

TEST(Readers, PlainCsvMayTellAStartAndAnEndInsteadOfARunTime) {
  const History history = history_of("submitted,started,ended,cpus\n0,5,25,2\n0,5,,2\n0,9,5,2\n");
  ASSERT_EQ(history.jobs.size(), 1u);
  EXPECT_EQ(history.jobs[0].run, seconds(20));
  EXPECT_EQ(history.left_out.count, 2u);
}

constexpr const char* swf_jobs =
    "; Version: 2.2\n; UnixStartTime: 1000\n; Queue: 1 batch\n;\n"
    "  1   0  10  83  4  -1 -1  8  1200 512 1  7 1 3  1 -1 -1 -1\n"
    "  2   5  -1  83 -1  -1 -1  2    -1  -1 0 -1 1 3  9  2  1  1\n";

TEST(Readers, SwfTellsWhatItKnows) {
  const History history = history_of(swf_jobs);
  ASSERT_EQ(history.jobs.size(), 2u);
  const PastJob& job = history.jobs[0];
  EXPECT_EQ(job.submitted, Time{seconds(1000).us});
  EXPECT_EQ(job.started, Time{seconds(1010).us});
  EXPECT_EQ(job.ended, Time{seconds(1093).us});
  EXPECT_EQ(job.limit, seconds(1200));
  EXPECT_EQ(job.request->tasks, 4u);
  EXPECT_EQ(task_of(job).memory, kibibytes(512));
  EXPECT_EQ(job.user, "7");
  EXPECT_EQ(job.queue, "batch");
  const PastJob& other = history.jobs[1];
  EXPECT_FALSE(other.started || other.limit);
  EXPECT_EQ(other.request->tasks, 2u);  // those asked for
  EXPECT_EQ(other.queue, "9");
}

TEST(Readers, SwfProcessorsAreGpusWhereOneSaysSo) {
  HowToRead how;
  how.processors = Processors::gpus;
  EXPECT_EQ(gpus_of(history_of(swf_jobs, how).jobs.at(0)), 4u);
}

TEST(Readers, AMachineOfManyProcessorsIsCutIntoFewerTasks) {
  const History history = history_of("1 0 0 83 163840 -1 -1 -1 -1 -1 1 7 1 3 1 -1 -1 -1\n");
  ASSERT_EQ(history.jobs.size(), 1u);
  const ResourceRequest& request = *history.jobs[0].request;
  EXPECT_EQ(request.tasks * request.alternatives[0].cpus.whole(), 163'840u);
  EXPECT_LE(request.tasks, 65'536u);
}

TEST(Readers, SwfLeavesOutWhatHasNoRunTimeOrNoSizeOrIsAPartOfAnother) {
  const History history = history_of(
      "1 0 0 83 4 -1 -1 -1 -1 -1 1 7 1 3 1 -1 -1 -1\n"
      "2 0 0 -1 4 -1 -1 -1 -1 -1 5 7 1 3 1 -1 -1 -1\n"
      "3 0 0 83 0 -1 -1 -1 -1 -1 1 7 1 3 1 -1 -1 -1\n"
      "4 0 0 83 4 -1 -1 -1 -1 -1 2 7 1 3 1 -1 -1 -1\n"
      "5 0 0 83 4 -1 -1 -1 -1 -1 1 7 1 3 1 -1 -1\n"
      "6 0 0 1e400 4 -1 -1 -1 -1 -1 1 7 1 3 1 -1 -1 -1\n"
      "7 -5 0 83 4 -1 -1 -1 -1 -1 1 7 1 3 1 -1 -1 -1\n");
  EXPECT_EQ(history.jobs.size(), 1u);
  EXPECT_EQ(history.left_out.count, 6u);
  EXPECT_EQ(history.left_out.by_reason.size(), 6u);
  EXPECT_EQ(history.left_out.examples.at(3).line, 5u);
  EXPECT_EQ(history.left_out.examples.at(3).why, "it has 17 fields, not 18");
}

TEST(Readers, EqualRequestsAreOne) {
  const History history = history_of("submitted,run,gpus\n0,1,2\n1,1,2\n2,1,4\n");
  EXPECT_EQ(history.jobs.at(0).request, history.jobs.at(1).request);
  EXPECT_NE(history.jobs.at(0).request, history.jobs.at(2).request);
}

}  // namespace
}  // namespace gangline
