#include "shell/typed_ahead.h"

#include <gtest/gtest.h>

namespace gangline {
namespace {

TEST(TypedAhead, KeepsSoMuchAndDropsTheRestItsEndToo) {
  TypedAhead typed;
  typed.add("ls\n");
  typed.add_end();
  EXPECT_EQ(typed.bytes(), "ls\n\x04");
  typed.was_read(1);
  EXPECT_EQ(typed.bytes(), "s\n\x04");
  typed.add(std::string(TypedAhead::most, 'x'));
  EXPECT_EQ(typed.bytes().size(), TypedAhead::most);
  typed.add_end();
  EXPECT_EQ(typed.bytes().size(), TypedAhead::most);
  EXPECT_EQ(typed.bytes().back(), 'x');
}

}  // namespace
}  // namespace gangline
