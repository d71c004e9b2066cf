// SPDX-License-Identifier: Apache-2.0
//
// Records to and from bytes (rocketmq wire 1.11).
// Runs on: any agent.  Owns: nothing.  Invariant: see record.h.
#include "store/record.h"

#include "base/assert.h"
#include "base/crc.h"
#include "base/cursor.h"

#include <algorithm>
#include <limits>

namespace bolide::store {
namespace {

constexpr std::string_view crc_name = "__CRC32#\1";
constexpr char pair_end = '\2';
// Everything of fixed size with two hosts of 4 bytes and a one-byte topic length.
constexpr std::size_t fixed_bytes = 91;
constexpr std::size_t host_v6_more_bytes = 12;
constexpr std::size_t flags_at = 36;
constexpr std::size_t times_at = 72;  // with two hosts of 4 bytes

bool needs_pair_end(std::string_view properties) {
  return !properties.empty() && properties.back() != pair_end;
}

std::size_t stored_properties_size(std::string_view properties) {
  return properties.size() + (needs_pair_end(properties) ? 1 : 0) + crc_property_bytes;
}

void put_host(Writer& to, const Host& host) {
  to.bytes({reinterpret_cast<const char*>(host.bytes), host.size});
  to.u32(host.port);
}

void take_host(ByteReader& from, bool v6, Host* into) {
  into->size = v6 ? 16 : 4;
  const std::string_view bytes = from.bytes(into->size);
  std::copy(bytes.begin(), bytes.end(), into->bytes);
  into->port = static_cast<std::uint16_t>(from.u32());
}

// Ten decimal digits, least significant first.
void put_crc_property(char* at, std::uint32_t crc) {
  at = std::copy(crc_name.begin(), crc_name.end(), at);
  for (int i = 0; i < 10; ++i, crc /= 10) *at++ = static_cast<char>('0' + crc % 10);
  *at = pair_end;
}

std::uint32_t record_crc(std::string_view record) {
  return crc32(record.substr(0, record.size() - crc_property_bytes)) & 0x7FFFFFFFU;
}

bool has_crc_property(std::string_view properties) {
  return properties.size() >= crc_property_bytes && properties.back() == pair_end &&
         properties.substr(properties.size() - crc_property_bytes).starts_with(crc_name);
}

// The record's own checksum covers the body too, so the body's is asked only where there is no
// other.
bool checksums_match(std::string_view bytes, const Record& record) {
  if (has_crc_property(record.properties)) {
    char expected[crc_property_bytes];
    put_crc_property(expected, record_crc(bytes));
    return bytes.ends_with(std::string_view(expected, sizeof expected));
  }
  return record.body.empty() || (crc32(record.body) & 0x7FFFFFFFU) == record.body_crc;
}

void take_fields(ByteReader& from, std::uint32_t magic, Record* into) {
  into->body_crc = from.u32();
  into->queue_id = from.i32();
  into->flag = from.i32();
  into->queue_offset = from.i64();
  into->position = from.i64();
  into->sys_flag = from.i32();
  into->born_ms = from.i64();
  take_host(from, (into->sys_flag & sys_flag::born_host_v6) != 0, &into->born_host);
  into->store_ms = from.i64();
  take_host(from, (into->sys_flag & sys_flag::store_host_v6) != 0, &into->store_host);
  into->reconsume_times = from.i32();
  into->prepared_position = from.i64();
  into->body = from.bytes(from.u32());
  into->topic = from.bytes(magic == magic_v2 ? from.u16() : from.u8());
  into->properties = from.bytes(from.u16());
}

}  // namespace

std::size_t record_size(const Record& record) {
  return fixed_bytes + (record.topic.size() > topic_bytes_v1_max ? 1 : 0) +
         (record.born_host.v6() ? host_v6_more_bytes : 0) +
         (record.store_host.v6() ? host_v6_more_bytes : 0) + record.body.size() +
         record.topic.size() + stored_properties_size(record.properties);
}

bool properties_fit(std::string_view properties) {
  return stored_properties_size(properties) <= properties_bytes_max;
}

void encode_record(const Record& record, char* at) {
  const std::size_t size = record_size(record);
  const bool v2 = record.topic.size() > topic_bytes_v1_max;
  BOLIDE_ASSERT(!record.topic.empty() && record.topic.size() <= 255);
  BOLIDE_ASSERT(properties_fit(record.properties));
  Writer to(at, size);
  to.u32(static_cast<std::uint32_t>(size));
  to.u32(v2 ? magic_v2 : magic_v1);
  to.u32(crc32(record.body) & 0x7FFFFFFFU);
  to.i32(record.queue_id);
  to.i32(record.flag);
  to.i64(record.queue_offset);
  to.i64(record.position);
  to.i32((record.sys_flag & ~(sys_flag::born_host_v6 | sys_flag::store_host_v6)) |
         (record.born_host.v6() ? sys_flag::born_host_v6 : 0) |
         (record.store_host.v6() ? sys_flag::store_host_v6 : 0));
  to.i64(record.born_ms);
  put_host(to, record.born_host);
  to.i64(record.store_ms);
  put_host(to, record.store_host);
  to.i32(record.reconsume_times);
  to.i64(record.prepared_position);
  to.u32(static_cast<std::uint32_t>(record.body.size()));
  to.bytes(record.body);
  if (v2) {
    to.u16(static_cast<std::uint16_t>(record.topic.size()));
  } else {
    to.u8(static_cast<std::uint8_t>(record.topic.size()));
  }
  to.bytes(record.topic);
  to.u16(static_cast<std::uint16_t>(stored_properties_size(record.properties)));
  to.bytes(record.properties);
  if (needs_pair_end(record.properties)) to.u8(static_cast<std::uint8_t>(pair_end));
  put_crc_property(to.position(), record_crc({at, size}));
}

void set_reconsume_times(char* bytes, const Record& record, std::int32_t times) {
  const std::size_t at = times_at + (record.born_host.v6() ? host_v6_more_bytes : 0) +
                         (record.store_host.v6() ? host_v6_more_bytes : 0);
  BOLIDE_ASSERT(at + sizeof times <= record.total_size);
  store_big(bytes + at, times);
  if (has_crc_property(record.properties))
    put_crc_property(bytes + record.total_size - crc_property_bytes,
                     record_crc({bytes, record.total_size}));
}

void encode_blank(char* at, std::uint32_t size) {
  store_big(at, size);
  store_big(at + 4, magic_blank);
}

DecodeStatus decode_record(std::string_view bytes, Verify verify, Record* into) {
  if (bytes.size() < blank_bytes) return DecodeStatus::truncated;
  const auto size = load_big<std::uint32_t>(bytes.data());
  const auto magic = load_big<std::uint32_t>(bytes.data() + 4);
  if (size == 0 && magic == 0) return DecodeStatus::end;
  into->total_size = size;
  if (magic == magic_blank)
    return size >= blank_bytes ? DecodeStatus::blank : DecodeStatus::corrupt;
  if (magic != magic_v1 && magic != magic_v2) return DecodeStatus::corrupt;
  if (size < fixed_bytes || size > std::numeric_limits<std::int32_t>::max())
    return DecodeStatus::corrupt;
  if (size > bytes.size()) return DecodeStatus::truncated;
  bytes = bytes.substr(0, size);
  ByteReader from(bytes.substr(blank_bytes));
  take_fields(from, magic, into);
  if (from.failed() || from.remaining() != 0 || into->topic.empty()) return DecodeStatus::corrupt;
  if (verify == Verify::checksums && !checksums_match(bytes, *into)) return DecodeStatus::corrupt;
  return DecodeStatus::record;
}

std::int64_t record_store_ms(std::string_view head) {
  ByteReader from(head);
  from.skip(flags_at);
  const std::int32_t flags = from.i32();
  from.skip(8 + ((flags & sys_flag::born_host_v6) != 0 ? 20 : 8));
  const std::int64_t store_ms = from.i64();
  return from.failed() ? -1 : store_ms;
}

std::string_view find_property(std::string_view properties, std::string_view name) {
  std::string_view found;
  for_each_property(properties, [&](std::string_view at, std::string_view value) {
    if (at == name) found = value;
  });
  return found;
}

std::string_view without_crc_property(std::string_view properties) {
  if (has_crc_property(properties)) properties.remove_suffix(crc_property_bytes);
  return properties;
}

}  // namespace bolide::store
