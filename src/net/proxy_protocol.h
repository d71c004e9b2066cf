// SPDX-License-Identifier: Apache-2.0
//
// The PROXY protocol's header, versions 1 (text) and 2 (binary), as proxies put it in front of a
// connection to name its true source (rocketmq wire 1.5; haproxy's proxy-protocol.txt).
// Runs on: any agent.  Owns: nothing.  Invariant: never asks for more than the longest header.
#pragma once

#include "net/transport.h"

#include <string_view>

namespace bolide::net {

struct ProxyHeader {
  enum class State : std::uint8_t { absent, incomplete, complete, broken };

  State state = State::absent;
  std::size_t size = 0;     // bytes of the header, if complete
  bool has_source = false;  // not for the proxy's own checks and unknown families
  PeerAddress source = {};
};

// Reads the header at the beginning of `bytes` (not empty).
ProxyHeader parse_proxy_header(std::string_view bytes);

}  // namespace bolide::net
