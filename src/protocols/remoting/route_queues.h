// SPDX-License-Identifier: Apache-2.0
//
// The queues in a topic's route, as a name server gives it (rocketmq wire 2.8).
// Runs on: any agent.  Owns: nothing.  Invariant: none.
#pragma once

#include "base/result.h"
#include "broker/api.h"

#include <string_view>
#include <vector>

namespace bolide::remoting {

// Those that may be read, of all brokers. Errors: malformed.
Result<std::vector<broker::QueueRef>> parse_route_queues(std::string_view body,
                                                         std::string_view topic);

}  // namespace bolide::remoting
