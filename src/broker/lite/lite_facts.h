// SPDX-License-Identifier: Apache-2.0
//
// What administrators are told of lite topics (rocketmq wire 2.7, requests 200074 to 200078).
// Runs on: any agent.  Owns: nothing.  Invariant: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace bolide::broker {

struct LiteBrokerFacts {
  std::size_t light_queues_max = 0;
  std::size_t light_queues = 0;
  std::size_t subscriptions = 0;
  std::size_t leased_queues = 0;  // of light queues and others
  std::size_t queues = 0;
  std::size_t offsets = 0;
  std::size_t clients = 0;
  std::map<std::string, std::int32_t> parents;          // with their expiration
  std::map<std::string, std::set<std::string>> groups;  // by the parent to which they are bound
};

struct LiteParentFacts {
  std::int32_t expiration = 0;
  std::size_t light_queues = 0;  // of the broker
  std::size_t lite_topics = 0;
  std::set<std::string> groups;
};

struct LiteTopicFacts {
  std::int64_t min_offset = 0;
  std::int64_t max_offset = 0;
  std::int64_t last_update_ms = 0;
  std::vector<std::pair<std::string, std::string>> subscribers;  // client, group
};

struct LiteClientFacts {
  bool known = false;
  std::int64_t accessed_ms = -1;
  std::size_t count = 0;
  std::vector<std::string> light_queues;  // the first of them
};

struct LiteLag {
  std::string lite_topic;
  std::int64_t messages = 0;
  std::int64_t oldest_ms = -1;  // when the first that is not done was stored
};

struct LiteGroupFacts {
  std::string parent;
  std::int64_t lag = 0;
  // Of one lite topic.
  std::int64_t oldest_ms = -1;
  struct Place {
    std::int64_t end = 0;
    std::int64_t committed = 0;
    std::int64_t done_ms = 0;  // when the last that is done was stored
  };
  std::optional<Place> place;
  // Of all: those where most is left, most first.
  std::vector<LiteLag> most;
};

}  // namespace bolide::broker
