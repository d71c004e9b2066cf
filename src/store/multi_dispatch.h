// SPDX-License-Identifier: Apache-2.0
//
// Light message queues: a message names queues in a property, and stands in each of them beside the
// queue of its topic; a second property has its offset in each (rocketmq semantics 3.15). The
// record is in the log once.
// Runs on: any agent.  Owns: nothing; views live as long as the record.  Invariant: what a record
// says of other queues is read in one way by appending, recovery, reading and export.
#pragma once

#include "base/strings.h"
#include "store/record.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace bolide::store {

inline constexpr std::string_view light_prefix = "%LMQ%";
inline constexpr std::string_view dispatch_property = "INNER_MULTI_DISPATCH";
inline constexpr std::string_view dispatch_offsets_property = "INNER_MULTI_QUEUE_OFFSET";
inline constexpr char dispatch_separator = ',';

// A queue of this name needs no topic; its number is 0. A name may become one of a directory.
inline bool is_light_queue(std::string_view name) {
  return name.starts_with(light_prefix) && name.size() > light_prefix.size() &&
         name.size() <= 255 && std::ranges::all_of(name, [](char c) {
           return static_cast<unsigned char>(c) > ' ' && c != '\x7F' && c != '/';
         });
}

// Whether messages in `topic` stand in the queues that they name. What waits, failed or is a
// transaction without an outcome keeps the property for the time when it is stored again.
inline bool dispatches(std::string_view topic) {
  return !topic.starts_with("%RETRY%") && !topic.starts_with("%DLQ%") &&
         !topic.starts_with(light_prefix) && !topic.starts_with("rmq_sys_") &&
         !topic.starts_with("RMQ_SYS_") && topic != "SCHEDULE_TOPIC_XXXX" &&
         topic != "TRANS_CHECK_MAX_TIME_TOPIC";
}

// The two properties of a message.
struct DispatchProperties {
  std::string_view queues;
  std::string_view offsets;

  void take(std::string_view name, std::string_view value) {
    if (name == dispatch_property) queues = value;
    if (name == dispatch_offsets_property) offsets = value;
  }
  // Calls `each(queue, offset)` for every light queue with an offset.
  template <class Each>
  void for_each(Each each) const {
    std::string_view names = queues;
    std::string_view numbers = offsets;
    while (!names.empty() && !numbers.empty()) {
      const std::string_view name = cut(names);
      const auto offset = parse_integer<std::int64_t>(cut(numbers));
      if (is_light_queue(name) && offset && *offset >= 0) each(name, *offset);
    }
  }
  // The part before the next separator, which goes with it.
  static std::string_view cut(std::string_view& rest) {
    const std::string_view part = rest.substr(0, rest.find(dispatch_separator));
    rest.remove_prefix(part.size() == rest.size() ? part.size() : part.size() + 1);
    return part;
  }
};

// Where `record` stands in a queue, its own or one that it names; -1: it is not in it.
inline std::int64_t offset_in(const Record& record, std::string_view topic, std::int32_t queue_id) {
  if (record.queue_id == queue_id && record.topic == topic) return record.queue_offset;
  if (queue_id != 0 || !is_light_queue(topic) || !dispatches(record.topic)) return -1;
  DispatchProperties properties;
  for_each_property(record.properties, [&](std::string_view name, std::string_view value) {
    properties.take(name, value);
  });
  std::int64_t found = -1;
  properties.for_each([&](std::string_view name, std::int64_t offset) {
    if (name == topic && found < 0) found = offset;
  });
  return found;
}

}  // namespace bolide::store
