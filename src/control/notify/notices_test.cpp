#include "control/notify/notices.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "control/controller_world.h"
#include "control/notify/mail_text.h"

namespace gangline {
namespace {

// Takes what is sent; the test says how it went.
class PretendMessenger final : public Messenger {
 public:
  struct Sent {
    NotifyWay way;
    JobSummary end;
    std::function<void(Result<void>)> done;
  };
  void send(NotifyWay way, const JobSummary& end, std::function<void(Result<void>)> done) override {
    sent.push_back({way, end, std::move(done)});
  }
  std::vector<Sent> sent;
};

class Telling : public Control {
 protected:
  Telling() { restart(NotifyOn::failure); }

  void restart(NotifyOn on) {
    settings_.notify = {on, {"tell"}, "https://example.org/x", true};
    begin(0);
    messenger_.sent.clear();
    controller_->tell_by(messenger_);
    world_.pass(milliseconds(100));
  }
  JobId end_one(EndCause cause, const JobSpec& spec) {
    const auto job = submit(spec);
    EXPECT_TRUE(job);
    engine_->start_and_end({job->id, 0}, cause, 1, cause == EndCause::done ? 0 : 3);
    world_.pass(milliseconds(100));
    return job->id;
  }
  JobId end_one(EndCause cause) { return end_one(cause, a_spec()); }
  void answer(std::size_t which, const Result<void>& outcome) {
    messenger_.sent[which].done(outcome);
    world_.settle();
  }
  std::vector<std::string> notes() {
    std::optional<ServiceStatus> status;
    controller_->status([&](auto given) { status = *given; });
    return status->notes;
  }

  const Error broken_{ErrorKind::unavailable, "nobody answers there", "", ""};
  PretendMessenger messenger_;
};

TEST_F(Telling, AFailureIsToldInEachWayAndAGoodEndIsNot) {
  end_one(EndCause::done);
  EXPECT_TRUE(messenger_.sent.empty());
  const JobId job = end_one(EndCause::failed);
  ASSERT_EQ(messenger_.sent.size(), 3u) << "no way waits for another";
  const NotifyWay ways[] = {NotifyWay::command, NotifyWay::hook, NotifyWay::mail};
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(messenger_.sent[i].way, ways[i]);
  EXPECT_EQ(messenger_.sent[0].end.id, job);
  EXPECT_EQ(messenger_.sent[0].end.ending->exit_code, 3);
  for (std::size_t i = 0; i < 3; ++i) answer(i, {});
  EXPECT_EQ(store_->note("untold"), "");
  EXPECT_TRUE(notes().empty());
}

TEST_F(Telling, AJobSaysItForItself) {
  JobSpec spec = a_spec();
  spec.notify = NotifyOn::end;
  end_one(EndCause::done, spec);
  EXPECT_EQ(messenger_.sent.size(), 3u);
  spec.notify = NotifyOn::no_end;
  end_one(EndCause::failed, spec);
  EXPECT_EQ(messenger_.sent.size(), 3u);
}

TEST_F(Telling, AManyGangsMakeOneMessage) {
  JobSpec spec = a_spec();
  spec.sweep = {{"n", {"1", "2", "3", "4", "5"}}};
  const auto job = submit(spec);
  for (std::uint32_t i = 0; i < 5; ++i) engine_->start_and_end({job->id, i}, EndCause::failed);
  world_.pass(milliseconds(200));
  ASSERT_EQ(messenger_.sent.size(), 3u);
  EXPECT_EQ(messenger_.sent[0].end.ended_badly, 5u);
}

TEST_F(Telling, SomebodyWhoLooksAtAJobAsItEndsHoldsUpNothing) {
  const auto job = submit(a_spec());
  engine_->start_and_end({job->id, 0}, EndCause::failed);
  page(job->id);  // which stores its end before the cycle that was to do it
  world_.pass(milliseconds(200));
  EXPECT_EQ(messenger_.sent.size(), 3u);
}

TEST_F(Telling, WhatWasNotToldIsToldByTheNextService) {
  const JobId job = end_one(EndCause::failed);
  ASSERT_EQ(messenger_.sent.size(), 3u);
  restart(NotifyOn::failure);
  ASSERT_EQ(messenger_.sent.size(), 3u) << "nobody said that it was told";
  EXPECT_EQ(messenger_.sent[0].end.id, job);
  // What was told is not told again, though the hook goes on trying.
  answer(0, {});
  answer(1, broken_);
  answer(2, {});
  world_.pass(milliseconds(100));
  EXPECT_EQ(store_->note("untold"), format(job) + ":command,mail");
  restart(NotifyOn::failure);
  ASSERT_EQ(messenger_.sent.size(), 1u);
  EXPECT_EQ(messenger_.sent[0].way, NotifyWay::hook);
  answer(0, {});
  restart(NotifyOn::failure);
  EXPECT_TRUE(messenger_.sent.empty()) << "once is enough";
}

TEST_F(Telling, AHookIsTriedAgainAndInTheEndItIsToldThatNobodyHeard) {
  end_one(EndCause::failed);
  answer(0, {});
  answer(2, {});
  answer(1, broken_);
  for (std::size_t tries = 0; tries < 3; ++tries) {
    EXPECT_EQ(messenger_.sent.size(), 3 + tries);
    world_.pass(Notices::tries_after[tries]);
    ASSERT_EQ(messenger_.sent.size(), 4 + tries);
    ASSERT_EQ(messenger_.sent.back().way, NotifyWay::hook);
    answer(messenger_.sent.size() - 1, broken_);
  }
  world_.pass(minutes(10));
  EXPECT_EQ(messenger_.sent.size(), 6u);
  ASSERT_EQ(notes().size(), 1u);
  EXPECT_NE(notes()[0].find("by hook: nobody answers there"), std::string::npos);
}

TEST_F(Telling, FewAreUnderWayAtOnceAndInAMinute) {
  for (int i = 0; i < 70; ++i) end_one(EndCause::failed);
  EXPECT_EQ(messenger_.sent.size(), Notices::most_at_once);
  for (std::size_t i = 0; i < messenger_.sent.size(); ++i) answer(i, {});
  EXPECT_EQ(messenger_.sent.size(), Notices::most_a_minute);
  world_.pass(minutes(1));
  EXPECT_EQ(messenger_.sent.size(), Notices::most_a_minute + Notices::most_at_once);
}

TEST_F(Telling, OneJobOfManyThatEndIsLeftOutRatherThanKeptForEver) {
  std::vector<JobId> jobs;
  for (std::size_t i = 0; i < Notices::most_waiting + 5; ++i)
    controller_->submit(a_spec(), [&](auto given) { jobs.push_back(given->id); });
  world_.settle();
  for (const JobId job : jobs) engine_->start_and_end({job, 0}, EndCause::failed);
  world_.pass(seconds(1));
  ASSERT_EQ(notes().size(), 1u);
  EXPECT_TRUE(notes()[0].starts_with("of 5 jobs nobody was told")) << notes()[0];
}

TEST_F(Telling, OnePersonTakesNeitherTheRoomNorTheTurnsOfOthers) {
  const auto end_as = [&](const std::string& login, std::size_t times) {
    Submitter submitter;
    submitter.login = login;
    submitter.person = std::make_shared<const Person>();
    std::vector<JobId> jobs;
    for (std::size_t i = 0; i < times; ++i)
      controller_->submit_as(submitter, a_spec(), [&](auto given) { jobs.push_back(given->id); });
    world_.settle();
    for (const JobId job : jobs) engine_->start_and_end({job, 0}, EndCause::failed);
    world_.pass(seconds(1));
  };
  end_as("anna", Notices::most_waiting_of_one + 7);
  ASSERT_EQ(notes().size(), 1u);
  EXPECT_TRUE(notes()[0].starts_with("of 7 jobs nobody was told")) << notes()[0];
  end_as("bert", 3);
  EXPECT_TRUE(notes()[0].starts_with("of 7 jobs nobody was told")) << notes()[0];
  const std::size_t before = messenger_.sent.size();
  answer(0, {});
  ASSERT_EQ(messenger_.sent.size(), before + 1);
  EXPECT_EQ(messenger_.sent.back().end.owner, "bert");
}

TEST_F(Telling, AWishThatNobodyCanFulfilIsRefused) {
  settings_.notify = {};
  begin(0);
  JobSpec spec = a_spec();
  spec.notify = NotifyOn::end;
  const auto job = submit(spec);
  ASSERT_FALSE(job);
  EXPECT_NE(job.error().sentence().find("no way to tell anybody"), std::string::npos);
}

TEST(WaysToTell, AJobOfAnotherPersonSpeaksForItsOwnMailAlone) {
  const NotifySettings settings{NotifyOn::no_end, {"tell"}, "https://example.org/x", true};
  JobSpec spec;
  spec.notify = NotifyOn::end;
  EXPECT_EQ(ways_of(settings, spec, true, true), std::vector{NotifyWay::mail});
  EXPECT_EQ(ways_of(settings, spec, false, true).size(), 3u);
  EXPECT_FALSE(why_nobody_is_told(settings, spec, true));
  const NotifySettings no_mail{NotifyOn::no_end, {"tell"}, "", false};
  EXPECT_TRUE(why_nobody_is_told(no_mail, spec, true));
}

TEST(MailText, NothingInAJobAddsALineToTheHead) {
  JobSummary end;
  end.id = JobId{7};
  end.owner = "anna";
  end.name = "x\nBcc: eve@example.org\r\n\r\n<b>\x1b[2J";
  end.ended_badly = 1;
  end.ending.emplace();
  end.ending->cause = EndCause::failed;
  end.ending->exit_code = 3;
  end.ending->last_lines = "first\n\x1b[2Jlast " + std::string(2'000, 'x');
  const std::string mail = mail_text(end, "gpu1");
  const std::string head = mail.substr(0, mail.find("\n\n"));
  EXPECT_EQ(head.find("\nBcc"), std::string::npos);
  EXPECT_EQ(head.find('\r'), std::string::npos);
  EXPECT_NE(head.find("Content-Type: text/plain"), std::string::npos);
  EXPECT_NE(mail.find("failed, exit code 3"), std::string::npos);
  EXPECT_EQ(mail.find('\x1b'), std::string::npos);
  for (std::size_t at = 0; at < mail.size();) {
    const std::size_t next = std::min(mail.find('\n', at), mail.size());
    EXPECT_LT(next - at, 998u);
    at = next + 1;
  }
}

std::string subject_of(const std::string& name) {
  JobSummary end;
  end.id = JobId{7};
  end.owner = "anna";
  end.name = name;
  const std::string mail = mail_text(end, "gpu1");
  const auto begin = mail.find("Subject: ");
  return mail.substr(begin, mail.find("\nAuto-Submitted") - begin);
}

TEST(MailText, ASubjectHasLettersBeyondAsciiAsReadersOfMailKnowThem) {
  EXPECT_EQ(subject_of("plain name"), "Subject: job 7 (plain name) ended well");
  EXPECT_EQ(subject_of("größe"), "Subject: =?utf-8?Q?job_7_=28gr=C3=B6=C3=9Fe=29_ended_well?=");
  EXPECT_EQ(subject_of("=?utf-8?Q?hidden?="),
            "Subject: =?utf-8?Q?job_7_=28=3D=3Futf=2D8=3FQ=3Fhidden=3F=3D=29_ended_well?=");
  // Cut between characters, and no word of it longer than 75.
  std::string name;
  for (int i = 0; i < 40; ++i) name += "語";
  const std::string subject = subject_of(name);
  std::size_t letters = 0;
  for (std::size_t at = 0; (at = subject.find("=E8=AA=9E", at)) != std::string::npos; ++at)
    ++letters;
  EXPECT_EQ(letters, 20u);
  for (const std::string_view line : split(std::string_view(subject).substr(9), '\n'))
    EXPECT_LE(trim(line).size(), 75u) << line;
}

TEST(MailText, OnlyNamesOfPeopleAreMailed) {
  EXPECT_TRUE(may_be_mailed("anna.b-2"));
  for (const char* name : {"", "-oQ/tmp", "anna eve", "anna@example.org", "a;b", "a\nb", "../a"})
    EXPECT_FALSE(may_be_mailed(name)) << name;
}

}  // namespace
}  // namespace gangline
