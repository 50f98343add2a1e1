#include "launch/launcher.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <optional>
#include <vector>

#include "base/text.h"
#include "launch/wire.h"
#include "os/clock.h"
#include "os/unix_socket.h"

namespace gangline {
namespace {

constexpr std::size_t most_connections = 8;
constexpr Span between_news = milliseconds(2);
constexpr Span longest_poll = seconds(10);
constexpr Span longest_end_of_gone = seconds(30);
constexpr std::size_t most_named = 5;

/// A service at the other end, or somebody who has not said hello yet.
struct Connection {
  Fd fd;
  Inbox inbox;
  std::string outbox;
  bool is_root = false;  // it serves a service, but root may end it
  bool welcome = false;
  bool broken = false;
  std::uint64_t told = 0;  // number of the newest news it was sent
  std::string told_trouble;

  void send(const Message& message) { outbox += frame_of(message); }
  void flush() {
    while (!outbox.empty()) {
      const ssize_t n = ::send(fd.number(), outbox.data(), outbox.size(), MSG_NOSIGNAL);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) {
        broken = broken || errno != EAGAIN;
        return;
      }
      outbox.erase(0, static_cast<std::size_t>(n));
    }
  }
  void receive() {
    char block[64 << 10];
    for (;;) {
      const ssize_t n = ::recv(fd.number(), block, sizeof block, 0);
      if (n < 0 && errno == EINTR) continue;
      if (n == 0 || (n < 0 && errno != EAGAIN)) broken = true;
      if (n <= 0) return;
      inbox.add({block, static_cast<std::size_t>(n)});
      if (static_cast<std::size_t>(n) < sizeof block) return;
    }
  }
};

class Launcher {
 public:
  Launcher(const LauncherSettings& settings, const LauncherPost& post, Ledger ledger)
      : settings_(settings),
        post_(post),
        ledger_(std::move(ledger)),
        gangs_(ledger_, {settings.state_dir, settings.cgroup_root, ::getppid(), post.guardian_exits,
                         settings.for_all, settings.why_no_group, settings.files_dir}) {}

  Result<LauncherVerdict> run();

 private:
  void wait();
  void accept();
  void serve(Connection& connection);
  void obey(Connection& connection, const Message& message);
  void greet(Connection& connection, const HelloMessage& hello);
  bool is_for(const std::string& store);
  std::string trouble_with_gone() const;
  void end_what_is_gone();
  void tell_news();
  void tell_unnumbered(Connection& connection);
  void hear_guardian();
  bool idle_long_enough();

  const LauncherSettings& settings_;
  const LauncherPost& post_;
  Ledger ledger_;
  Gangs gangs_;
  Fd signals_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<pollfd> waited_for_;
  bool more_starts_ = false;
  bool retire_ = false;
  bool renew_ = false;
  std::optional<Span> gone_since_;  ///< when it was learnt that the store of these gangs is gone
  bool guardian_gone_ = false;
  Span last_told_{0};
  bool news_wait_ = false;
  Span idle_since_{0};
};

Result<LauncherVerdict> Launcher::run() {
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &children, nullptr);
  signals_ = Fd(::signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK));
  idle_since_ = since_boot();

  gangs_.adopt();
  gangs_.reap();  // a guardian that became the launcher has children already
  for (;;) {
    // What is beginning would have to begin again.
    if (renew_ && gangs_.may_be_left()) return LauncherVerdict::renewed;
    more_starts_ = !renew_ && gangs_.start_some();
    if (gangs_.next_tick().us != 0 && since_boot() >= gangs_.next_tick()) gangs_.tick();
    tell_news();
    if (guardian_gone_) return LauncherVerdict::guardian_gone;
    if (gone_since_) end_what_is_gone();
    if (gone_since_ && ledger_.book().idle() && gangs_.has_let_go()) {
      // The launcher that the service starts next knows nothing of them.
      auto aside = ledger_.put_aside(JobFiles(settings_.state_dir).launcher_directory());
      if (!aside) return aside.error();
      return LauncherVerdict::retired;
    }
    if (!ledger_.book().idle()) idle_since_ = since_boot();
    if (ledger_.book().idle() && (retire_ || idle_long_enough()) && gangs_.has_let_go())
      return LauncherVerdict::retired;
    wait();
  }
}

bool Launcher::idle_long_enough() {
  const Span boot = since_boot();
  if (!connections_.empty()) idle_since_ = boot;
  if (settings_.for_all) return false;
  // Somebody may have deleted the state directory; then no service can come any more.
  const bool is_there = ::access(launcher_socket(settings_.state_dir).c_str(), F_OK) == 0;
  return !is_there || boot - idle_since_ >= settings_.idle_exit;
}

void Launcher::wait() {
  waited_for_.clear();
  waited_for_.push_back({signals_.number(), POLLIN, 0});
  waited_for_.push_back({post_.listener, POLLIN, 0});
  waited_for_.push_back({post_.guardian_pipe, POLLIN, 0});
  for (const auto& connection : connections_) {
    const bool waits = !connection->outbox.empty();
    waited_for_.push_back(
        {connection->fd.number(), static_cast<short>(waits ? POLLIN | POLLOUT : POLLIN), 0});
  }
  const std::size_t first_orphan = waited_for_.size();
  for (const auto& [pidfd, orphan] : gangs_.orphans())
    waited_for_.push_back({pidfd, orphan.events(), 0});

  const std::size_t first_start = waited_for_.size();
  // What those tell that have begun is heard as they end.
  for (const auto& [fd, starting] : gangs_.starting())
    if (!starting.start->has_begun()) waited_for_.push_back({fd, POLLIN, 0});

  const Span boot = since_boot();
  Span longest = std::min(longest_poll, settings_.idle_exit + milliseconds(1));
  if (gangs_.next_tick().us != 0) longest = std::min(longest, gangs_.next_tick() - boot);
  if (news_wait_) longest = std::min(longest, last_told_ + between_news - boot);
  if (more_starts_) longest = {0};
  const auto ms = static_cast<int>(std::max<std::int64_t>(0, (longest.us + 999) / 1000));
  if (::poll(waited_for_.data(), waited_for_.size(), ms) <= 0) return;

  // Connections are added behind, so those that were waited for keep their places.
  if (waited_for_[0].revents != 0) {
    signalfd_siginfo told[16];
    while (::read(signals_.number(), told, sizeof told) == sizeof told) {
    }
    gangs_.reap();
  }
  if (waited_for_[2].revents != 0) hear_guardian();
  for (std::size_t i = first_start; i < waited_for_.size(); ++i)
    if (waited_for_[i].revents != 0) gangs_.hear_start(waited_for_[i].fd);
  for (std::size_t i = first_orphan; i < first_start; ++i)
    if (waited_for_[i].revents != 0) gangs_.orphan_ended(waited_for_[i].fd);
  for (std::size_t i = 3; i < first_orphan; ++i)
    if (waited_for_[i].revents != 0) serve(*connections_[i - 3]);
  if (waited_for_[1].revents != 0) accept();
  std::erase_if(connections_, [](const auto& connection) { return connection->broken; });
}

void Launcher::hear_guardian() {
  char bytes[256];
  const ssize_t n = ::read(post_.guardian_pipe, bytes, sizeof bytes);
  if (n == 0) guardian_gone_ = true;
  gangs_.read_guardian_exits();
}

void Launcher::accept() {
  auto fd = accept_unix(post_.listener);
  if (!fd || !fd->open()) return;
  const auto peer = peer_of(fd->number());
  const std::uint32_t served = settings_.for_all ? settings_.for_all->service_uid : ::geteuid();
  const bool is_root = settings_.for_all && peer && peer->uid == 0;
  if (!peer || (peer->uid != served && !is_root) || connections_.size() >= most_connections) return;
  auto connection = std::make_unique<Connection>();
  connection->fd = *std::move(fd);
  connection->is_root = is_root;
  connections_.push_back(std::move(connection));
}

void Launcher::serve(Connection& connection) {
  connection.flush();
  connection.receive();
  for (;;) {
    auto message = connection.inbox.next();
    if (!message) connection.broken = true;
    if (!message || !*message) return;
    obey(connection, **message);
    if (connection.broken) return;
  }
}

/// False: what is known here was ordered for a store that is gone. It is ended before anything
/// else begins, since numbers of jobs may mean other jobs now.
bool Launcher::is_for(const std::string& store) {
  const std::string& known = ledger_.book().store();
  if (gone_since_) return false;
  if (store.empty() || store == known) return true;
  if (known.empty()) {
    ledger_.believe_store(store);
    return true;
  }
  gone_since_ = since_boot();
  const std::string trouble = trouble_with_gone();
  if (!trouble.empty()) std::fprintf(stderr, "gang launcher: %s\n", trouble.c_str());
  end_what_is_gone();
  return false;
}

std::string Launcher::trouble_with_gone() const {
  std::string names;
  std::size_t named = 0;
  for (const auto& [id, gang] : ledger_.book().live()) {
    if (++named > most_named) return names + ", …";
    names += (names.empty() ? "gangs of a store that is gone run here and are being stopped first: "
                            : ", ") +
             format(id);
  }
  return names;
}

void Launcher::end_what_is_gone() {
  const bool at_once = since_boot() - *gone_since_ >= longest_end_of_gone;
  gangs_.stop_all("the store that had its job is gone", at_once);
}

void Launcher::greet(Connection& connection, const HelloMessage& hello) {
  renew_ = renew_ || is_renewed(settings_.program);
  if (hello.version == wire_version && !is_for(hello.store)) {
    connection.send(TroubleMessage{trouble_with_gone()});
    connection.flush();
    return;
  }
  connection.send(WelcomeMessage{wire_version, ledger_.book().epoch(), ::getpid(), ::getppid()});
  connection.flush();
  if (hello.version != wire_version) {
    // One for all is started anew by whoever started it, from the program that is there by now,
    // where it cannot go over to that itself.
    retire_ = retire_ || (settings_.for_all && hello.version != 0);
    connection.broken = true;
    return;
  }
  // One service at a time: what an earlier one has sent and nobody has read yet was asked again by
  // this one, if it is still wanted.
  for (const auto& other : connections_)
    if (other.get() != &connection && other->welcome) other->broken = true;
  gangs_.forget_unwritten();
  connection.welcome = true;
  connection.told = number_of_cursor(hello.cursor, ledger_.book().epoch());
  last_told_ = {0};
}

void Launcher::obey(Connection& connection, const Message& message) {
  if (const auto* hello = std::get_if<HelloMessage>(&message)) {
    greet(connection, *hello);
  } else if (!connection.welcome) {
    connection.broken = true;  // says something before hello
  } else if (const auto* node = std::get_if<NodeMessage>(&message)) {
    gangs_.set_node(node->node);
  } else if (const auto* job = std::get_if<JobMessage>(&message)) {
    gangs_.put_job(job->job);
  } else if (const auto* start = std::get_if<StartMessage>(&message)) {
    retire_ = false;
    gangs_.order(*start);
  } else if (const auto* stop = std::get_if<StopMessage>(&message)) {
    gangs_.stop(*stop);
  } else if (const auto* back = std::get_if<ReturnMessage>(&message)) {
    gangs_.return_turns(*back);
  } else if (const auto* seen = std::get_if<AcknowledgeMessage>(&message)) {
    ledger_.book().acknowledge(number_of_cursor(seen->cursor, ledger_.book().epoch()));
    gangs_.forget_jobs();
  } else if (std::holds_alternative<RetireMessage>(message)) {
    if (connection.is_root) gangs_.stop_all("the launcher was told to end", true);
    retire_ = !settings_.for_all || connection.is_root;
  } else {
    connection.broken = true;  // a launcher's own words
  }
}

void Launcher::tell_news() {
  news_wait_ = false;
  const Span boot = since_boot();
  const auto& news = ledger_.book().news();
  for (const auto& connection : connections_) {
    if (!connection->welcome) continue;
    if (connection->told_trouble != gangs_.trouble()) {
      connection->told_trouble = gangs_.trouble();
      connection->send(TroubleMessage{gangs_.trouble()});
    }
    if (!news.empty() && news.back().number > connection->told) {
      // Many ends in a short time go in one message: each wakes the service. The last one does not
      // wait: somebody may.
      if (boot - last_told_ < between_news && !ledger_.book().idle()) {
        news_wait_ = true;
      } else {
        last_told_ = boot;
        auto next = std::upper_bound(
            news.begin(), news.end(), connection->told,
            [](std::uint64_t told, const NumberedNews& each) { return told < each.number; });
        while (next != news.end() && connection->outbox.size() < fullest_outbox) {
          NewsMessage message;
          for (; next != news.end() && message.events.size() < most_news_in_a_message; ++next) {
            message.events.push_back(next->event);
            connection->told = next->number;
          }
          message.cursor = format_cursor({ledger_.book().epoch(), connection->told});
          connection->send(message);
        }
      }
    }
    const bool told_all = news.empty() || connection->told >= news.back().number;
    if (told_all && !connection->broken) tell_unnumbered(*connection);
    connection->flush();
  }
}

void Launcher::tell_unnumbered(Connection& connection) {
  const std::vector<Event> events = gangs_.take_unnumbered_news();
  for (std::size_t from = 0; from < events.size(); from += most_news_in_a_message) {
    const std::size_t to = std::min(events.size(), from + most_news_in_a_message);
    NewsMessage message;
    for (std::size_t i = from; i < to; ++i) message.events.push_back(events[i]);
    message.cursor = format_cursor({ledger_.book().epoch(), connection.told});
    connection.send(message);
  }
}

}  // namespace

std::string launcher_socket(const std::string& state_dir, bool for_all) {
  return state_dir + (for_all ? "/launcher.sock" : "/launcher/socket");
}

Result<LauncherVerdict> run_launcher_loop(const LauncherSettings& settings,
                                          const LauncherPost& post) {
  auto ledger = Ledger::open(JobFiles(settings.state_dir).launcher_directory());
  if (!ledger) return ledger.error();
  // A service hears of it as well.
  if (ledger->journal_fd() < 0)
    if (const auto begun = ledger->make_room(0); !begun)
      std::fprintf(stderr, "gang launcher: %s\n", begun.error().sentence().c_str());
  Launcher launcher(settings, post, *std::move(ledger));
  return launcher.run();
}

}  // namespace gangline
