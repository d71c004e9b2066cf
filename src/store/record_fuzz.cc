// SPDX-License-Identifier: Apache-2.0
//
// Feeds arbitrary bytes to decode_record; what decodes is encoded again and must decode the same.
#include "base/assert.h"
#include "store/record.h"

#include <string>

using namespace bolide::store;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Record record;
  find_property(bytes, "KEYS");
  if (decode_record(bytes, Verify::header, &record) != DecodeStatus::record) return 0;
  record.properties = without_crc_property(record.properties);
  if (record.topic.size() > 255 || !properties_fit(record.properties)) return 0;
  std::string again(record_size(record), '\0');
  encode_record(record, again.data());
  Record other;
  BOLIDE_ASSERT(decode_record(again, Verify::checksums, &other) == DecodeStatus::record);
  BOLIDE_ASSERT(other.body == record.body && other.topic == record.topic);
  BOLIDE_ASSERT(other.position == record.position && other.queue_offset == record.queue_offset);
  BOLIDE_ASSERT(other.properties.starts_with(record.properties));
  return 0;
}
