// SPDX-License-Identifier: Apache-2.0
//
// Md5Ring: consistent hashing as RocketMQ's Java client does it: each node stands at several places
// of a ring; a key belongs to the next node clockwise. A place is the first four bytes of the MD5
// of
// "<node>-<number>".
// Runs on: any thread.  Owns: the ring.  Invariant: the same nodes give the same owners.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace bolide::client {

class Md5Ring {
 public:
  Md5Ring(const std::vector<std::string>& nodes, int places_per_node);

  // The node of `key`; empty if there is none. Lives as long as the ring.
  const std::string& owner(std::string_view key) const;

 private:
  static std::uint32_t place_of(std::string_view text);

  std::map<std::uint32_t, std::string> ring_;
};

}  // namespace bolide::client
