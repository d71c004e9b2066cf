// SPDX-License-Identifier: Apache-2.0
//
// The ring of consistent hashing.
// Runs on: any thread.  Owns: see md5_ring.h.  Invariant: see md5_ring.h.
#include "client/md5_ring.h"

#include <openssl/evp.h>

#include <array>

namespace bolide::client {

Md5Ring::Md5Ring(const std::vector<std::string>& nodes, int places_per_node) {
  for (const std::string& node : nodes) {
    for (int i = 0; i < places_per_node; ++i)
      ring_[place_of(node + "-" + std::to_string(i))] = node;
  }
}

const std::string& Md5Ring::owner(std::string_view key) const {
  static const std::string none;
  if (ring_.empty()) return none;
  const auto next = ring_.lower_bound(place_of(key));
  return next == ring_.end() ? ring_.begin()->second : next->second;
}

std::uint32_t Md5Ring::place_of(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  ::EVP_Digest(text.data(), text.size(), digest.data(), nullptr, ::EVP_md5(), nullptr);
  std::uint32_t place = 0;
  for (std::size_t i = 0; i < 4; ++i) place = place << 8U | digest[i];
  return place;
}

}  // namespace bolide::client
