// SPDX-License-Identifier: Apache-2.0
//
// What an administrator's calls share about groups.
// Runs on: any thread.  Owns: nothing.  Invariant: none of them makes a group.
#pragma once

#include <bolide/admin_types.h>

#include "client/admin_bodies.h"
#include "client/admin_calls.h"

#include <string>
#include <vector>

namespace bolide::client {

// Errors: group_not_found.
Result<> require_group(const AdminCalls& calls, const std::string& group);

// Of all topics, sorted by queue.
Result<std::vector<QueueProgress>> progress_of(const AdminCalls& calls,
                                               const std::vector<BrokerData>& masters,
                                               const std::string& group);

}  // namespace bolide::client
