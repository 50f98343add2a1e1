// The connection to this node's launcher: made again when it breaks, with a launcher started where
// there is none. Never waits.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/units.h"
#include "launch/wire.h"
#include "os/fd.h"
#include "os/loop.h"

namespace gangline {

struct LauncherLinkSettings {
  std::string state_dir;
  std::string socket;                 ///< of the launcher
  std::vector<std::string> launcher;  ///< program and words; "--state DIR" is added; empty: none is
                                      ///< started here
  std::string store;                  ///< name of the store for which gangs are started
};

struct LauncherLinkCalls {
  std::function<std::string()> cursor;                 ///< of the news that we have
  std::function<void(const WelcomeMessage&)> welcome;  ///< say now all that is wanted
  std::function<void(NewsMessage)> news;
  std::function<void(const std::string&)> trouble;  ///< told when it changes; empty: none
};

class LauncherLink {
 public:
  LauncherLink(Loop& loop, LauncherLinkSettings settings, LauncherLinkCalls calls);
  LauncherLink(const LauncherLink&) = delete;
  LauncherLink& operator=(const LauncherLink&) = delete;
  ~LauncherLink();

  /// From now on a launcher is wanted.
  void open();
  /// No launcher is wanted any more. What was said before is still sent; a launcher that runs is
  /// left alone.
  void close();
  /// Welcomed and not broken since.
  bool up() const { return welcomed_; }
  /// Only while `up`. What is not sent when the link breaks is lost: `welcome` says it again.
  void send(const Message& message);

 private:
  void connect();
  void start_launcher();
  void launcher_started();
  void retry();
  void lost(const std::string& why);
  void drop_connection();
  void read();
  void write();
  void hear(Message message);
  void tell_trouble(std::string text);

  Loop& loop_;
  LauncherLinkSettings settings_;
  LauncherLinkCalls calls_;
  bool wanted_ = false;
  bool closing_ = false;  // as soon as all is sent
  bool welcomed_ = false;
  int failures_ = 0;  // in a row
  std::string trouble_;
  Fd socket_;
  Fd socket_to_write_;  // the same once more: the loop watches a descriptor in one direction
  Inbox inbox_;
  std::string outbox_;
  Fd starting_;  // pidfd of the launcher process that goes into the background
  std::int64_t starting_pid_ = 0;
  Loop::WatchPtr readable_, writable_, started_, timer_;
};

}  // namespace gangline
