// SPDX-License-Identifier: Apache-2.0
//
// What the attributes of topics and groups say of lite topics (rocketmq semantics 3.17, 3.24): a
// parent is a topic whose messages are for lite topics, and a group is bound to one parent.
// Runs on: any agent.  Owns: nothing; views live as long as the config.  Invariant: none.
#pragma once

#include "broker/config.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace bolide::broker {

// Of a parent that names none: its lite topics never expire.
inline constexpr std::int32_t lite_expiration_never = -1;

struct LiteRules {
  std::string_view parent;  // empty: the group takes no lite topics
  bool exclusive = false;   // a lite topic has one client of the group at most
  bool wildcard = false;    // the clients are given all lite topics of the parent
  bool first_after_eviction = false;
  bool first_after_removal = false;
  std::size_t client_max = 2'000;  // lite topics of one client
};

LiteRules lite_rules(const GroupConfig& group);
bool is_lite_parent(const TopicConfig& topic);
// Minutes without a message.
std::int32_t lite_expiration(const TopicConfig& topic);

// Whether clients of the group are given what is in the topic's lite topics. Errors:
// invalid_argument, in the words of Apache's broker.
Result<> check_lite_parent(const TopicConfig& topic);
// Errors: invalid_argument for an id that is too long to be kept.
Result<> check_lite_client(std::string_view client);
Result<> check_lite_group(const GroupConfig& group, std::string_view parent);

// The light queue of a lite topic. Errors: invalid_argument for a name that none can have.
Result<std::string> lite_queue_of(std::string_view parent, std::string_view lite_topic);

struct LiteName {
  std::string_view parent;
  std::string_view lite_topic;
};
// Of which lite topic it is the light queue, if of any.
std::optional<LiteName> lite_name(std::string_view light_queue);

}  // namespace bolide::broker
