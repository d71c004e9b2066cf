// SPDX-License-Identifier: Apache-2.0
//
// What topics and groups may be called (rocketmq 3.1).
// Runs on: any thread.  Owns: nothing.  Invariant: none.
#pragma once

#include "base/result.h"

#include <map>
#include <string>
#include <string_view>

namespace bolide::client {

inline constexpr std::string_view retry_prefix = "%RETRY%";
inline constexpr std::string_view dead_letter_prefix = "%DLQ%";
inline constexpr std::string_view reply_suffix = "_REPLY_TOPIC";
// From whose route brokers make topics on sending.
inline constexpr std::string_view default_topic = "TBW102";

// Whether servers make the topic for themselves, whatever their cluster (rocketmq 3.1).
bool is_system_topic(std::string_view topic);

// Errors: topic_not_valid.
Result<> check_topic(std::string_view topic);
// Errors: invalid_argument.
Result<> check_group(std::string_view group);

// The name that servers know: "space%name", behind a %RETRY% or %DLQ% (rocketmq 3.13). Names of the
// system stay as they are, and so does everything where `space` is empty.
std::string wrap(std::string_view space, std::string_view name);
// Likewise the keys of a map.
template <class Value>
std::map<std::string, Value> wrap_topics(std::string_view space,
                                         const std::map<std::string, Value>& topics) {
  std::map<std::string, Value> wrapped;
  for (const auto& [topic, value] : topics) wrapped.emplace(wrap(space, topic), value);
  return wrapped;
}
// The other way.
std::string unwrap(std::string_view space, std::string_view name);

}  // namespace bolide::client
