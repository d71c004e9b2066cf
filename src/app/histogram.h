// SPDX-License-Identifier: Apache-2.0
//
// Histogram: how often each duration occurred, to 1.6 % of it.
// Runs on: any thread, many at once.  Owns: its counters.
// Invariant: recording allocates nothing and takes no lock.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace bolide::app {

class Histogram {
 public:
  // Below 0 counts as 0.
  void record(std::int64_t ns) {
    const auto value = static_cast<std::uint64_t>(ns < 0 ? 0 : ns);
    counts_[index_of(value)].fetch_add(1, std::memory_order_relaxed);
  }

  std::uint64_t count() const;
  // The duration that this share (0 to 1) of all is not above; 0 where there is none.
  std::int64_t at(double share) const;

 private:
  // Each power of two in so many steps.
  static constexpr std::size_t step_bits = 6;
  static constexpr std::size_t steps = std::size_t{1} << step_bits;
  static constexpr std::size_t buckets = (64 - step_bits + 1) * steps;

  static std::size_t index_of(std::uint64_t value) {
    if (value < steps) return static_cast<std::size_t>(value);
    const auto shift = static_cast<std::size_t>(std::bit_width(value)) - step_bits - 1;
    return (shift + 1) * steps + static_cast<std::size_t>(value >> shift) - steps;
  }
  // The largest value of a bucket.
  static std::uint64_t top_of(std::size_t index);

  std::array<std::atomic<std::uint64_t>, buckets> counts_{};
};

}  // namespace bolide::app
