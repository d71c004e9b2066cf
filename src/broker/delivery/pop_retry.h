// SPDX-License-Identifier: Apache-2.0
//
// The names of the topics in which RocketMQ's broker keeps what a group popped and did not
// acknowledge (semantics 3.18): here they are only emptied.
// Runs on: any agent.  Owns: nothing.  Invariant: none.
#pragma once

#include "broker/api.h"
#include "broker/config.h"

#include <string>
#include <string_view>

namespace bolide::broker {

// The topic from which `retry` says that a message of `topic` was popped.
inline std::string pop_topic(std::string_view group, std::string_view topic, PopRetry retry) {
  if (retry == PopRetry::none) return std::string(topic);
  std::string name = retry_topic(group);
  name += retry == PopRetry::v1 ? '_' : '+';
  name += topic;
  return name;
}

}  // namespace bolide::broker
