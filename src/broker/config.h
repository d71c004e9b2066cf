// SPDX-License-Identifier: Apache-2.0
//
// What the broker is told about topics and groups: plain values with RocketMQ's names and defaults
// (rocketmq disk 4, config files), and the rules for names.
// Runs on: any agent.  Owns: nothing.  Invariant: a config that passed validate_* is storable.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace bolide::broker {

namespace perm {
inline constexpr std::int32_t inherit = 1;
inline constexpr std::int32_t write = 2;
inline constexpr std::int32_t read = 4;
inline constexpr std::int32_t priority = 8;
}  // namespace perm

// Marks of topics whose clients run in units, each a whole of its own (TopicConfig::sys_flag).
namespace topic_flag {
inline constexpr std::int32_t unit = 1;
inline constexpr std::int32_t unit_subscription = 2;
}  // namespace topic_flag

inline constexpr std::string_view auto_create_topic = "TBW102";
inline constexpr std::string_view retry_prefix = "%RETRY%";
inline constexpr std::string_view dead_letter_prefix = "%DLQ%";
inline constexpr std::int32_t queues_max = 65'535;  // of one topic

struct TopicConfig {
  std::string name;
  std::int32_t read_queues = 16;
  std::int32_t write_queues = 16;
  std::int32_t permission = perm::read | perm::write;
  std::string filter_type = "SINGLE_TAG";
  std::int32_t sys_flag = 0;
  bool order = false;
  std::map<std::string, std::string> attributes;

  bool operator==(const TopicConfig&) const = default;
};

struct GroupConfig {
  std::string name;
  bool consume_enabled = true;
  bool consume_from_min_enabled = true;
  bool broadcast_enabled = true;
  bool orderly = false;
  std::int32_t retry_queues = 1;
  std::int32_t retry_max_times = 16;
  std::string retry_policy_json;  // groupRetryPolicy as it came, empty: default
  std::int64_t broker_id = 0;
  std::int64_t slow_consumer_broker_id = 1;
  bool notify_members = true;
  std::int32_t sys_flag = 0;
  std::int32_t consume_timeout_minutes = 15;
  std::map<std::string, std::string> attributes;

  bool operator==(const GroupConfig&) const = default;
};

// How the clients of a group get the messages of a topic.
struct RequestMode {
  std::string topic;
  std::string group;
  bool pop = false;
  std::int32_t share_queues = 0;  // how many more clients pop the queues of each; 0: all

  bool operator==(const RequestMode&) const = default;
};

// RocketMQ's version stamp of a table: clients and name servers compare it.
struct DataVersion {
  std::int64_t state_version = 0;
  std::int64_t timestamp_ms = 0;
  std::int64_t counter = 0;

  void next(std::int64_t now_ms) {
    timestamp_ms = now_ms;
    ++counter;
  }
  bool operator==(const DataVersion&) const = default;
};

// Errors: topic_not_valid with RocketMQ's own wording (semantics 3.1).
Result<> validate_topic_name(std::string_view name);
Result<> validate_group_name(std::string_view name);
// A topic that clients may not send to (semantics 3.1).
bool send_forbidden(std::string_view topic);
// A topic that the system owns: it cannot be created, changed or deleted by users.
bool is_system_topic(std::string_view topic);
bool is_system_group(std::string_view group);
std::string retry_topic(std::string_view group);

// A topic's attribute: for how many milliseconds a key's first message stands for all with that key
// (docs/idempotence.md).
inline constexpr const char* dedupe_window_attribute = "bolide.dedupe.window.ms";

// Applies "+key=value,-key" to `attributes` (semantics 3.17). Errors: malformed naming the
// attribute, for unknown names, values out of range, and changes of immutable ones.
Result<> apply_attributes(std::string_view changes, bool creating,
                          std::map<std::string, std::string>* attributes);
// The same for a group: each name carries its sign; one without is set. Errors: likewise.
Result<> apply_group_attributes(const std::map<std::string, std::string>& changes, bool creating,
                                std::map<std::string, std::string>* attributes);

}  // namespace bolide::broker
