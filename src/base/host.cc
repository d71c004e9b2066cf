// SPDX-License-Identifier: Apache-2.0
//
// Host as text.
// Runs on: any agent.  Owns: nothing.  Invariant: none.
#include <bolide/host.h>

#include <arpa/inet.h>

namespace bolide {

std::string Host::text() const {
  char address[INET6_ADDRSTRLEN] = {};
  inet_ntop(v6() ? AF_INET6 : AF_INET, bytes, address, sizeof address);
  const std::string suffix = ":" + std::to_string(port);
  return v6() ? "[" + std::string(address) + "]" + suffix : address + suffix;
}

}  // namespace bolide
