// SPDX-License-Identifier: Apache-2.0
//
// The random seam: a small seeded generator (xorshift128+ shape) that components are handed.
// Runs on: the agent that owns it.  Owns: its state.  Invariant: the same seed gives the same
// numbers. Not for secrets.
#pragma once

#include <cstdint>

namespace bolide {

class Random {
 public:
  explicit Random(std::uint64_t seed) : a_(mix(seed)), b_(mix(seed + 1)) {}

  std::uint64_t next() {
    std::uint64_t x = a_;
    const std::uint64_t y = b_;
    a_ = y;
    x ^= x << 23;
    b_ = x ^ y ^ (x >> 17) ^ (y >> 26);
    return b_ + y;
  }
  // A number in [0, bound). Requires bound > 0.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }

 private:
  static std::uint64_t mix(std::uint64_t z) {
    z += 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31) ^ 1;
  }

  std::uint64_t a_;
  std::uint64_t b_;
};

}  // namespace bolide
