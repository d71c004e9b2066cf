// SPDX-License-Identifier: Apache-2.0
//
// Filters as brokers are told of them (rocketmq wire 2.8), and what is left to the client to do.
// Runs on: any thread; check_filters() not on the client's agent.  Owns: nothing.  Invariant: none.
#pragma once

#include <bolide/filter.h>

#include "base/json_writer.h"
#include "client/core.h"

#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace bolide::client {

// TAG or SQL92.
std::string_view type_name(const Filter& filter);

// Whether a message that a broker has sent is wanted: brokers tell tags apart by a hash only.
bool is_wanted(const Filter& filter, std::string_view tag);

// The object of a subscription to `topic`.
void write_subscription(JsonWriter& out, const std::string& topic, const Filter& filter,
                        std::int64_t version);

// Asks a broker of each topic with an SQL92 filter whether it can read it (code 46). A topic or
// broker that is not there yet is no error. Errors: subscription_invalid, with the place of the
// mistake if the broker tells; what a broker answers that does not filter so.
Result<> check_filters(const std::shared_ptr<Core>& core, const std::string& group,
                       const std::map<std::string, Filter>& filters);

}  // namespace bolide::client
