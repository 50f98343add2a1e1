// What the connections of a web server share. For the sources of os/web alone.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <list>
#include <string>
#include <unordered_map>

#include "os/web/web_server.h"

namespace gangline {

/// A connection as the server sees it.
class WebGuest {
 public:
  virtual ~WebGuest() = default;
  virtual void close() = 0;
  /// Ends it where it was to have come further by now.
  virtual void look_at_clock(Span now) = 0;

  // Kept by the server.
  std::list<WebGuest*>::iterator in_all, in_unproven, in_address;
  std::string counted_as;    // the address, or the front of it that counts as one
  std::uint64_t holder = 0;  // 0: unproven
};

struct WebCore {
  boost::asio::io_context* io = nullptr;
  TcpListener listener;
  WebServerSettings settings;
  WebAnswerer* handler = nullptr;  // null: the server is gone
  Loop::WatchPtr accepting, resting, sweeping;
  std::list<WebGuest*> all, unproven;  // the oldest first
  std::unordered_map<std::string, std::list<WebGuest*>> unproven_of;
  std::unordered_map<std::uint64_t, std::size_t> of_holder;
  std::size_t unsent = 0;  // bytes of answers, streams apart
  std::string date;        // "Date: …\r\n" of the second `date_at`
  std::int64_t date_at = 0;

  void come(WebGuest& guest, const boost::asio::ip::address& address);
  void leave(WebGuest& guest);
  bool prove(WebGuest& guest, std::uint64_t holder);
  const std::string& date_field();
};

/// Begins to serve one; it lives as long as it has something to wait for.
void serve_connection(const std::shared_ptr<WebCore>& core, boost::asio::ip::tcp::socket socket);

}  // namespace gangline
