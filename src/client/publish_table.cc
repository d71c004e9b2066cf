// SPDX-License-Identifier: Apache-2.0
//
// The choice of a queue to send to.
// Runs on: the client's agent.  Owns: see publish_table.h.  Invariant: see publish_table.h.
#include "client/publish_table.h"

#include "client/route_queues.h"

#include <algorithm>
#include <array>

namespace bolide::client {
namespace {

// How long a broker that took so long is left alone (rocketmq 3.2).
struct Penalty {
  std::int64_t latency_ms;
  std::int64_t away_ms;
};
constexpr auto penalties = std::to_array<Penalty>({
    {15'000, 30'000},
    {5000, 10'000},
    {3000, 6000},
    {1800, 5000},
    {550, 2000},
});
constexpr std::int64_t failure_as_latency_ms = 10'000;

}  // namespace

void FaultTable::answered(const std::string& broker, std::int64_t latency_ms, std::int64_t now_ms) {
  for (const Penalty& penalty : penalties) {
    if (latency_ms < penalty.latency_ms) continue;
    away_until_ms_[broker] = now_ms + penalty.away_ms;
    return;
  }
  away_until_ms_.erase(broker);
}

void FaultTable::failed(const std::string& broker, std::int64_t now_ms) {
  answered(broker, failure_as_latency_ms, now_ms);
}

bool FaultTable::is_available(std::string_view broker, std::int64_t now_ms) const {
  const auto found = away_until_ms_.find(broker);
  return found == away_until_ms_.end() || found->second <= now_ms;
}

PublishTable::PublishTable(std::shared_ptr<const TopicRoute> route, const std::string& topic,
                           std::int32_t queues_max, std::uint64_t start)
    : route_(std::move(route)) {
  for (const auto& [queue, broker] : queues_to_write(*route_, topic, queues_max)) {
    if (broker != nullptr && broker->has_master()) targets_.push_back({queue, broker->address()});
  }
  for (const Target& target : targets_) queues_.push_back(target.queue);
  if (!targets_.empty()) next_ = start % targets_.size();
}

const PublishTable::Target& PublishTable::next(std::string_view avoid, const FaultTable* faults,
                                               std::int64_t now_ms) {
  const Target* second_best = nullptr;
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    const Target& target = targets_[next_];
    next_ = next_ + 1 == targets_.size() ? 0 : next_ + 1;
    if (target.queue.broker == avoid) continue;
    if (faults == nullptr || faults->is_available(target.queue.broker, now_ms)) return target;
    if (second_best == nullptr) second_best = &target;
  }
  if (second_best != nullptr) return *second_best;
  const Target& target = targets_[next_];
  next_ = next_ + 1 == targets_.size() ? 0 : next_ + 1;
  return target;
}

}  // namespace bolide::client
