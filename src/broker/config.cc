// SPDX-License-Identifier: Apache-2.0
//
// The rules for names, and which of them the system owns.
// Runs on: any agent.  Owns: constant data.  Invariant: see config.h.
#include "broker/config.h"

#include <algorithm>
#include <array>

namespace bolide::broker {
namespace {

constexpr std::size_t topic_length_max = 127;
constexpr std::size_t internal_topic_length_max = 255;
constexpr std::size_t group_length_max = 120;

// rocketmq semantics 3.1; the two lists overlap: TBW102 is the system's, yet may be sent to.
constexpr std::array<std::string_view, 6> forbidden_topics = {
    "SCHEDULE_TOPIC_XXXX",        "RMQ_SYS_TRANS_HALF_TOPIC", "RMQ_SYS_TRANS_OP_HALF_TOPIC",
    "TRANS_CHECK_MAX_TIME_TOPIC", "SELF_TEST_TOPIC",          "OFFSET_MOVED_EVENT"};
constexpr std::array<std::string_view, 5> other_system_topics = {
    "TBW102", "BenchmarkTest", "RMQ_SYS_TRACE_TOPIC", "CHECKPOINT_TOPIC",
    "RMQ_SYS_ROCKSDB_OFFSET_TOPIC"};
constexpr std::string_view system_topic_prefix = "rmq_sys_";
constexpr std::string_view system_group_prefix = "CID_RMQ_SYS_";

bool name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '%' || c == '|';
}

bool blank(std::string_view name) {
  return std::ranges::all_of(name, [](char c) { return c == ' ' || c == '\t'; });
}

template <std::size_t Size>
bool contains(const std::array<std::string_view, Size>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

}  // namespace

Result<> validate_topic_name(std::string_view name) {
  if (blank(name)) return fail(Errc::topic_not_valid, "The specified topic is blank.");
  const bool internal = name.starts_with(retry_prefix) || name.starts_with(dead_letter_prefix);
  if (name.size() > (internal ? internal_topic_length_max : topic_length_max)) {
    return fail(Errc::topic_not_valid, "The specified topic is longer than topic max length.");
  }
  if (!std::ranges::all_of(name, name_character)) {
    return fail(Errc::topic_not_valid,
                "The specified topic: " + std::string(name) +
                    ", contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$");
  }
  return {};
}

Result<> validate_group_name(std::string_view name) {
  if (blank(name)) return fail(Errc::invalid_argument, "The specified group is blank.");
  if (name.size() > group_length_max) {
    return fail(Errc::invalid_argument, "The specified group is longer than group max length.");
  }
  if (!std::ranges::all_of(name, name_character)) {
    return fail(Errc::invalid_argument,
                "The specified group contains illegal characters, allowing only "
                "^[%|a-zA-Z0-9_-]+$");
  }
  return {};
}

bool send_forbidden(std::string_view topic) {
  return contains(forbidden_topics, topic);
}

bool is_system_topic(std::string_view topic) {
  return contains(forbidden_topics, topic) || contains(other_system_topics, topic) ||
         topic.starts_with(system_topic_prefix);
}

bool is_system_group(std::string_view group) {
  return group.starts_with(system_group_prefix);
}

std::string retry_topic(std::string_view group) {
  return std::string(retry_prefix) + std::string(group);
}

}  // namespace bolide::broker
