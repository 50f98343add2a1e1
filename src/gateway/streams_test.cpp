#include "gateway/streams.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <map>

#include "gateway/remembered.h"

namespace gangline {
namespace {

/// A client that keeps what it was sent.
class FakeLine final : public WebLine {
 public:
  std::uint64_t number() const override { return 1; }
  void answer(std::uint64_t, WebAnswer) override {}
  void stream(std::uint64_t, WebAnswer) override {}
  bool send(std::uint64_t, const WebBody& bytes) override {
    if (closed) return false;
    if (bytes.held) text += bytes.bytes;  // breaths, gone and back are of nobody
    else rest += bytes.bytes;
    all += bytes.bytes;
    pieces.push_back(bytes.bytes.data());
    return true;
  }
  std::size_t unsent(std::uint64_t) const override { return 0; }
  void end(std::uint64_t) override { closed = true; }
  void on_left(std::uint64_t, std::function<void()> whom) override { left = std::move(whom); }
  bool prove(std::uint64_t) override { return true; }

  std::string text, rest, all;
  std::vector<const char*> pieces;
  std::function<void()> left;
  bool closed = false;
};

struct Hall {
  Loop loop;
  CallPool pool{loop,
                {[]() -> Result<Fd> {
                   return Error{ErrorKind::unavailable, "nobody is there", "", ""};
                 },
                 "test"}};
  Streams streams{loop, pool};

  std::shared_ptr<FakeLine> open(std::optional<StreamPlace> place = {}, std::uint64_t holder = 7,
                                 bool packed = false) {
    auto line = std::make_shared<FakeLine>();
    streams.open(WebExchange(line), holder, std::move(place), packed);
    return line;
  }
  void happen(std::uint64_t after, std::uint64_t last) {
    std::vector<FeedEntry> entries;
    for (std::uint64_t n = after + 1; n <= last; ++n) {
      entries.emplace_back();
      entries.back().number = n;
    }
    streams.entries("s", after, entries);
  }
};

/// The numbers of the ids, in their order: "4 5 6".
std::string ids_of(const std::string& text) {
  std::string ids;
  for (std::size_t at = text.find("id: s-"); at != std::string::npos;
       at = text.find("id: s-", at + 1)) {
    const auto end = text.find('\n', at);
    ids += (ids.empty() ? "" : " ") + text.substr(at + 6, end - at - 6);
  }
  return ids;
}

/// Of a gzip that goes on: ended, so that it can be read.
std::string unpacked(std::string packed) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  std::string out(1 << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_SYNC_FLUSH), Z_OK);
  EXPECT_EQ(stream.avail_in, 0u);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

TEST(Streams, EachHasEachEntryOnceFromWhereItWas) {
  Hall hall;
  const auto early = hall.open();  // before it is known where it begins
  hall.streams.begins("s", 3);
  hall.happen(3, 6);
  const auto now = hall.open();
  const auto from_start = hall.open(StreamPlace{"s", 3});
  const auto from_middle = hall.open(StreamPlace{"s", 5});
  hall.happen(6, 8);
  EXPECT_EQ(ids_of(early->text), "3 4 5 6 7 8");
  EXPECT_EQ(ids_of(now->text), "6 7 8");
  EXPECT_EQ(ids_of(from_start->text), "4 5 6 7 8");
  EXPECT_EQ(ids_of(from_middle->text), "6 7 8");
}

TEST(Streams, PackedSayTheSameAsOthers) {
  Hall hall;
  hall.streams.begins("s", 3);
  hall.happen(3, 6);
  const auto plain = hall.open(StreamPlace{"s", 3}),
             packed = hall.open(StreamPlace{"s", 3}, 7, true);
  const auto from_middle = hall.open(StreamPlace{"s", 5}, 7, true);
  hall.happen(6, 8);
  const auto other = hall.open({}, 7, true);
  hall.streams.gone();
  hall.streams.back();
  hall.happen(8, 900);
  EXPECT_EQ(packed->pieces.back(), other->pieces.back()) << "it was packed twice";
  hall.streams.begins("t", 1);
  EXPECT_EQ(unpacked(packed->all), plain->all);
  EXPECT_EQ(ids_of(unpacked(from_middle->all)).substr(0, 7), "6 7 8 9");
  EXPECT_EQ(ids_of(unpacked(other->all)).substr(0, 6), "8 9 10");
  EXPECT_LT(packed->all.size(), plain->all.size() / 4);
}

TEST(Streams, ShareTheBytesOfWhatTheyAreSent) {
  Hall hall;
  hall.streams.begins("s", 0);
  const auto a = hall.open(), b = hall.open();
  hall.happen(0, 10);
  EXPECT_EQ(a->pieces.back(), b->pieces.back());
}

TEST(Streams, BeginAnewWhereTheStoreIsAnotherOne) {
  Hall hall;
  hall.streams.begins("s", 5);
  const auto other = hall.open(StreamPlace{"another", 5});
  EXPECT_NE(other->text.find("id: s-5\nevent: reset\n"), std::string::npos) << other->text;
  const auto same = hall.open();
  hall.streams.begins("s", 1);
  EXPECT_NE(same->text.find("id: s-1\nevent: reset\n"), std::string::npos) << same->text;
  hall.happen(1, 2);
  EXPECT_EQ(ids_of(same->text), "5 1 2");
}

TEST(Streams, SayWhenTheServiceIsGoneAndBack) {
  Hall hall;
  hall.streams.begins("s", 5);
  const auto line = hall.open();
  hall.streams.gone();
  EXPECT_NE(line->rest.find("event: gone\n"), std::string::npos);
  const auto late = hall.open();
  EXPECT_NE(late->rest.find("event: gone\n"), std::string::npos);
  hall.streams.back();
  EXPECT_NE(line->rest.find("event: back\n"), std::string::npos);
  hall.happen(5, 6);
  EXPECT_EQ(ids_of(line->text), "5 6");
}

TEST(Streams, ThoseOfATokenThatHoldsNoMoreEnd) {
  Hall hall;
  hall.streams.begins("s", 0);
  const auto stays = hall.open({}, 7), ends = hall.open({}, 8);
  EXPECT_EQ(hall.streams.count_of(8), 1u);
  hall.streams.end_unless([](std::uint64_t holder) { return holder == 7; });
  EXPECT_TRUE(ends->closed);
  EXPECT_FALSE(stays->closed);
  EXPECT_EQ(hall.streams.count_of(8), 0u);
  EXPECT_EQ(hall.streams.count(), 1u);
}

TEST(StreamPlace, IsTheStoreAndTheNumber) {
  const auto place = read_stream_place("a-b-12");
  ASSERT_TRUE(place);
  EXPECT_EQ(place->of, "a-b");
  EXPECT_EQ(place->number, 12u);
  for (const char* text : {"", "-", "12", "-12", "a-", "a-x", "a--1", "a-99999999999999999999"})
    EXPECT_EQ(read_stream_place(text).has_value(), std::string_view(text) == "a--1") << text;
}

TEST(Remembered, ForgetsAfterASecondAndWhenSomethingHappens) {
  Remembered remembered;
  const auto keep = [&](std::uint64_t during) {
    remembered.keep("/v1/jobs", {web_body("[]"), std::nullopt, "", seconds(10)}, during);
  };
  keep(remembered.turn());
  EXPECT_NE(remembered.find("/v1/jobs", seconds(10)), nullptr);
  EXPECT_EQ(remembered.find("/v1/jobs?all", seconds(10)), nullptr);
  EXPECT_EQ(remembered.find("/v1/jobs", seconds(11)), nullptr);
  const std::uint64_t before = remembered.turn();
  keep(before);
  remembered.forget_all();
  EXPECT_EQ(remembered.find("/v1/jobs", seconds(10)), nullptr);
  keep(before);  // asked before it happened
  EXPECT_EQ(remembered.find("/v1/jobs", seconds(10)), nullptr);
}

}  // namespace
}  // namespace gangline
