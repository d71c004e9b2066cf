// SPDX-License-Identifier: Apache-2.0
//
// Reading a histogram.
// Runs on: any thread.  Owns: nothing.  Invariant: see histogram.h.
#include "app/histogram.h"

#include <algorithm>
#include <cmath>

namespace bolide::app {

std::uint64_t Histogram::top_of(std::size_t index) {
  if (index < steps) return index;
  const std::size_t shift = index / steps - 1;
  const std::uint64_t low = (index % steps + steps) << shift;
  return low + ((std::uint64_t{1} << shift) - 1);
}

std::uint64_t Histogram::count() const {
  std::uint64_t sum = 0;
  for (const auto& one : counts_) sum += one.load(std::memory_order_relaxed);
  return sum;
}

std::int64_t Histogram::at(double share) const {
  const std::uint64_t all = count();
  if (all == 0) return 0;
  const auto wanted = std::max<std::uint64_t>(
      1, static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(all))));
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    sum += counts_[i].load(std::memory_order_relaxed);
    if (sum >= wanted) return static_cast<std::int64_t>(top_of(i));
  }
  return 0;
}

}  // namespace bolide::app
