// SPDX-License-Identifier: Apache-2.0
//
// Names to endpoints.
// Runs on: any agent.  Owns: nothing.  Invariant: a numeric address never asks a resolver.
#pragma once

#include "net/tcp_hub_impl.h"

#include <optional>

namespace bolide::net {

std::optional<Tcp::endpoint> numeric_endpoint(const Address& address);

// Where to bind. An empty host or * is every IPv4 address. May block on a name: at start only.
// Errors: invalid_argument.
Result<Tcp::endpoint> resolve_to_listen(boost::asio::io_context& context, const Address& address);

}  // namespace bolide::net
