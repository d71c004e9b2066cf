// SPDX-License-Identifier: Apache-2.0
//
// Tests of frames and headers.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "base/cursor.h"
#include "protocols/remoting/wire/frame.h"
#include "protocols/remoting/wire/header.h"

#include <gtest/gtest.h>

namespace bolide::remoting {
namespace {

std::string frame_of(Serialization serialization, std::string_view header, std::string_view body) {
  std::string out(frame_prefix_bytes, '\0');
  write_frame_prefix(out.data(), serialization, header.size(), body.size());
  return out.append(header).append(body);
}

std::string encoded(const HeaderOut& out, Serialization serialization) {
  std::string bytes(header_bytes_max(out), '\0');
  bytes.resize(encode_header(out, serialization, 0, bytes.data()));
  return bytes;
}

TEST(Frame, is_cut_off_the_stream) {
  const std::string two = frame_of(Serialization::json, "{}", "body") + "more";
  Frame frame;
  ASSERT_EQ(read_frame(two, 1000, &frame), FrameStatus::complete);
  EXPECT_EQ(frame.header, "{}");
  EXPECT_EQ(frame.body, "body");
  EXPECT_EQ(frame.size, two.size() - 4);
}

TEST(Frame, is_incomplete_at_every_byte_before_its_end) {
  const std::string whole = frame_of(Serialization::binary, "0123456789", "body");
  Frame frame;
  for (std::size_t n = 0; n < whole.size(); ++n) {
    EXPECT_EQ(read_frame(std::string_view(whole).substr(0, n), 1000, &frame),
              FrameStatus::incomplete);
  }
}

TEST(Frame, tells_what_is_wrong_from_the_first_bytes) {
  Frame frame;
  using namespace std::string_view_literals;
  EXPECT_EQ(read_frame("\xFF\xFF\xFF\xFF"sv, 1000, &frame), FrameStatus::bad_length);
  EXPECT_EQ(read_frame("\0\0\0\3"sv, 1000, &frame), FrameStatus::bad_length);
  EXPECT_EQ(read_frame("\0\0\4\0"sv, 1000, &frame), FrameStatus::bad_length);
  EXPECT_EQ(read_frame("\0\0\0\10\2\0\0\0"sv, 1000, &frame), FrameStatus::bad_serialization);
  EXPECT_EQ(read_frame("\0\0\0\10\0\0\0\5"sv, 1000, &frame), FrameStatus::bad_header_length);
  EXPECT_EQ(read_frame("GET / HTTP/1.1"sv, 1000, &frame), FrameStatus::bad_length);
}

TEST(Header, survives_both_serialisations) {
  const ExtField fields[] = {{"topic", "a\x01\"\\\n\xE4\xBD\xA0"}, {"queueId", "7"}};
  const HeaderOut out{.code = 310, .opaque = -5, .flag = 2, .remark = "why", .fields = fields};
  for (auto serialization : {Serialization::json, Serialization::binary}) {
    const std::string bytes = encoded(out, serialization);
    Frame frame;
    ASSERT_EQ(read_frame(bytes, 1000, &frame), FrameStatus::complete);
    EXPECT_EQ(frame.serialization, serialization);
    Header header;
    std::string scratch;
    ASSERT_TRUE(decode_header(frame, &scratch, &header).has_value());
    EXPECT_EQ(header.code, 310);
    EXPECT_EQ(header.opaque, -5);
    EXPECT_TRUE(header.is_one_way());
    EXPECT_EQ(header.remark, "why");
    EXPECT_EQ(header.field("topic"), fields[0].second);
    EXPECT_EQ(header.field("queueId"), "7");
    EXPECT_EQ(header.field("absent"), "");
    EXPECT_EQ(header.language, "CPP");
  }
}

TEST(Header, reads_json_as_leniently_as_rocketmq) {
  const std::string text =
      R"({"code":"34","flag":1.5,"opaque":null,"extFields":{"a":1,"a":2},"x":[{}]})";
  Frame frame{.serialization = Serialization::json, .header = text, .body = {}, .size = 0};
  Header header;
  std::string scratch;
  ASSERT_TRUE(decode_header(frame, &scratch, &header).has_value());
  EXPECT_EQ(header.code, 34);
  EXPECT_EQ(header.flag, 1);
  EXPECT_EQ(header.opaque, 0);
  EXPECT_EQ(header.field("a"), "2");
}

TEST(Header, of_a_binary_frame_never_reads_past_its_end) {
  const ExtField fields[] = {{"topic", "abc"}};
  const std::string bytes =
      encoded({.code = 1, .remark = "r", .fields = fields}, Serialization::binary);
  const std::string_view header = std::string_view(bytes).substr(frame_prefix_bytes);
  Header decoded;
  std::string scratch;
  for (std::size_t n = 0; n < header.size(); ++n) {
    const Frame cut{.serialization = Serialization::binary, .header = header.substr(0, n)};
    EXPECT_FALSE(decode_header(cut, &scratch, &decoded).has_value()) << n;
  }
}

}  // namespace
}  // namespace bolide::remoting
