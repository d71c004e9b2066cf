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

}  // namespace bolide::remoting
