// SPDX-License-Identifier: Apache-2.0
//
// Mappings of static topics from whatever bytes: what can be read is written and read back the
// same, and what may follow itself stays what it is.
#include "base/assert.h"
#include "broker/static_topics/mapping.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bolide::broker;
  const auto mapping = parse_mapping({reinterpret_cast<const char*>(data), size});
  if (!mapping) return 0;
  const auto again = parse_mapping(mapping_json(*mapping));
  BOLIDE_ASSERT(again.has_value() && *again == *mapping);
  const auto merged = merge_mapping(nullptr, *mapping, false);
  if (!merged) return 0;
  const auto twice = merge_mapping(&*merged, *mapping, false);
  BOLIDE_ASSERT(!twice || *twice == *mapping);
  (void)led_queues(*mapping);
  return 0;
}
