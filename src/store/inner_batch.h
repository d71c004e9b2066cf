// SPDX-License-Identifier: Apache-2.0
//
// Inner batches: one record that holds many messages and covers an offset for each (rocketmq wire
// 1.10). Readers are given the whole record, wherever in it they begin.
// Runs on: any agent.  Owns: nothing.  Invariant: what a record covers is read in one way by
// appending, recovery and reading.
#pragma once

#include "base/strings.h"
#include "store/multi_dispatch.h"
#include "store/record.h"

#include <cstdint>
#include <string_view>

namespace bolide::store {

inline constexpr std::string_view inner_count_property = "INNER_NUM";
inline constexpr std::string_view inner_base_property = "INNER_BASE";
inline constexpr std::int32_t inner_count_max = 32'767;  // Apache's index has 16 bits for it

// How many offsets of its queue the record covers. The flag alone says nothing: a client of
// Apache's broker may have set it.
inline std::int32_t offsets_covered(const Record& record) {
  if ((record.sys_flag & sys_flag::inner_batch) == 0) [[likely]]
    return 1;
  const auto count =
      parse_integer<std::int32_t>(find_property(record.properties, inner_count_property));
  const auto base =
      parse_integer<std::int64_t>(find_property(record.properties, inner_base_property));
  if (base != record.queue_offset || !count || *count < 1 || *count > inner_count_max) return 1;
  return *count;
}

// Whether the record stands at `offset` of a queue: its own, or a light one that it names.
inline bool stands_at(const Record& record, std::string_view topic, std::int32_t queue_id,
                      std::int64_t offset) {
  const std::int64_t first = offset_in(record, topic, queue_id);
  if (first < 0) return false;
  return offset == first || (offset > first && offset < first + offsets_covered(record));
}

}  // namespace bolide::store
