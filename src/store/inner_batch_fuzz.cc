// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes what a record says it covers: never nothing, never more than the format has room for.
#include "store/inner_batch.h"

#include "base/assert.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bolide::store;
  Record record;
  record.topic = "t";
  record.sys_flag = sys_flag::inner_batch;
  record.queue_offset = 7;
  record.properties = {reinterpret_cast<const char*>(data), size};
  const std::int32_t covered = offsets_covered(record);
  BOLIDE_ASSERT(covered >= 1 && covered <= inner_count_max);
  BOLIDE_ASSERT(stands_at(record, "t", 0, 7) && !stands_at(record, "t", 0, 7 + covered));
  return 0;
}
