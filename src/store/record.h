// SPDX-License-Identifier: Apache-2.0
//
// One message as RocketMQ stores it and sends it to consumers (rocketmq wire 1.11, disk 4): encode
// and decode. The same bytes lie in the log and travel to clients. Runs on: any agent.  Owns:
// nothing; views live as long as the bytes they were decoded from. Invariant: decode_record never
// reads past the bytes given and never trusts a length in them.
#pragma once

#include <bolide/host.h>

#include "base/crc.h"
#include "base/result.h"

#include <cstdint>
#include <string_view>

namespace bolide::store {

inline constexpr std::uint32_t magic_v1 = 0xDAA320A7U;
inline constexpr std::uint32_t magic_v2 = 0xDAA320ABU;     // two-byte topic length
inline constexpr std::uint32_t magic_blank = 0xCBD43194U;  // rest of a segment
inline constexpr std::size_t blank_bytes = 8;
inline constexpr std::size_t topic_bytes_v1_max = 127;
inline constexpr std::size_t properties_bytes_max = 32'767;
// `__CRC32#` SOH ten digits STX: the last property of every record that we write.
inline constexpr std::size_t crc_property_bytes = 20;

namespace sys_flag {
inline constexpr std::int32_t compressed = 1;
inline constexpr std::int32_t multi_tags = 2;
inline constexpr std::int32_t transaction_mask = 12;
inline constexpr std::int32_t prepared = 4;
inline constexpr std::int32_t commit = 8;
inline constexpr std::int32_t rollback = 12;
inline constexpr std::int32_t born_host_v6 = 16;
inline constexpr std::int32_t store_host_v6 = 32;
inline constexpr std::int32_t need_unwrap = 64;
inline constexpr std::int32_t inner_batch = 128;
inline constexpr std::int32_t compression_mask = 0x700;
}  // namespace sys_flag

// What a record holds. For encoding the caller fills everything but body_crc and total_size; the
// host bits of sys_flag are set from the hosts, whatever the caller says.
struct Record {
  std::uint32_t total_size = 0;
  std::uint32_t body_crc = 0;
  std::int32_t queue_id = 0;
  std::int32_t flag = 0;
  std::int64_t queue_offset = 0;
  std::int64_t position = 0;  // physical offset in the log
  std::int32_t sys_flag = 0;
  std::int64_t born_ms = 0;
  Host born_host;
  std::int64_t store_ms = 0;
  Host store_host;
  std::int32_t reconsume_times = 0;
  std::int64_t prepared_position = 0;
  std::string_view body;
  std::string_view topic;
  std::string_view properties;  // decoded: with the CRC property, if any
};

// Bytes that encode_record will write for `record` (its properties without CRC property).
// Requires: topic of 1..255 bytes; properties short enough (properties_fit).
std::size_t record_size(const Record& record);
// Whether properties leave room for the CRC property in the 16-bit length.
bool properties_fit(std::string_view properties);

// Writes the record with both checksums to `at`, record_size(record) bytes.
void encode_record(const Record& record, char* at);

// Writes into the bytes of `record`, which was decoded from their like, how often the message was
// tried, and the checksum over all, if it has one. Nothing else changes, its size neither.
void set_reconsume_times(char* bytes, const Record& record, std::int32_t times);

// Writes the blank that ends a segment: `size` bytes long in the log, of which 8 are written.
void encode_blank(char* at, std::uint32_t size);

enum class DecodeStatus : std::uint8_t {
  record,     // *into is set
  blank,      // the rest of the segment is empty; into->total_size is its length
  end,        // zeros: nothing was written here
  truncated,  // plausible, but `bytes` ends before the record does
  corrupt,    // anything else, or a checksum that does not match
};

enum class Verify : std::uint8_t { header, checksums };

// Decodes what stands at the start of `bytes`. With Verify::checksums the body CRC and, where
// present, the CRC property are checked. Does not check `position`: the caller knows where it
// reads.
DecodeStatus decode_record(std::string_view bytes, Verify verify, Record* into);

// The store time of a record of which only the head is there (128 bytes are enough), or -1.
std::int64_t record_store_ms(std::string_view head);

// The value of a property in a properties string (1.12), or an empty view. Of a repeated one the
// last counts, as in the map that Apache's broker and clients decode it into.
std::string_view find_property(std::string_view properties, std::string_view name);

// Decoded properties without the CRC property that encode_record has put at their end: what goes
// into the next encode_record when a record is stored again.
std::string_view without_crc_property(std::string_view properties);

// Calls `each(name, value)` for every pair of a properties string, in order. As in Java's parser
// pairs without a mark, a name or a value are none.
template <class Each>
void for_each_property(std::string_view properties, Each each) {
  while (!properties.empty()) {
    const std::string_view pair = properties.substr(0, properties.find('\2'));
    properties.remove_prefix(pair.size() == properties.size() ? pair.size() : pair.size() + 1);
    const std::size_t mark = pair.find('\1');
    if (mark == std::string_view::npos || mark == 0 || mark + 1 == pair.size()) continue;
    each(pair.substr(0, mark), pair.substr(mark + 1));
  }
}

// What the indexes know of a message.
struct IndexedProperties {
  std::string_view tags;
  std::string_view keys;  // words, between spaces
  std::string_view unique_key;

  // Takes a pair, if it is one of them; pairs in their order, for the last of a name counts.
  void take(std::string_view name, std::string_view value) {
    if (name == "TAGS") tags = value;
    if (name == "KEYS") keys = value;
    if (name == "UNIQ_KEY") unique_key = value;
  }
  // The hash in the queue's entry, 0 without tags.
  std::int32_t tag_hash() const { return tags.empty() ? 0 : java_hash(tags); }
  // Calls `each` for the unique key and for every word of the keys.
  template <class Each>
  void each_key(Each each) const {
    if (!unique_key.empty()) each(unique_key);
    for (std::string_view rest = keys; !rest.empty();) {
      const std::string_view word = rest.substr(0, rest.find(' '));
      rest.remove_prefix(word.size() == rest.size() ? word.size() : word.size() + 1);
      if (!word.empty()) each(word);
    }
  }
};

inline IndexedProperties indexed_properties(std::string_view properties) {
  IndexedProperties found;
  for_each_property(
      properties, [&](std::string_view name, std::string_view value) { found.take(name, value); });
  return found;
}

}  // namespace bolide::store
