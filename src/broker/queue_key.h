// SPDX-License-Identifier: Apache-2.0
//
// How a journal names a queue of a topic as a group sees it: QUEUE/TOPIC@GROUP, or
// QUEUE/TOPIC/GROUP where the group's name holds '@', as that of a light queue may; and how tables
// in memory name a group in a topic: TOPIC/GROUP.
// Runs on: any agent.  Owns: nothing.  Invariant: no name holds '/', so each key is of one queue.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bolide::broker {

std::string queue_key(std::string_view topic, std::string_view group, std::int32_t queue_id);

// Views into the key.
struct QueueKey {
  std::int32_t queue_id = 0;
  std::string_view topic;
  std::string_view group;
};
// Nothing if it is none.
std::optional<QueueKey> parse_queue_key(std::string_view key);

// The name of the group in the topic, in the memory that `key` has.
void set_group_key(std::string_view topic, std::string_view group, std::string* key);

}  // namespace bolide::broker
