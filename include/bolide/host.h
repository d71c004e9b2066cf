// SPDX-License-Identifier: Apache-2.0
//
// An IP address and port as RocketMQ stores it in records and message ids (rocketmq wire 1.11,
// 1.13). Any thread.  Invariant: size is 4 or 16.
#pragma once

#include <bolide/export.h>

#include <cstdint>
#include <string>

namespace bolide {

// An IP address and port.
struct BOLIDE_API Host {
  unsigned char bytes[16] = {127, 0, 0, 1};  // network order; the first `size` count
  std::uint8_t size = 4;
  std::uint16_t port = 0;

  // Whether it is of IPv6.
  bool v6() const { return size == 16; }
  std::string text() const;  // a.b.c.d:port, [v6]:port
};

}  // namespace bolide
