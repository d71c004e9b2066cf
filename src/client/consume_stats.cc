// SPDX-License-Identifier: Apache-2.0
//
// Rates from counts.
// Runs on: the client's agent.  Owns: see consume_stats.h.  Invariant: see consume_stats.h.
#include "client/consume_stats.h"

#include <algorithm>

namespace bolide::client {
namespace {

constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t hour_ms = 60 * minute_ms;

double per(std::int64_t amount, std::int64_t of) {
  return of > 0 ? static_cast<double>(amount) / static_cast<double>(of) : 0;
}

}  // namespace

void ConsumeStats::pulled(std::size_t messages, std::int64_t took_ms) {
  ++counts_.pulls;
  counts_.pull_ms += took_ms;
  counts_.pulled += static_cast<std::int64_t>(messages);
}

void ConsumeStats::consumed(std::size_t done, std::size_t refused, std::int64_t took_ns) {
  counts_.ok += static_cast<std::int64_t>(done);
  counts_.failed += static_cast<std::int64_t>(refused);
  counts_.consume_ns += took_ns;
}

void ConsumeStats::sample(std::int64_t now_ms) {
  samples_.push_back({now_ms, counts_});
  while (samples_.front().at_ms < now_ms - hour_ms) samples_.pop_front();
}

ConsumeStats::Rates ConsumeStats::rates(std::int64_t now_ms) const {
  if (samples_.empty()) return {};
  const Sample& hour = samples_.front();
  // The youngest that is a minute old, else the oldest.
  const auto later = std::ranges::upper_bound(samples_, now_ms - minute_ms, {}, &Sample::at_ms);
  const Sample& minute = later == samples_.begin() ? hour : *std::prev(later);
  const Counts& was = minute.counts;
  const std::int64_t passed_ms = std::max(now_ms - minute.at_ms, std::int64_t{1});
  const std::int64_t ok = counts_.ok - was.ok;
  const std::int64_t failed = counts_.failed - was.failed;
  return {.pull_ms = per(counts_.pull_ms - was.pull_ms, counts_.pulls - was.pulls),
          .consume_ms = per(counts_.consume_ns - was.consume_ns, ok + failed) / 1e6,
          .pulled_per_s = per(1000 * (counts_.pulled - was.pulled), passed_ms),
          .ok_per_s = per(1000 * ok, passed_ms),
          .failed_per_s = per(1000 * failed, passed_ms),
          .failed_in_hour = counts_.failed - hour.counts.failed};
}

}  // namespace bolide::client
