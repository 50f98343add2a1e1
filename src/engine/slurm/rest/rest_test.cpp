// What slurmrestd answers, and what is made of it. tests/slurm/check_rest.py asks a real one.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>

#include "engine/slurm/rest/rest_slurm.h"
#include "engine/slurm/rest/submission.h"
#include "engine/slurm/rest/ways.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/http_server.h"
#include "os/unix_socket.h"

namespace gangline {
namespace {

std::string recorded(const std::string& name) {
  std::ifstream file(std::string(SOURCE_DIR) + "/tests/recorded/slurm/" + name);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

const RestPerson anna{"anna", 2001};

// Reading.

TEST(rest_queue, has_the_jobs_of_one_person_as_squeue_would_say_them) {
  const auto jobs = read_rest_queue(recorded("rest_jobs.json"), anna);
  ASSERT_TRUE(jobs.ok()) << jobs.error().sentence();
  ASSERT_EQ(jobs->size(), 5u);  // that of bert is none of ours
  const SlurmJobSeen& first = (*jobs)[0];
  EXPECT_EQ(first.id, "196_0");
  EXPECT_EQ(first.job, 196u);
  EXPECT_EQ(first.own, 197u);
  EXPECT_EQ(first.elements, (std::vector<ElementRange>{{0, 1}}));
  EXPECT_EQ(first.state, SlurmState::running);
  EXPECT_EQ(first.reason, "");
  EXPECT_EQ(first.tag, "gangline-0011223344556677");
  EXPECT_EQ(first.end, Time{1'795'787'957'000'000});
  EXPECT_EQ((*jobs)[2].state, SlurmState::cancelled);
  EXPECT_EQ((*jobs)[4].id, "60");  // no array
  EXPECT_TRUE((*jobs)[4].elements.empty());
  EXPECT_EQ((*jobs)[4].state, SlurmState::failed);
}

TEST(rest_queue, a_list_of_elements_that_was_cut_stands_for_all_behind_it_that_have_no_line) {
  const auto jobs = read_rest_queue(recorded("rest_jobs.json"), anna);
  ASSERT_TRUE(jobs.ok());
  const SlurmJobSeen& waiting = (*jobs)[3];
  EXPECT_EQ(waiting.state, SlurmState::pending);
  EXPECT_EQ(waiting.reason, "Resources");
  EXPECT_TRUE(waiting.elements_cut);
  EXPECT_EQ(waiting.id, "196");
  const auto holds = [&](std::uint32_t element) {
    for (const ElementRange& range : waiting.elements)
      if (range.begin <= element && element < range.end) return true;
    return false;
  };
  EXPECT_TRUE(holds(14) && holds(52) && holds(98));
  EXPECT_FALSE(holds(0) || holds(2) || holds(4) || holds(15));
  // One behind the cut that has a line of its own.
  const auto other = read_rest_queue(
      R"({"errors":[],"jobs":[
        {"job_id":1,"array_job_id":1,"array_task_string":"3,5,...","job_state":"PENDING","user_id":2001},
        {"job_id":2,"array_job_id":1,"array_task_id":9,"job_state":"RUNNING","user_id":2001}]})",
      anna);
  ASSERT_TRUE(other.ok());
  const std::vector<ElementRange> wanted{{3, 4}, {5, 6}, {6, 9}, {10, 100'000'000}};
  EXPECT_EQ((*other)[0].elements, wanted);
}

TEST(rest_queue, of_a_later_version_is_read_as_well) {
  const auto jobs = read_rest_queue(
      R"({"errors":[],"jobs":[{"job_id":7,"array_job_id":{"set":true,"infinite":false,"number":0},
          "array_task_id":{"set":false,"infinite":false,"number":0},"user_name":"anna",
          "job_state":["RUNNING","COMPLETING"],"start_time":{"set":true,"number":1795785344},
          "comment":"t"}]})",
      anna);
  ASSERT_TRUE(jobs.ok());
  ASSERT_EQ(jobs->size(), 1u);
  EXPECT_EQ((*jobs)[0].id, "7");
  EXPECT_EQ((*jobs)[0].state, SlurmState::completing);
  EXPECT_EQ((*jobs)[0].start, Time{1'795'785'344'000'000});
}

TEST(rest_queue, is_never_taken_for_empty_where_slurm_was_not_heard) {
  // What 22.05 says where slurmctld is dead, and the same where it does not believe the token.
  const auto dead = read_rest_queue(
      R"({"errors":[{"description":"Failed while looking for jobs","error_number":-1,
          "error":"Unspecified error","source":"slurm_load_jobs"}],"jobs":[]})",
      anna);
  ASSERT_FALSE(dead.ok());
  EXPECT_EQ(dead.error().kind, ErrorKind::unavailable);
  EXPECT_NE(dead.error().what.find("believe the token"), std::string::npos);
  for (const char* text : {"", "{}", "[]", "null", "{\"jobs\":3}", "{\"jobs\":[", "hello",
                           "{\"errors\":[],\"jobs\":[}", "{\"errors\":[\"no\"],\"jobs\":[]}"})
    EXPECT_FALSE(read_rest_queue(text, anna).ok()) << text;
  const std::string whole = recorded("rest_jobs.json");
  for (std::size_t length = 0; length + 2 < whole.size(); length += 7)
    EXPECT_FALSE(read_rest_queue(std::string_view(whole).substr(0, length), anna).ok());
}

TEST(rest_queue, costs_little_whatever_is_sent) {
  EXPECT_FALSE(read_rest_queue(std::string(200'000, '['), anna).ok());
  std::string many = "{\"errors\":[],\"jobs\":[1";
  for (int i = 0; i < 100'000; ++i) many += ",1";
  EXPECT_TRUE(read_rest_queue(many + "]}", anna)->empty());
  std::string deep = "{\"errors\":[],\"jobs\":[{\"job_id\":1,\"user_id\":2001,\"x\":";
  for (int i = 0; i < 10'000; ++i) deep += "{\"x\":";
  deep += "1" + std::string(10'000, '}') + "}]}";
  EXPECT_EQ(read_rest_queue(deep, anna)->size(), 1u);
}

TEST(rest_accounts, say_how_a_job_ended_by_whom_and_of_which_elements) {
  const auto jobs = read_rest_accounts(recorded("rest_accounts.json"));
  ASSERT_TRUE(jobs.ok()) << jobs.error().sentence();
  ASSERT_EQ(jobs->size(), 3u);
  EXPECT_EQ((*jobs)[0].state, SlurmState::cancelled);
  EXPECT_EQ((*jobs)[0].cancelled_by, 0u);  // root
  // The comment is not kept there: the directory has the tag.
  EXPECT_EQ((*jobs)[0].tag, "gangline-0011223344556677");
  const SlurmJobSeen& waiting = (*jobs)[2];
  ASSERT_EQ(waiting.elements.size(), 44u);  // 12, 14, … 98: as bits in hexadecimal digits
  EXPECT_EQ(waiting.elements.front(), (ElementRange{12, 13}));
  EXPECT_EQ(waiting.elements.back(), (ElementRange{98, 99}));
}

TEST(rest_accounts, that_know_nothing_have_answered) {
  const auto none = read_rest_accounts(
      R"({"errors":[{"description":"Nothing found","error_number":9003,
          "error":"Nothing found with query","source":"slurmdb_jobs_get"}],"jobs":[]})");
  ASSERT_TRUE(none.ok());
  EXPECT_TRUE(none->empty());
  EXPECT_FALSE(
      read_rest_accounts(R"({"errors":[{"error_number":7000,"error":"x"}],"jobs":[]})").ok());
}

TEST(rest_nodes, say_the_same_as_scontrol) {
  const auto seen = read_rest_nodes(recorded("rest_nodes.json"));
  ASSERT_TRUE(seen.ok());
  ASSERT_EQ(seen->size(), 2u);
  const Node n1 = node_of((*seen)[0]), n4 = node_of((*seen)[1]);
  EXPECT_EQ(n1.name, "n1");
  EXPECT_EQ(n1.counted, whole_cpus(16));
  EXPECT_EQ(n1.devices.size(), 8u);
  EXPECT_TRUE(n1.up);
  EXPECT_FALSE(n4.up);
  EXPECT_EQ(n4.notes, (std::vector<std::string>{"drained: bad fan [root@2026-11-27T13:54:16]"}));
  const std::vector<SlurmPartition> partitions{{"main", true}};
  const PlacedNode use = use_of((*seen)[0], n1, partitions, Time{1});
  EXPECT_EQ(use.state, "mixed");
  EXPECT_EQ(use.cpus_held, whole_cpus(12));
  EXPECT_EQ(use.devices, (std::vector<DevicesHeld>{{"h100", 8, 6}}));
  EXPECT_EQ(use.devices_held, (std::vector<std::uint32_t>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(use.partitions.size(), 1u);
}

TEST(rest_partitions, have_their_times_in_minutes_and_none_where_there_is_no_limit) {
  const auto partitions = read_rest_partitions(
      R"({"errors":[],"partitions":[
        {"name":"main","flags":["default"],"max_time_limit":-1,"default_time_limit":null,"state":"UP"},
        {"name":"long","flags":[],"max_time_limit":120,"default_time_limit":60,"state":"DOWN"}]})");
  ASSERT_TRUE(partitions.ok());
  ASSERT_EQ(partitions->size(), 2u);
  EXPECT_TRUE((*partitions)[0].is_default && (*partitions)[0].up && !(*partitions)[0].max_time);
  EXPECT_FALSE((*partitions)[1].is_default || (*partitions)[1].up);
  EXPECT_EQ((*partitions)[1].max_time, hours(2));
  EXPECT_EQ((*partitions)[1].default_time, hours(1));
}

// Sending.

TEST(rest_submission, says_what_the_lines_of_the_script_say) {
  JobSpec spec;
  spec.name = "it's \"mine\" \\";
  spec.command = {true, {"true"}};
  spec.resources.tasks = 2;
  spec.resources.alternatives = {TaskRequest{}};
  spec.resources.alternatives[0].cpus = whole_cpus(3);
  spec.time = hours(1);
  SlurmSite site;
  site.partitions = {{"main", true}};
  const std::string script =
      sbatch_script(spec, 0, 4, site, {"/bin/gang", "/d/gangline-1", "gangline-1", 0, "/d/%a"});
  const auto made = rest_submission(script, "gangline-1", "/d/gangline-1", {{"PATH", "/bin"}});
  ASSERT_TRUE(made.ok()) << made.error().sentence();
  for (const char* part :
       {R"("name":"it's \"mine\" \\")", R"("array":"0-3")", R"("tasks":"2")",
        R"("cpus_per_task":"3")", R"("no_requeue":true)", R"("comment":"gangline-1")",
        R"("current_working_directory":"/d/gangline-1")", R"("environment":{"PATH":"/bin"})",
        R"("standard_output":"/d/%a")", R"("script":"#!/bin/bash\n)"})
    EXPECT_NE(made->body.find(part), std::string::npos) << part << " in " << made->body;
  EXPECT_TRUE(made->left_out.empty());
}

TEST(rest_submission, sends_nothing_where_it_cannot_say_all) {
  const auto made = rest_submission("#!/bin/bash\n#SBATCH --bb=1\n", "t", "/", {});
  ASSERT_FALSE(made.ok());
  EXPECT_NE(made.error().what.find("--bb"), std::string::npos);
  EXPECT_EQ(rest_submission("#SBATCH --signal=B:TERM@65\n", "t", "/", {})->left_out,
            std::vector<std::string>{"signal"});
}

// Tokens.

// {"alg":"HS256"} . {"exp":1795871575,"iat":1795785175,"sun":"anna"} . nothing
constexpr const char* of_anna =
    "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE3OTU4NzE1NzUsImlhdCI6MTc5NTc4NTE3NSwic3VuIjoiYW5uYSJ9.c2ln";

TEST(slurm_token, says_whose_it_is_and_until_when) {
  const auto token = read_slurm_token("SLURM_JWT=" + std::string(of_anna) + "\n");
  ASSERT_TRUE(token.ok());
  EXPECT_EQ(token->user, "anna");
  EXPECT_EQ(token->expires, Time{1'795'871'575'000'000});
  EXPECT_EQ(read_slurm_token("abc.def.ghi")->user, "");
  for (const char* text : {"", "  ", "SLURM_JWT=", "a b", "a\r\nX: y", "a\x01"})
    EXPECT_FALSE(read_slurm_token(text).ok()) << text;
}

TEST(slurm_token, that_has_expired_is_told_with_what_to_do_and_without_itself) {
  const TokenSource source{"", of_anna};
  EXPECT_TRUE(token_now(source, Time{1'795'871'574'000'000}).ok());
  const auto late = token_now(source, Time{1'795'871'575'000'000});
  ASSERT_FALSE(late.ok());
  const std::string says = late.error().sentence();
  EXPECT_NE(says.find("expired at 2026-11-28"), std::string::npos) << says;
  EXPECT_NE(says.find("scontrol token lifespan"), std::string::npos);
  EXPECT_EQ(says.find("eyJ"), std::string::npos);
}

// Asking.

/// A slurmrestd that answers as it is told to, on a unix socket.
class RestSlurmTest : public ::testing::Test {
 protected:
  RestSlurmTest() {
    char name[] = "/tmp/gangline-rest-XXXXXX";
    directory_ = ::mkdtemp(name);
    server_.emplace(loop_, *listen_unix(directory_ + "/sock"), HttpServerSettings{},
                    [this](const HttpRequest& request, const HttpReply& reply) {
                      asked_.push_back(request.method + " " + request.target);
                      const auto found = answers_.find(asked_.back());
                      if (found != answers_.end())
                        return reply({found->second.first, found->second.second, ""});
                      reply({404, "Unable find requested URL.", ""});
                    });
    answers_["GET /slurm/v0.0.37/ping"] = {200, R"({"errors":[],"pings":[]})"};
    slurm_.emplace(loop_, RestSettings{"unix:" + directory_ + "/sock", {}, {}, anna});
  }
  ~RestSlurmTest() override { std::filesystem::remove_all(directory_); }

  void wait_until(const bool& done) {
    const auto tick = loop_.every(milliseconds(1), [&] {
      if (done) loop_.stop();
    });
    const auto late = loop_.after(seconds(20), [this] { loop_.stop(); });
    loop_.run();
    ASSERT_TRUE(done);
  }

  SlurmSent submit(unsigned status, const std::string& body) {
    EXPECT_TRUE(write_file(directory_ + "/job.sh", "#!/bin/bash\ntrue\n").ok());
    answers_["POST /slurm/v0.0.37/job/submit"] = {status, body};
    SlurmSent sent;
    bool done = false;
    slurm_->submit(directory_ + "/job.sh", "t", [&](const SlurmSent& heard) {
      sent = heard;
      done = true;
    });
    wait_until(done);
    return sent;
  }

  Loop loop_;
  std::string directory_;
  std::vector<std::string> asked_;
  std::map<std::string, std::pair<unsigned, std::string>> answers_;
  std::optional<HttpServer> server_;
  std::optional<RestSlurm> slurm_;
};

TEST_F(RestSlurmTest, takes_the_newest_version_that_answers) {
  answers_["GET /slurm/v0.0.37/jobs"] = {200, R"({"errors":[],"jobs":[]})"};
  bool done = false;
  slurm_->ask_queue([&](const auto& jobs) {
    EXPECT_TRUE(jobs.ok() && jobs->empty());
    done = true;
  });
  wait_until(done);
  EXPECT_EQ(asked_, (std::vector<std::string>{"GET /slurm/v0.0.38/ping", "GET /slurm/v0.0.37/ping",
                                              "GET /slurm/v0.0.37/jobs"}));
  EXPECT_NE(slurm_->way().find("(v0.0.37)"), std::string::npos);
}

TEST_F(RestSlurmTest, whoever_has_no_version_that_is_known_is_told_to_have_none) {
  answers_.clear();
  bool done = false;
  slurm_->ask_nodes([&](const auto& nodes) {
    ASSERT_FALSE(nodes.ok());
    EXPECT_EQ(nodes.error().kind, ErrorKind::version);
    done = true;
  });
  wait_until(done);
}

TEST_F(RestSlurmTest, knows_of_a_job_that_was_handed_over_what_can_be_known) {
  using How = SlurmSent::How;
  const auto taken = submit(200, R"({"errors":[],"job_id":17,"step_id":"BATCH"})");
  EXPECT_EQ(taken.how, How::taken);
  EXPECT_EQ(taken.number, "17");
  // No number, and nobody says that it was not taken.
  EXPECT_EQ(submit(200, R"({"errors":[]})").how, How::unknown);
  EXPECT_EQ(submit(200, "{").how, How::unknown);
  EXPECT_EQ(submit(500, R"({"errors":[{"error_code":-1,"error":"Unspecified error"}]})").how,
            How::unknown);
  EXPECT_EQ(submit(502, "<html>").how, How::unknown);
  // slurmctld says no, and would again; or only for now.
  const auto complaint = [](int number, const std::string& says) {
    return "{\"errors\":[{\"error_code\":" + std::to_string(number) + ",\"error\":\"" + says +
           "\"}]}";
  };
  EXPECT_EQ(submit(500, complaint(2000, "Invalid partition name specified")).how, How::refused);
  EXPECT_EQ(submit(500, complaint(2050, "Job violates accounting/QOS policy")).how, How::unknown);
  EXPECT_EQ(submit(400, complaint(9001, "Failure during parsing")).how, How::refused);
  // It did not come to slurmctld.
  const std::string connect = "Unable to contact slurm controller (connect failure)";
  EXPECT_EQ(submit(500, complaint(1800, connect)).how, How::never_came);
  EXPECT_EQ(submit(401, "Authentication failure").how, How::never_came);
  server_.reset();
  std::filesystem::remove(directory_ + "/sock");
  EXPECT_EQ(submit(200, "").how, How::never_came);
}

TEST_F(RestSlurmTest, tells_each_element_to_stop_once) {
  bool done = false;
  slurm_->stop({{"17", {1, 3}}, {"18", {}}, {"17", {3}}, {"null", {}}}, SlurmStop::term_script,
               [&] { done = true; });
  wait_until(done);
  std::vector<std::string> stops;
  for (const std::string& one : asked_)
    if (one.starts_with("DELETE")) stops.push_back(one);
  EXPECT_EQ(stops, (std::vector<std::string>{"DELETE /slurm/v0.0.37/job/17_1?signal=TERM",
                                             "DELETE /slurm/v0.0.37/job/17_3?signal=TERM",
                                             "DELETE /slurm/v0.0.37/job/18?signal=TERM"}));
}

TEST_F(RestSlurmTest, cancels_what_srun_began_since_no_signal_would_reach_it) {
  bool done = false;
  slurm_->stop({{"17", {}}}, SlurmStop::term_steps, [&] { done = true; });
  wait_until(done);
  EXPECT_NE(std::find(asked_.begin(), asked_.end(), "DELETE /slurm/v0.0.37/job/17"), asked_.end());
}

TEST_F(RestSlurmTest, says_of_a_site_what_it_can_and_of_a_secret_nothing) {
  answers_["GET /slurm/v0.0.37/nodes"] = {200, recorded("rest_nodes.json")};
  answers_["GET /slurm/v0.0.37/partitions"] = {
      200, R"({"errors":[],"partitions":[{"name":"main","flags":["default"],"state":"UP"}]})"};
  answers_["GET /slurmdb/v0.0.37/clusters"] = {
      200, R"({"errors":[],"clusters":[{"name":"c","select_plugin":"cons_tres"}]})"};
  bool done = false;
  // It is waited for, so somebody else must run the server's loop.
  std::optional<Result<SlurmSeen>> seen;
  std::thread asking([&] {
    seen = slurm_->ask_site();
    loop_.post([&] { done = true; });
  });
  wait_until(done);
  asking.join();
  ASSERT_TRUE(seen->ok()) << seen->error().sentence();
  const SlurmSite& site = (*seen)->site;
  EXPECT_EQ(site.version, "22.05.8");
  EXPECT_TRUE(site.accounting && site.gpus_per_task && site.has_gpus());
  EXPECT_EQ((*seen)->nodes.size(), 2u);
  slurm_.emplace(loop_,
                 RestSettings{"unix:" + directory_ + "/sock", {"", "abc.def.ghi"}, {}, anna});
  answers_["GET /slurm/v0.0.37/jobs"] = {
      500, R"({"errors":[{"error_number":2002,"error":"what is abc.def.ghi"}]})"};
  done = false;
  slurm_->ask_queue([&](const auto& jobs) {
    EXPECT_EQ(jobs.error().sentence().find("abc.def"), std::string::npos);
    done = true;
  });
  wait_until(done);
}

// Choosing.

class OneWay final : public Slurm {
 public:
  OneWay(std::string name, bool answers) : name_(std::move(name)), answers_(answers) {}
  std::string way() const override { return name_; }
  Result<SlurmSeen> ask_site() override {
    if (answers_) return SlurmSeen{};
    return Error{ErrorKind::unavailable, "no " + name_, "", ""};
  }
  void ask_nodes(Heard<std::vector<SlurmNodeSeen>>) override {}
  void ask_partitions(Heard<std::vector<SlurmPartition>>) override {}
  void ask_queue(Heard<std::vector<SlurmJobSeen>>) override {}
  void ask_accounts(std::vector<std::string>, Heard<std::vector<SlurmJobSeen>>) override {}
  void ask_holders(Heard<std::vector<SlurmHolder>>) override {}
  void submit(const std::string&, const std::string&, std::function<void(SlurmSent)>) override {}
  void stop(std::vector<SlurmStopped>, SlurmStop, std::function<void()>) override {}
  bool starts_at_once() const override { return false; }
  void start_at_once(std::vector<std::string>, std::string, std::function<void()>) override {}
  bool tests() const override { return false; }
  void test(const std::string&, std::function<void(std::optional<TestedStart>)>) override {}

 private:
  std::string name_;
  bool answers_;
};

TEST(slurm_ways, the_first_that_answers_is_taken) {
  const auto chosen = [](bool programs, bool rest) {
    auto slurm = first_that_answers(std::make_unique<OneWay>("programs", programs),
                                    std::make_unique<OneWay>("rest", rest));
    EXPECT_EQ(slurm->way(), "");
    const auto seen = slurm->ask_site();
    return seen ? slurm->way() : seen.error().what;
  };
  EXPECT_EQ(chosen(true, true), "programs");
  EXPECT_EQ(chosen(false, true), "rest");
  EXPECT_EQ(chosen(false, false), "no programs, and no rest");
}

TEST(slurm_ways, where_no_programs_are_it_is_said_how_to_name_slurmrestd) {
  auto slurm = first_that_answers(std::make_unique<OneWay>("programs", false), nullptr);
  EXPECT_NE(slurm->ask_site().error().hint.find("GANGLINE_SLURMRESTD="), std::string::npos);
}

}  // namespace
}  // namespace gangline
