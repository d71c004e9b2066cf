// SPDX-License-Identifier: Apache-2.0
//
// Which queues a client of a group takes, when the broker decides it for all (rocketmq semantics
// 3.3): every broker must come to the same answer, so it depends on nothing but what is given.
// Runs on: any agent.  Owns: nothing.  Invariant: the same arguments give the same answer.
#pragma once

#include "broker/api.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bolide::broker {

// The queues of `client_id` by the strategy AVG or AVG_BY_CIRCLE, of `queues` in order shared among
// `clients` in order. Nothing for a client that is not among them. Requires: known_strategy().
std::vector<QueueRef> allocate(std::string_view strategy, std::string_view client_id,
                               const std::vector<QueueRef>& queues,
                               const std::vector<std::string>& clients);
bool known_strategy(std::string_view strategy);

// The same for clients that pop: `share` more clients take the queues of each; 0, or as many as
// there are, and each takes all, queue -1 of each broker.
std::vector<QueueRef> allocate_popping(std::string_view strategy, std::string_view client_id,
                                       const std::vector<QueueRef>& queues,
                                       const std::vector<std::string>& clients, std::int32_t share);

}  // namespace bolide::broker
