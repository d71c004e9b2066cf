// SPDX-License-Identifier: Apache-2.0
//
// PublishTable: the queues of a topic to which a producer may send, and which of them is next
// (rocketmq 3.2). FaultTable: which brokers had better be left alone for a while.
// Runs on: the client's agent.  Owns: what it took from the route.
// Invariant: queues are sorted by broker and number; only brokers with a master are in.
#pragma once

#include <bolide/message.h>

#include "base/strings.h"
#include "client/bodies.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bolide::client {

class FaultTable {
 public:
  // A send took so long, or failed.
  void answered(const std::string& broker, std::int64_t latency_ms, std::int64_t now_ms);
  void failed(const std::string& broker, std::int64_t now_ms);
  bool is_available(std::string_view broker, std::int64_t now_ms) const;

 private:
  StringMap<std::int64_t> away_until_ms_;
};

class PublishTable {
 public:
  struct Target {
    QueueId queue;
    std::string address;
  };

  PublishTable() = default;
  // `queues_max`: no more queues of one broker than this.
  PublishTable(std::shared_ptr<const TopicRoute> route, const std::string& topic,
               std::int32_t queues_max, std::uint64_t start);

  const TopicRoute* route() const { return route_.get(); }
  bool empty() const { return targets_.empty(); }
  const std::vector<QueueId>& queues() const { return queues_; }
  const Target& at(std::size_t place) const { return targets_[place]; }

  // The next queue in turn: one of another broker than `avoid`, and of an available one, if there
  // is such. `faults` may be null. Requires !empty().
  const Target& next(std::string_view avoid, const FaultTable* faults, std::int64_t now_ms);

 private:
  std::shared_ptr<const TopicRoute> route_;
  std::vector<Target> targets_;
  std::vector<QueueId> queues_;
  std::size_t next_ = 0;
};

}  // namespace bolide::client
