// SPDX-License-Identifier: Apache-2.0
//
// Bodies and fields of the requests about lite topics (rocketmq wire 2.7).
// Runs on: any agent.  Owns: nothing.  Invariant: members stand in fastjson's order.
#pragma once

#include "base/result.h"
#include "broker/api.h"

#include <string>
#include <string_view>
#include <vector>

namespace bolide::remoting {

// The body of LITE_SUBSCRIPTION_CTL. Errors: malformed.
Result<std::vector<broker::LiteSubscription>> parse_lite_subscriptions(std::string_view body);

// How often each message was given before, in the order of the answer: from it a client knows a
// message by its place alone, for offsets in lite topics are not unique.
std::string lite_count_info(const std::vector<broker::PopQueue>& queues);

// Answers to administrators.
std::string lite_broker_json(const broker::LiteBrokerFacts& facts);
std::string lite_parent_json(std::string_view parent, const broker::LiteParentFacts& facts);
std::string lite_topic_json(std::string_view parent, std::string_view lite_topic,
                            const broker::LiteTopicFacts& facts);
std::string lite_client_json(const broker::LiteClientQuestion& question,
                             const broker::LiteClientFacts& facts);
std::string lite_group_json(const broker::LiteGroupQuestion& question,
                            const broker::LiteGroupFacts& facts);

}  // namespace bolide::remoting
