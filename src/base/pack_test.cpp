#include "base/pack.h"

#include <gtest/gtest.h>

namespace gangline {
namespace {

TEST(Pack, WhatIsPackedComesBack) {
  Packer packer;
  packer.u8(7);
  packer.i64(-5);
  packer.f64(0.25);
  packer.flag(true);
  packer.text("dog");
  Unpacker unpacker(packer.bytes());
  EXPECT_EQ(unpacker.u8(), 7);
  EXPECT_EQ(unpacker.i64(), -5);
  EXPECT_EQ(unpacker.f64(), 0.25);
  EXPECT_TRUE(unpacker.flag());
  EXPECT_EQ(unpacker.text(), "dog");
  EXPECT_TRUE(unpacker.ok());
  EXPECT_TRUE(unpacker.at_end());
}

TEST(Pack, ALengthLargerThanWhatIsThereIsBrokenAndStaysBroken) {
  Packer packer;
  packer.u32(1000);
  packer.u32(1);
  Unpacker text(packer.bytes());
  EXPECT_EQ(text.text(), "");
  EXPECT_FALSE(text.ok());
  EXPECT_EQ(text.u32(), 0u);
  Unpacker count(packer.bytes());
  EXPECT_EQ(count.count(), 0u);
  EXPECT_FALSE(count.ok());
}

}  // namespace
}  // namespace gangline
