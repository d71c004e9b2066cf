// SPDX-License-Identifier: Apache-2.0
//
// ConsumeStats: how fast a consumer pulls and consumes a topic, as operators ask for it
// (CONSUMER_RUNNING_INFO, rocketmq wire 2.7).
// Runs on: the client's agent.  Owns: its counts and their samples.
// Invariant: samples are in the order of time and not older than an hour.
#pragma once

#include <cstdint>
#include <deque>

namespace bolide::client {

class ConsumeStats {
 public:
  static constexpr std::int64_t sample_interval_ms = 10'000;

  struct Rates {
    double pull_ms = 0;     // of one pull, in the last minute
    double consume_ms = 0;  // of one message
    double pulled_per_s = 0;
    double ok_per_s = 0;
    double failed_per_s = 0;
    std::int64_t failed_in_hour = 0;
  };

  void pulled(std::size_t messages, std::int64_t took_ms);
  void consumed(std::size_t done, std::size_t refused, std::int64_t took_ns);
  // To be called about every sample_interval_ms.
  void sample(std::int64_t now_ms);
  Rates rates(std::int64_t now_ms) const;

 private:
  struct Counts {
    std::int64_t pulls = 0;
    std::int64_t pull_ms = 0;
    std::int64_t pulled = 0;
    std::int64_t ok = 0;
    std::int64_t failed = 0;
    std::int64_t consume_ns = 0;
  };
  struct Sample {
    std::int64_t at_ms = 0;
    Counts counts;
  };

  Counts counts_;
  std::deque<Sample> samples_;
};

}  // namespace bolide::client
