// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the properties that name light queues: whatever they hold, what comes out is a queue and
// an offset.
#include "store/multi_dispatch.h"

#include "base/assert.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bolide::store;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Record record;
  record.topic = "t";
  record.properties = text;
  DispatchProperties properties;
  for_each_property(
      text, [&](std::string_view name, std::string_view value) { properties.take(name, value); });
  properties.for_each([&](std::string_view name, std::int64_t offset) {
    BOLIDE_ASSERT(is_light_queue(name) && offset >= 0);
    BOLIDE_ASSERT(offset_in(record, name, 0) >= 0);
  });
  return 0;
}
