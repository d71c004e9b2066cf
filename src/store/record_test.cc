// SPDX-License-Identifier: Apache-2.0
//
// Records: every field there and back, checksums, and bytes that are no records.
#include "store/record.h"

#include "base/crc.h"
#include "base/cursor.h"

#include <gtest/gtest.h>

#include <string>

namespace bolide::store {
namespace {

using std::string_literals::operator""s;

std::string encoded(const Record& record) {
  std::string bytes(record_size(record), '\xEE');
  encode_record(record, bytes.data());
  return bytes;
}

Record sample() {
  Record record;
  record.queue_id = 3;
  record.flag = 7;
  record.queue_offset = 41;
  record.position = 4096;
  record.sys_flag = sys_flag::compressed;
  record.born_ms = 1'700'000'000'123;
  record.store_ms = 1'700'000'000'456;
  record.born_host.port = 5555;
  record.reconsume_times = 2;
  record.prepared_position = 99;
  record.body = "hello";
  record.topic = "orders";
  record.properties = "TAGS\1a\2KEYS\1k1 k2";
  return record;
}

TEST(Record, comes_back_as_it_was_stored) {
  const std::string bytes = encoded(sample());
  Record back;
  ASSERT_EQ(decode_record(bytes, Verify::checksums, &back), DecodeStatus::record);
  EXPECT_EQ(back.total_size, bytes.size());
  EXPECT_EQ(back.queue_id, 3);
  EXPECT_EQ(back.flag, 7);
  EXPECT_EQ(back.queue_offset, 41);
  EXPECT_EQ(back.position, 4096);
  EXPECT_EQ(back.sys_flag, sys_flag::compressed);
  EXPECT_EQ(back.born_ms, 1'700'000'000'123);
  EXPECT_EQ(back.store_ms, 1'700'000'000'456);
  EXPECT_EQ(back.born_host.text(), "127.0.0.1:5555");
  EXPECT_EQ(back.reconsume_times, 2);
  EXPECT_EQ(back.prepared_position, 99);
  EXPECT_EQ(back.body, "hello");
  EXPECT_EQ(back.topic, "orders");
  EXPECT_EQ(without_crc_property(back.properties), "TAGS\1a\2KEYS\1k1 k2\2");
  EXPECT_EQ(find_property(back.properties, "KEYS"), "k1 k2");
  EXPECT_EQ(find_property(back.properties, "KEY"), "");
}

TEST(Properties, are_read_as_java_reads_them_into_its_map) {
  const std::string_view text = "TAGS\1a\2KEYS\1k1  k2 \2TAGS\1b\2KEYS\1\2\1x\2UNIQ_KEY\2TAGSX\1c";
  EXPECT_EQ(find_property(text, "TAGS"), "b") << "the last";
  EXPECT_EQ(find_property(text, "KEYS"), "k1  k2 ") << "an empty value is none";
  EXPECT_EQ(find_property(text, "TAGSX"), "c") << "without an end";
  EXPECT_EQ(find_property(text, "UNIQ_KEY"), "");
  const IndexedProperties found = indexed_properties(text);
  EXPECT_EQ(found.tag_hash(), java_hash("b"));
  std::vector<std::string_view> keys;
  found.each_key([&](std::string_view key) { keys.push_back(key); });
  EXPECT_EQ(keys, (std::vector<std::string_view>{"k1", "k2"}));
}

TEST(Record, ends_with_its_checksum_in_reversed_digits) {
  const std::string bytes = encoded(sample());
  std::uint32_t crc = crc32(std::string_view(bytes).substr(0, bytes.size() - 20)) & 0x7FFFFFFFU;
  std::string digits;
  for (int i = 0; i < 10; ++i, crc /= 10) digits += static_cast<char>('0' + crc % 10);
  EXPECT_EQ(bytes.substr(bytes.size() - 20), "__CRC32#\1" + digits + "\2");
}

TEST(Record, keeps_long_topics_and_ipv6_hosts) {
  Record record = sample();
  const std::string topic(200, 't');
  record.topic = topic;
  record.born_host.size = 16;
  record.store_host.size = 16;
  const std::string bytes = encoded(record);
  EXPECT_EQ(load_big<std::uint32_t>(bytes.data() + 4), magic_v2);
  Record back;
  ASSERT_EQ(decode_record(bytes, Verify::checksums, &back), DecodeStatus::record);
  EXPECT_EQ(back.topic, topic);
  EXPECT_TRUE(back.born_host.v6());
  EXPECT_TRUE(back.store_host.v6());
}

TEST(Record, takes_the_host_bits_from_the_hosts) {
  Record record = sample();
  record.sys_flag = sys_flag::born_host_v6 | sys_flag::store_host_v6;
  Record back;
  const std::string bytes = encoded(record);
  ASSERT_EQ(decode_record(bytes, Verify::checksums, &back), DecodeStatus::record);
  EXPECT_EQ(back.sys_flag, 0);
}

TEST(Record, finds_every_flipped_bit) {
  const std::string good = encoded(sample());
  // A flip in the name of the checksum property itself leaves a record without one, as Apache's
  // are.
  const std::size_t name_begin = good.size() - 20;
  const std::size_t name_end = good.size() - 11;
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    if (bit / 8 >= name_begin && bit / 8 < name_end) continue;
    if (bit / 8 == good.size() - 1) continue;
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    Record back;
    const DecodeStatus status = decode_record(bad, Verify::checksums, &back);
    EXPECT_NE(status, DecodeStatus::record) << bit;
  }
}

TEST(Record, decodes_no_prefix) {
  const std::string good = encoded(sample());
  Record back;
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_EQ(decode_record(good.substr(0, size), Verify::header, &back), DecodeStatus::truncated);
}

TEST(Record, accepts_records_without_the_checksum_property) {
  std::string bytes = encoded(sample());
  const std::size_t cut = crc_property_bytes;
  const std::size_t properties = "TAGS\1a\2KEYS\1k1 k2\2"s.size();
  bytes.resize(bytes.size() - cut);
  store_big(bytes.data(), static_cast<std::uint32_t>(bytes.size()));
  store_big(bytes.data() + bytes.size() - properties - 2, static_cast<std::uint16_t>(properties));
  Record back;
  ASSERT_EQ(decode_record(bytes, Verify::checksums, &back), DecodeStatus::record);
  bytes[bytes.find("hello")] = 'j';
  EXPECT_EQ(decode_record(bytes, Verify::checksums, &back), DecodeStatus::corrupt);
}

TEST(Record, tells_blanks_and_empty_space) {
  std::string bytes(16, '\0');
  Record into;
  EXPECT_EQ(decode_record(bytes, Verify::header, &into), DecodeStatus::end);
  encode_blank(bytes.data(), 512);
  EXPECT_EQ(decode_record(bytes, Verify::header, &into), DecodeStatus::blank);
  EXPECT_EQ(into.total_size, 512U);
}

TEST(Record, refuses_properties_that_leave_no_room_for_the_checksum) {
  EXPECT_TRUE(properties_fit(std::string(properties_bytes_max - 21, 'p')));
  EXPECT_FALSE(properties_fit(std::string(properties_bytes_max - 20, 'p')));
  EXPECT_TRUE(properties_fit(std::string(properties_bytes_max - 20, '\2')));
}

TEST(Record, takes_another_number_of_attempts_and_nothing_else_changes) {
  for (const bool v6 : {false, true}) {
    Record record = sample();
    if (v6) record.born_host.size = record.store_host.size = 16;
    std::string bytes = encoded(record);
    Record before;
    ASSERT_EQ(decode_record(bytes, Verify::checksums, &before), DecodeStatus::record);
    set_reconsume_times(bytes.data(), before, 17);
    Record after;
    ASSERT_EQ(decode_record(bytes, Verify::checksums, &after), DecodeStatus::record);
    EXPECT_EQ(after.reconsume_times, 17);
    record.reconsume_times = 17;
    EXPECT_EQ(bytes, encoded(record));
  }
}

}  // namespace
}  // namespace bolide::store
