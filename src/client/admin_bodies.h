// SPDX-License-Identifier: Apache-2.0
//
// The JSON bodies of an administrator's answers: groups, progress, connections, what clients say
// about themselves (rocketmq wire 2.7, 2.8).
// Runs on: any thread.  Owns: the decoded values.
// Invariant: see bodies.h.
#pragma once

#include "base/fields.h"
#include "client/bodies.h"

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

namespace bolide::client {

// Other fields of a group that is changed keep what the server has as their default.
struct GroupBody {
  std::string name;
  bool consume_enable = true;
  bool broadcast_enable = true;
  bool consume_from_min = true;
  bool ordered = false;
  std::int32_t retry_queues = 1;
  std::int32_t retries_max = 16;
  std::int64_t broker_id = 0;
  std::int64_t slow_broker_id = 1;
  bool notify_changes = true;
  static constexpr auto fields = std::tuple{
      Field{"brokerId", &GroupBody::broker_id},
      Field{"consumeBroadcastEnable", &GroupBody::broadcast_enable},
      Field{"consumeEnable", &GroupBody::consume_enable},
      Field{"consumeFromMinEnable", &GroupBody::consume_from_min},
      Field{"consumeMessageOrderly", &GroupBody::ordered},
      Field{"groupName", &GroupBody::name},
      Field{"notifyConsumerIdsChangedEnable", &GroupBody::notify_changes},
      Field{"retryMaxTimes", &GroupBody::retries_max},
      Field{"retryQueueNums", &GroupBody::retry_queues},
      Field{"whichBrokerWhenConsumeSlowly", &GroupBody::slow_broker_id},
  };
};

struct GroupTable {
  std::map<std::string, GroupBody> groups;
  static constexpr auto fields = std::tuple{Field{"subscriptionGroupTable", &GroupTable::groups}};
};

struct GroupList {
  std::vector<std::string> groups;
  static constexpr auto fields = std::tuple{Field{"groupList", &GroupList::groups}};
};

struct ProgressBody {
  std::int64_t broker_offset = 0;
  std::int64_t consumer_offset = 0;
  std::int64_t pull_offset = 0;
  std::int64_t last_ms = 0;
  static constexpr auto fields = std::tuple{
      Field{"brokerOffset", &ProgressBody::broker_offset},
      Field{"consumerOffset", &ProgressBody::consumer_offset},
      Field{"lastTimestamp", &ProgressBody::last_ms},
      Field{"pullOffset", &ProgressBody::pull_offset},
  };
};

struct ConsumeStatsBody {
  std::map<QueueKey, ProgressBody> queues;
  static constexpr auto fields = std::tuple{Field{"offsetTable", &ConsumeStatsBody::queues}};
};

struct OffsetTable {
  std::map<QueueKey, std::int64_t> offsets;
  static constexpr auto fields = std::tuple{Field{"offsetTable", &OffsetTable::offsets}};
};

struct ConnectionBody {
  std::string client_id;
  std::string address;
  std::string language;
  std::int32_t version = 0;
  static constexpr auto fields = std::tuple{
      Field{"clientAddr", &ConnectionBody::address},
      Field{"clientId", &ConnectionBody::client_id},
      Field{"language", &ConnectionBody::language},
      Field{"version", &ConnectionBody::version},
  };
};

struct SubscriptionBody {
  std::string topic;
  std::string expression;
  std::string type;
  static constexpr auto fields = std::tuple{
      Field{"expressionType", &SubscriptionBody::type},
      Field{"subString", &SubscriptionBody::expression},
      Field{"topic", &SubscriptionBody::topic},
  };
};

struct ConnectionsBody {
  std::vector<ConnectionBody> connections;
  std::map<std::string, SubscriptionBody> subscriptions;  // by topic
  std::string type;
  std::string model;
  std::string from;
  static constexpr auto fields = std::tuple{
      Field{"connectionSet", &ConnectionsBody::connections},
      Field{"consumeFromWhere", &ConnectionsBody::from},
      Field{"consumeType", &ConnectionsBody::type},
      Field{"messageModel", &ConnectionsBody::model},
      Field{"subscriptionTable", &ConnectionsBody::subscriptions},
  };
};

struct ProducerBody {
  std::string client_id;
  std::string address;
  std::string language;
  std::int32_t version = 0;
  std::int64_t seen_ms = 0;
  static constexpr auto fields = std::tuple{
      Field{"clientId", &ProducerBody::client_id},
      Field{"language", &ProducerBody::language},
      Field{"lastUpdateTimestamp", &ProducerBody::seen_ms},
      Field{"remoteIP", &ProducerBody::address},
      Field{"version", &ProducerBody::version},
  };
};

struct ProducerTable {
  std::map<std::string, std::vector<ProducerBody>> groups;
  static constexpr auto fields = std::tuple{Field{"data", &ProducerTable::groups}};
};

// A name server's or broker's list of names and texts.
struct TextTableBody {
  std::map<std::string, std::string> table;
  static constexpr auto fields = std::tuple{Field{"table", &TextTableBody::table}};
};

struct ProcessQueueBody {
  std::int64_t committed = 0;
  std::int64_t cached = 0;
  bool locked = false;
  std::int64_t pulled_ms = 0;
  std::int64_t consumed_ms = 0;
  static constexpr auto fields = std::tuple{
      Field{"cachedMsgCount", &ProcessQueueBody::cached},
      Field{"commitOffset", &ProcessQueueBody::committed},
      Field{"lastConsumeTimestamp", &ProcessQueueBody::consumed_ms},
      Field{"lastPullTimestamp", &ProcessQueueBody::pulled_ms},
      Field{"locked", &ProcessQueueBody::locked},
  };
};

struct RunningInfoBody {
  std::map<std::string, std::string> properties;
  std::map<QueueKey, ProcessQueueBody> queues;
  static constexpr auto fields = std::tuple{
      Field{"mqTable", &RunningInfoBody::queues},
      Field{"properties", &RunningInfoBody::properties},
  };
};

}  // namespace bolide::client
