#include "launch/book.h"

#include <gtest/gtest.h>

namespace gangline {
namespace {

TEST(Book, turns_that_went_back_are_told_to_whoever_has_not_heard_of_it) {
  Book book;
  book.apply(EpochRecord{"e", 1});
  Allocation allocation;
  allocation.parts = {NodePart{NodeId{0}, {TaskPlace{}}}};
  book.apply(OrderRecord{1, {7}, 1, 0, {{5, 10}}, std::make_shared<const Allocation>(allocation)});
  book.apply(ReturnedRecord{{7}, {6, 10}, 3, Time{1}});
  EXPECT_EQ(book.returned_since({7}, 2).within({0, 100}), (std::vector<Range>{{6, 10}}));
  EXPECT_TRUE(book.returned_since({7}, 3).empty());
  EXPECT_TRUE(book.returned_since({8}, 2).empty());
  // They may be asked for again, with the same attempt.
  EXPECT_EQ(book.unknown({7}, 1, {5, 10}), (std::vector<Range>{{6, 10}}));
  book.acknowledge(3);
  EXPECT_TRUE(book.returned_since({7}, 2).empty());
}

}  // namespace
}  // namespace gangline
