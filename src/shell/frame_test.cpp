#include "shell/frame.h"

#include <gtest/gtest.h>

namespace gangline {
namespace {

TEST(Frames, ComeOutAsTheyWentInHoweverTheyAreCut) {
  const std::string stream = frame_of(FrameKind::hello, body_of({100, 30, -5})) +
                             frame_of(FrameKind::typed, "ls\n") + frame_of(FrameKind::no_more, "");
  FrameReader reader;
  std::string seen;
  for (const char byte : stream) {
    reader.feed({&byte, 1});
    const auto frame = reader.next();
    ASSERT_TRUE(frame);
    if (!*frame) continue;
    seen += static_cast<char>((*frame)->kind);
    if ((*frame)->kind == FrameKind::hello) {
      EXPECT_EQ(number_in(**frame, 0), 100);
      EXPECT_EQ(number_in(**frame, 2), -5);
      EXPECT_EQ(number_in(**frame, 3), std::nullopt);
    }
    if ((*frame)->kind == FrameKind::typed) {
      EXPECT_EQ((*frame)->body, "ls\n");
    }
  }
  EXPECT_EQ(seen, "htn");
}

TEST(Frames, ALargeBodyIsCutIntoSeveral) {
  const std::string body(3 * largest_frame / 2, 'x');
  FrameReader reader;
  reader.feed(frame_of(FrameKind::shown, body));
  const auto first = reader.next(), second = reader.next();
  ASSERT_TRUE(first && *first && second && *second);
  EXPECT_EQ((*first)->body + (*second)->body, body);
}

TEST(Frames, NonsenseAndTooLargeOnesAreRefused) {
  FrameReader reader;
  reader.feed("GET / HTTP/1.1\r\n");
  EXPECT_FALSE(reader.next());
  FrameReader other;
  other.feed(std::string("t\xff\xff\xff\xff", 5));
  EXPECT_FALSE(other.next());
}

}  // namespace
}  // namespace gangline
