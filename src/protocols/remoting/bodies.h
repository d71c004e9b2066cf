// SPDX-License-Identifier: Apache-2.0
//
// JSON bodies of the broker's commands, byte for byte in the shape that stock Java tools parse,
// with objects and bare numbers as keys where RocketMQ has them (rocketmq wire 2.8). Runs on: any
// agent.  Owns: nothing.  Invariant: members stand in fastjson's (alphabetical) order.
#pragma once

#include "broker/api.h"
#include "broker/metadata.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bolide::remoting {

Result<broker::Heartbeat> parse_heartbeat(std::string_view body);
// One subscription, as in heartbeats and CHECK_CLIENT_CONFIG.
void read_subscription(JsonReader& in, broker::Subscription* subscription);

Result<broker::AssignRequest> parse_assign(std::string_view body);
// Without an assignment: an object without it, and the client keeps what it has.
std::string assignment_json(const std::optional<broker::Assignment>& assignment);

std::string consumer_ids_json(const broker::GroupMembers& group);
std::string consumer_connections_json(const broker::GroupMembers& group);
std::string producer_connections_json(const std::vector<broker::Member>& members);
std::string producer_table_json(const std::map<std::string, std::vector<broker::Member>>& all);
std::string subscription_json(std::string_view group, std::string_view topic,
                              const broker::Subscription* subscription);

std::string offsets_json(const std::vector<broker::OffsetEntry>& all);
std::string queue_offsets_json(std::string_view broker, std::string_view topic,
                               const std::map<std::int32_t, std::int64_t>& offsets);
std::string topic_stats_json(std::string_view broker, std::string_view topic,
                             const std::map<std::int32_t, broker::QueueRange>& ranges);
std::string consume_stats_json(std::string_view broker, const broker::GroupProgress& progress);
// Of all groups (request 317).
std::string consume_stats_list_json(std::string_view broker,
                                    const std::map<std::string, broker::GroupProgress>& groups);
// What a master without replicas says about them (request 907).
std::string lone_master_json(std::string_view log_end);
std::string consume_spans_json(std::string_view broker, std::string_view topic,
                               const std::vector<broker::ConsumeSpan>& spans);

// `mapping`: of a static topic; else null.
std::string topic_json(const broker::TopicConfig& config, const broker::TopicMapping* mapping);
std::string group_json(const broker::GroupConfig& config);
std::string group_table_json(const broker::GroupTable& table);

// {"name":[...]} and {"table":{...}}
std::string list_json(std::string_view name, const std::vector<std::string>& values);
std::string table_json(const std::map<std::string, std::string>& table);

}  // namespace bolide::remoting
