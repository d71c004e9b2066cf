// SPDX-License-Identifier: Apache-2.0
//
// Names of topics and groups.
// Runs on: any thread.  Owns: nothing.  Invariant: none.
#include "client/names.h"

#include <algorithm>
#include <iterator>
#include <string>

namespace bolide::client {
namespace {

constexpr std::size_t topic_bytes_max = 127;
constexpr std::size_t group_bytes_max = 255;

bool good_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '%' || c == '|';
}

bool good_name(std::string_view name, std::size_t bytes_max) {
  return !name.empty() && name.size() <= bytes_max && std::ranges::all_of(name, good_character);
}

// Cuts a prefix of the system's off a name and returns it.
std::string_view cut_prefix(std::string_view* name) {
  for (const std::string_view prefix : {retry_prefix, dead_letter_prefix}) {
    if (!name->starts_with(prefix)) continue;
    name->remove_prefix(prefix.size());
    return prefix;
  }
  return {};
}

// Topics and groups of the system (rocketmq 3.1).
bool is_system_name(std::string_view name) {
  return is_system_topic(name) || name.starts_with("CID_RMQ_SYS_") || name.ends_with(reply_suffix);
}

constexpr std::string_view rule =
    "': letters, digits, and _ - % | make a name; it may not be empty or longer than ";

}  // namespace

bool is_system_topic(std::string_view topic) {
  constexpr std::string_view names[] = {
      default_topic,     "SCHEDULE_TOPIC_XXXX", "BenchmarkTest",    "TRANS_CHECK_MAX_TIME_TOPIC",
      "SELF_TEST_TOPIC", "OFFSET_MOVED_EVENT",  "CHECKPOINT_TOPIC", "DefaultHeartBeatSyncerTopic"};
  return topic.starts_with("rmq_sys_") || topic.starts_with("RMQ_SYS_") ||
         std::ranges::find(names, topic) != std::end(names);
}

Result<> check_topic(std::string_view topic) {
  if (good_name(topic, topic_bytes_max)) return {};
  return fail(Errc::topic_not_valid,
              "topic '" + std::string(topic).append(rule) + std::to_string(topic_bytes_max));
}

Result<> check_group(std::string_view group) {
  if (good_name(group, group_bytes_max)) return {};
  return fail(Errc::invalid_argument,
              "group '" + std::string(group).append(rule) + std::to_string(group_bytes_max));
}

std::string wrap(std::string_view space, std::string_view name) {
  if (space.empty() || is_system_name(name)) return std::string(name);
  const std::string_view prefix = cut_prefix(&name);
  return std::string(prefix).append(space).append("%").append(name);
}

std::string unwrap(std::string_view space, std::string_view name) {
  if (space.empty()) return std::string(name);
  std::string_view rest = name;
  const std::string_view prefix = cut_prefix(&rest);
  const std::string head = std::string(space) + "%";
  if (!rest.starts_with(head)) return std::string(name);
  return std::string(prefix).append(rest.substr(head.size()));
}

}  // namespace bolide::client
