// SPDX-License-Identifier: Apache-2.0
//
// Tests of decoding messages and bodies, of filters and ids.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "client/message.h"

#include "base/crc.h"
#include "base/cursor.h"
#include "client/compression.h"
#include "client/unique_key.h"

#include <gtest/gtest.h>
#include <lz4frame.h>
#include <zlib.h>
#include <zstd.h>

#include <array>
#include <ctime>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace bolide::client {
namespace {

struct Parts {
  std::string body = "hello";
  std::string topic = "orders";
  std::string properties = "TAGS\1paid\2KEYS\1a b\2UNIQ_KEY\1ABC\2";
  std::int32_t sys_flag = 0;
  bool long_topic = false;
};

// A record as brokers send it (rocketmq wire 1.11).
std::string record(const Parts& parts) {
  std::array<char, 512> memory{};
  Writer out(memory.data(), memory.size());
  const auto host = [&](bool v6) {
    out.bytes(std::string("\x0A\0\0\1\0\0\0\0\0\0\0\0\0\0\0\2", 16).substr(0, v6 ? 16 : 4));
    out.i32(10911);
  };
  out.u32(0);
  out.u32(parts.long_topic ? 0xDAA320ABU : 0xDAA320A7U);
  out.u32(crc32(parts.body) & 0x7FFFFFFFU);
  out.i32(3);
  out.i32(0);
  out.i64(42);
  out.i64(4096);
  out.i32(parts.sys_flag);
  out.i64(1'700'000'000'123);
  host((parts.sys_flag & 16) != 0);
  out.i64(1'700'000'000'456);
  host((parts.sys_flag & 32) != 0);
  out.i32(1);
  out.i64(0);
  out.u32(static_cast<std::uint32_t>(parts.body.size()));
  out.bytes(parts.body);
  if (parts.long_topic) {
    out.u16(static_cast<std::uint16_t>(parts.topic.size()));
  } else {
    out.u8(static_cast<std::uint8_t>(parts.topic.size()));
  }
  out.bytes(parts.topic);
  out.u16(static_cast<std::uint16_t>(parts.properties.size()));
  out.bytes(parts.properties);
  store_big(memory.data(), static_cast<std::uint32_t>(out.size()));
  return {memory.data(), out.size()};
}

TEST(Message, is_decoded_with_all_its_fields) {
  const auto messages = decode_messages(record({}) + record({.body = "second"}));
  ASSERT_TRUE(messages);
  ASSERT_EQ(messages->size(), 2U);
  const ReceivedMessage& message = messages->front();
  EXPECT_EQ(message.topic, "orders");
  EXPECT_EQ(message.queue, 3);
  EXPECT_EQ(message.offset, 42);
  EXPECT_EQ(message.position, 4096);
  EXPECT_EQ(message.born_ms, 1'700'000'000'123);
  EXPECT_EQ(message.stored_ms, 1'700'000'000'456);
  EXPECT_EQ(message.born_host.text(), "10.0.0.1:10911");
  EXPECT_EQ(message.reconsume_times, 1);
  EXPECT_EQ(message.body, "hello");
  EXPECT_EQ(message.property("TAGS"), "paid");
  EXPECT_EQ(message.property("KEYS"), "a b");
  EXPECT_EQ(message.property("none"), "");
  EXPECT_EQ(message.id(), "ABC");
  EXPECT_EQ(message.offset_id(), "0A00000100002A9F0000000000001000");
  EXPECT_EQ(messages->back().body, "second");
}

TEST(Message, without_a_unique_key_is_known_by_its_offset_id) {
  const auto messages = decode_messages(record({.properties = ""}));
  ASSERT_TRUE(messages);
  EXPECT_EQ(messages->front().id(), "0A00000100002A9F0000000000001000");
}

TEST(Message, may_have_ipv6_hosts_and_a_long_topic) {
  const std::string topic(200, 't');
  const auto messages =
      decode_messages(record({.topic = topic, .sys_flag = 16 | 32, .long_topic = true}));
  ASSERT_TRUE(messages);
  EXPECT_EQ(messages->front().topic, topic);
  EXPECT_EQ(messages->front().store_host.size, 16);
  EXPECT_EQ(messages->front().offset_id().size(), 56U);
}

TEST(Message, cut_short_anywhere_is_an_error) {
  const std::string whole = record({});
  for (std::size_t size = 1; size < whole.size(); ++size) {
    EXPECT_FALSE(decode_messages(std::string_view(whole).substr(0, size))) << size;
    // The same with a length that claims to be the right one.
    std::string part = whole.substr(0, size);
    if (size <= 4) continue;
    store_big(part.data(), static_cast<std::uint32_t>(size));
    EXPECT_FALSE(decode_messages(part)) << size;
  }
}

TEST(Message, with_a_wrong_checksum_is_marked_and_its_neighbours_are_not) {
  std::string bytes = record({});
  bytes[bytes.find("hello")] = 'j';
  const auto messages = decode_messages(record({}) + bytes + record({}));
  ASSERT_TRUE(messages);
  ASSERT_EQ(messages->size(), 3U);
  EXPECT_FALSE((*messages)[0].damaged);
  EXPECT_TRUE((*messages)[1].damaged);
  EXPECT_EQ((*messages)[1].body, "jello") << "as it came";
  EXPECT_FALSE((*messages)[2].damaged);
}

TEST(Message, that_cannot_be_decompressed_is_marked) {
  const auto messages = decode_messages(record({.sys_flag = 1}));
  ASSERT_TRUE(messages);
  EXPECT_TRUE(messages->front().damaged);
  EXPECT_EQ(messages->front().body, "hello");
}

const std::string original(100'000, 'x');

std::string by_zlib() {
  std::string out(compressBound(original.size()), '\0');
  uLongf size = out.size();
  EXPECT_EQ(compress(reinterpret_cast<Bytef*>(out.data()), &size,
                     reinterpret_cast<const Bytef*>(original.data()), original.size()),
            Z_OK);
  out.resize(size);
  return out;
}

std::string by_lz4() {
  std::string out(LZ4F_compressFrameBound(original.size(), nullptr), '\0');
  out.resize(LZ4F_compressFrame(out.data(), out.size(), original.data(), original.size(), nullptr));
  return out;
}

std::string by_zstd() {
  std::string out(ZSTD_compressBound(original.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), original.data(), original.size(), 3));
  return out;
}

struct Method {
  int flag;
  std::string bytes;
};

std::array<Method, 4> methods() {
  return {
      {{1, by_zlib()}, {1 | 3 << 8, by_zlib()}, {1 | 1 << 8, by_lz4()}, {1 | 2 << 8, by_zstd()}}};
}

TEST(Compression, is_undone_by_the_method_that_the_message_names) {
  for (const Method& method : methods()) {
    const auto body = inflate_body(method.bytes, method.flag);
    ASSERT_TRUE(body) << method.flag << ": " << body.error().message();
    EXPECT_EQ(*body, original) << method.flag;
  }
}

TEST(Compression, stops_at_the_bound) {
  for (const Method& method : methods()) {
    ASSERT_TRUE(inflate_body(method.bytes, method.flag, original.size())) << method.flag;
    const auto body = inflate_body(method.bytes, method.flag, original.size() - 1);
    ASSERT_FALSE(body) << method.flag;
    EXPECT_EQ(body.error().code, Errc::message_too_large) << method.flag;
  }
}

TEST(Compression, cut_short_is_an_error) {
  for (const Method& method : methods()) {
    for (const std::size_t kept : {std::size_t{0}, std::size_t{1}, method.bytes.size() - 1}) {
      const auto body = inflate_body(std::string_view(method.bytes).substr(0, kept), method.flag);
      EXPECT_FALSE(body) << method.flag << " " << kept;
    }
  }
}

TEST(Compression, by_a_method_that_is_not_known_is_an_error) {
  EXPECT_FALSE(inflate_body("x", 1 | 7 << 8));
}

TEST(Properties, pass_over_what_is_no_pair) {
  const Properties expected = {{"a", "1"}, {"b", "2"}};
  EXPECT_EQ(decode_properties("a\0011\002\001x\002c\001\002junk\002b\0012"), expected);
}

TEST(Properties, come_back_as_they_went) {
  const Properties properties = {{"TAGS", "x"}, {"name", "a value = with ; marks"}};
  const auto text = encode_properties(properties);
  ASSERT_TRUE(text);
  EXPECT_EQ(decode_properties(*text), properties);
}

TEST(Properties, that_the_notation_cannot_hold_are_refused) {
  EXPECT_FALSE(encode_properties({{"", "x"}}));
  EXPECT_FALSE(encode_properties({{"x", ""}}));
  EXPECT_FALSE(encode_properties({{"a\1b", "x"}}));
  EXPECT_FALSE(encode_properties({{"a", "x\2y"}}));
}

TEST(Tags, match_any_of_an_expression) {
  EXPECT_TRUE(tag_matches("*", ""));
  EXPECT_TRUE(tag_matches("", "x"));
  EXPECT_TRUE(tag_matches("a || b", "b"));
  EXPECT_TRUE(tag_matches("a||b", "a"));
  EXPECT_FALSE(tag_matches("a || b", "c"));
  EXPECT_FALSE(tag_matches("a || b", ""));
}

TEST(UniqueKeys, differ_and_have_32_hexadecimal_digits) {
  UniqueKeys keys({.address = 0x0A000001, .process = 77, .seed = 5});
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(keys.next(1'700'000'000'000));
  EXPECT_EQ(seen.size(), 1000U);
  const std::string& key = *seen.begin();
  EXPECT_EQ(key.size(), 32U);
  EXPECT_EQ(key.substr(0, 20), "0A000001004D00000005");
  EXPECT_EQ(key.find_first_not_of("0123456789ABCDEF"), std::string::npos);
}

TEST(UniqueKeys, tell_the_time_since_the_month_began_here) {
  // Half an hour steps also over months in which the clocks change, where this machine's do.
  UniqueKeys keys({});
  for (std::time_t now = 1'740'000'000; now < 1'775'000'000; now += 1800) {
    std::tm month{};
    ::localtime_r(&now, &month);
    month.tm_mday = 1;
    month.tm_hour = month.tm_min = month.tm_sec = 0;
    month.tm_isdst = -1;
    const std::string key = keys.next(now * 1000 + 7);
    const auto since = std::stoul(key.substr(20, 8), nullptr, 16);
    ASSERT_EQ(since, static_cast<unsigned long>((now - std::mktime(&month)) * 1000 + 7)) << now;
  }
}

// ThreadSanitizer's: makers share nothing, the C library's time zone neither.
TEST(UniqueKeys, makers_do_not_disturb_each_other) {
  std::vector<std::thread> threads;
  std::vector<std::string> last(4);
  for (std::string& key : last) {
    threads.emplace_back([&key] {
      UniqueKeys keys({});
      for (WallMs month = 0; month < 100; ++month) key = keys.next(month * 2'678'400'000);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& key : last) EXPECT_EQ(key, last[0]);
}

}  // namespace
}  // namespace bolide::client
