#include "os/web/head.h"

#include <gtest/gtest.h>

#include <string>

namespace gangline {
namespace {

HeadRead read(const std::string& text) {
  WebHead head;
  return read_head(text, 0, head);
}
std::string get(const std::string& lines) {
  return "GET /v1/jobs HTTP/1.1\r\nHost: localhost\r\n" + lines + "\r\n";
}

TEST(WebHead, IsReadWithItsFieldsWhateverTheirCase) {
  const std::string text =
      "POST /v1/jobs?a=b HTTP/1.1\r\nhOST: localhost:7979\r\nContent-LENGTH: 12\r\n"
      "Authorization:  Bearer x \r\nAccept-Encoding: br, GZIP;q=0.5\r\nX-Own:\r\n\r\nhello";
  WebHead head;
  const HeadRead read = read_head(text, 0, head);
  ASSERT_EQ(read.status, 0u) << read.why;
  EXPECT_EQ(read.size, text.size() - 5);
  EXPECT_EQ(head.method, "POST");
  EXPECT_EQ(head.target, "/v1/jobs?a=b");
  EXPECT_EQ(head.host, "localhost:7979");
  EXPECT_EQ(head.body_size, 12u);
  EXPECT_EQ(head.authorization, "Bearer x");
  EXPECT_TRUE(head.takes_gzip);
  EXPECT_TRUE(head.keep_alive);
  EXPECT_EQ(head.field("x-own"), "");
  EXPECT_EQ(head.field("host"), "localhost:7979");
}

TEST(WebHead, NeedsMoreBytesUntilItsEmptyLineAndSaysTheSameHoweverItIsCut) {
  const std::string text = get("Accept: */*\r\n");
  WebHead head;
  for (std::size_t n = 0; n < text.size(); ++n) {
    const HeadRead read = read_head(std::string_view(text).substr(0, n), n > 0 ? n - 1 : 0, head);
    EXPECT_EQ(read.size, 0u);
    EXPECT_EQ(read.status, 0u);
  }
  EXPECT_EQ(read_head(text, text.size() - 1, head).size, text.size());
}

TEST(WebHead, WhatTwoReadersCouldTakeForTwoThingsIsRefused) {
  for (const char* lines : {
           "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
           "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
           "Content-Length: 5\r\nContent-Length: 5\r\n",
           "Content-Length: 5, 5\r\n",
           "Content-Length: +5\r\n",
           "Content-Length: 0x5\r\n",
           "Content-Length:\r\n",
           "Content-Length: 99999999999999999999\r\n",
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
           "Host: localhost\r\n",
           "Content-Length : 5\r\n",
           " Content-Length: 5\r\n",
           "X: a\r\n b\r\n",
           "X: a\r\n\tb\r\n",
           "X: a\nContent-Length: 5\r\n",
           "X: a\rContent-Length: 5\r\n",
           "no colon\r\n",
           ": nameless\r\n",
           "X\x01: a\r\n",
           "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n",
           "Origin: http://a\r\nOrigin: http://b\r\n",
           "Expect: 200-maybe\r\n",
       })
    EXPECT_EQ(read(get(lines)).status, 400u) << lines;
  EXPECT_EQ(read(get(std::string("X: a\0b\r\n", 8))).status, 400u);
  EXPECT_EQ(read(get("Transfer-Encoding: chunked\r\n")).status, 411u);
  EXPECT_EQ(read("GET / HTTP/1.1\r\n\r\n").status, 400u);  // no Host
}

TEST(WebHead, AFirstLineThatIsNotExactlyOneIsRefused) {
  const std::string rest = "\r\nHost: localhost\r\n\r\n";
  for (const char* line :
       {"GET  / HTTP/1.1", "GET / HTTP/1.1 ", " GET / HTTP/1.1", "GET /", "GET", "",
        "GET /a b HTTP/1.1", "GET http://localhost/ HTTP/1.1", "GET * HTTP/1.1",
        "GET /\xc3\xa4 HTTP/1.1", "GET /# HTTP/1.1", "GET /\\..\\ HTTP/1.1", "G\tT / HTTP/1.1",
        "ABCDEFGHIJKLMNOPQ / HTTP/1.1", "GET / http/1.1", "GET / FTP/1.1"})
    EXPECT_EQ(read(line + rest).status, 400u) << line;
  EXPECT_EQ(read("GET / HTTP/2.0" + rest).status, 505u);
  EXPECT_EQ(read("PRI / HTTP/2.0" + rest).status, 505u);
}

TEST(WebHead, IsRefusedWhereItIsTooLong) {
  EXPECT_EQ(read(get("X: " + std::string(most_head_bytes, 'a') + "\r\n")).status, 431u);
  EXPECT_EQ(read("GET /" + std::string(most_head_bytes, 'a')).status, 431u);  // no end in sight
  std::string many;
  for (std::size_t i = 0; i < most_head_fields; ++i) many += "X: a\r\n";
  EXPECT_EQ(read(get(many)).status, 431u);
}

TEST(WebHead, EndsTheConnectionForOldClientsAndThoseThatAskForIt) {
  WebHead head;
  ASSERT_GT(read_head("GET / HTTP/1.0\r\nHost: a\r\n\r\n", 0, head).size, 0u);
  EXPECT_FALSE(head.keep_alive);
  ASSERT_GT(read_head(get("Connection: foo, Close\r\n"), 0, head).size, 0u);
  EXPECT_FALSE(head.keep_alive);
  const std::string refused = get("Accept-Encoding: gzip;q=0\r\n");
  ASSERT_GT(read_head(refused, 0, head).size, 0u);
  EXPECT_FALSE(head.takes_gzip);
}

}  // namespace
}  // namespace gangline
