// SPDX-License-Identifier: Apache-2.0
//
// From the notations of RocketMQ's configuration to those of the option table.
// Runs on: any agent.  Owns: nothing.  Invariant: each is a RocketmqConvert (rocketmq_keys.h).
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>

namespace bolide::table::rocketmq_convert {

Result<std::string> same(std::string_view value, std::string_view current);
// A port, put into the current host:port.
Result<std::string> port(std::string_view value, std::string_view current);
// A host, put into the current host:port.
Result<std::string> host(std::string_view value, std::string_view current);
// An IPv4 or IPv6 address or a name without a port.
Result<std::string> bare_host(std::string_view value, std::string_view current);
// ASYNC_FLUSH and SYNC_FLUSH.
Result<std::string> flush_disk_type(std::string_view value, std::string_view current);
// true and false, for tls.peers.
Result<std::string> use_tls(std::string_view value, std::string_view current);
// A number of seconds, for an option in milliseconds.
Result<std::string> seconds(std::string_view value, std::string_view current);

}  // namespace bolide::table::rocketmq_convert
