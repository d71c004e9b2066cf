// SPDX-License-Identifier: Apache-2.0
//
// Tests of what a producer puts on the wire.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "client/send_encode.h"

#include "base/cursor.h"
#include "client/compression.h"
#include "client/message.h"

#include <gtest/gtest.h>

namespace bolide::client {
namespace {

Result<EncodedMessage> encode(Message message, const ProducerOptions& options = {}) {
  return encode_message(message, "ID", options);
}

TEST(SendEncode, puts_tag_keys_and_properties_beside_the_id) {
  const auto encoded = encode({.topic = "t",
                               .body = "b",
                               .tag = "red",
                               .keys = {"k1", "k2"},
                               .properties = {{"name", "value"}},
                               .ordering_key = "o"});
  ASSERT_TRUE(encoded);
  EXPECT_EQ(encoded->body, "b");
  EXPECT_EQ(encoded->sys_flag, 0);
  EXPECT_EQ(encoded->properties,
            "UNIQ_KEY\1ID\2WAIT\1true\2TAGS\1red\2KEYS\1k1 k2\2__SHARDINGKEY\1o\2name\1value\2");
}

TEST(SendEncode, says_when_a_message_is_to_be_seen) {
  const auto properties = [](Message message) {
    auto encoded = encode(std::move(message));
    return encoded ? encoded->properties.substr(22) : encoded.error().message();
  };
  EXPECT_EQ(properties({.topic = "t", .body = "b", .delay_level = 3}), "DELAY\0013\2");
  EXPECT_EQ(properties({.topic = "t", .body = "b", .delay = std::chrono::seconds(2)}),
            "TIMER_DELAY_MS\0012000\2");
  EXPECT_EQ(properties({.topic = "t", .body = "b", .deliver_at_ms = 99}),
            "TIMER_DELIVER_MS\00199\2");
  EXPECT_FALSE(encode({.topic = "t", .body = "b", .delay_level = -1}));
  EXPECT_FALSE(encode({.topic = "t", .body = "b", .delay_level = 1, .deliver_at_ms = 9}));
}

TEST(SendEncode, compresses_bodies_from_the_limit_on) {
  // The flags that say how (rocketmq wire 1.11): bit 0, and the method in bits 8 to 10.
  const std::pair<Compression, std::int32_t> methods[] = {
      {Compression::zlib, 0x301}, {Compression::lz4, 0x101}, {Compression::zstd, 0x201}};
  for (const auto& [method, flags] : methods) {
    const ProducerOptions options{.compression = method};
    const auto small = encode({.topic = "t", .body = std::string(4095, 'x')}, options);
    EXPECT_EQ(small->sys_flag, 0);
    const std::string body(4096, 'x');
    const auto large = encode({.topic = "t", .body = body}, options);
    EXPECT_EQ(large->sys_flag & 1, 1);
    EXPECT_EQ(large->sys_flag, flags);
    EXPECT_LT(large->body.size(), 200U);
    const auto again = inflate_body(large->body, large->sys_flag);
    ASSERT_TRUE(again);
    EXPECT_EQ(*again, body);
  }
  EXPECT_EQ(
      encode({.topic = "t", .body = std::string(9999, 'x')}, {.compression = Compression::none})
          ->sys_flag,
      0);
}

TEST(SendEncode, leaves_alone_what_compression_would_not_shorten) {
  std::string noise(5000, '\0');
  std::uint32_t state = 1;
  for (char& c : noise) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24U);
  const auto encoded = encode({.topic = "t", .body = noise});
  EXPECT_EQ(encoded->sys_flag, 0);
  EXPECT_EQ(encoded->body, noise);
}

TEST(SendEncode, refuses_what_servers_would_refuse_or_misread) {
  struct Case {
    Message message;
    Errc code;
  };
  const Case cases[] = {
      {{.topic = "t", .body = ""}, Errc::message_invalid},
      {{.topic = "a b", .body = "b"}, Errc::topic_not_valid},
      {{.topic = "t", .body = std::string((4U << 20U) + 1, 'x')}, Errc::message_too_large},
      {{.topic = "t", .body = "b", .keys = {""}}, Errc::message_invalid},
      {{.topic = "t", .body = "b", .properties = {{"TAGS", "x"}}}, Errc::message_invalid},
      {{.topic = "t", .body = "b", .properties = {{"a", ""}}}, Errc::message_invalid},
      {{.topic = "t", .body = "b", .properties = {{"a", "\2"}}}, Errc::message_invalid},
      {{.topic = "t", .body = "b", .properties = {{"a", std::string(33'000, 'x')}}},
       Errc::message_invalid},
  };
  for (const Case& one : cases) {
    const auto encoded = encode(one.message);
    ASSERT_FALSE(encoded);
    EXPECT_EQ(encoded.error().code, one.code) << encoded.error().message();
    // What to do about it is not the broker's administrator's affair alone.
    const bool names_option = encoded.error().fix().find("message_bytes_max") < std::string::npos;
    EXPECT_EQ(names_option, one.code == Errc::message_too_large);
  }
}

TEST(SendEncode, a_batch_holds_one_element_per_message) {
  const std::vector<Message> messages = {{.topic = "t", .body = "one", .flag = 5},
                                         {.topic = "t", .body = "three", .tag = "x"}};
  const std::vector<std::string> ids = {"ID1", "ID2"};
  const auto batch = encode_batch(messages, ids, {});
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->messages, 2U);
  ByteReader in(batch->encoded.body);
  for (std::size_t i = 0; i < 2; ++i) {
    const std::size_t before = in.remaining();
    const std::uint32_t size = in.u32();
    EXPECT_EQ(in.u32(), 0U) << "magic";
    EXPECT_EQ(in.u32(), 0U) << "checksum";
    EXPECT_EQ(in.u32(), static_cast<std::uint32_t>(messages[i].flag));
    EXPECT_EQ(in.bytes(in.u32()), messages[i].body);
    const auto properties = decode_properties(in.bytes(in.u16()));
    EXPECT_EQ(properties.front(), (std::pair<std::string, std::string>{"UNIQ_KEY", ids[i]}));
    EXPECT_EQ(before - in.remaining(), size);
  }
  EXPECT_EQ(in.remaining(), 0U);
}

TEST(SendEncode, a_batch_takes_what_fits_and_one_at_least) {
  std::vector<Message> messages(5, Message{.topic = "t", .body = std::string(1U << 20U, 'x')});
  const std::vector<std::string> ids(5, "ID");
  EXPECT_EQ(encode_batch(messages, ids, {})->messages, 3U);
  messages.front().body = std::string(4U << 20U, 'x');
  EXPECT_EQ(encode_batch(messages, ids, {})->messages, 1U);
}

}  // namespace
}  // namespace bolide::client
