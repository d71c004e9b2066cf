// SPDX-License-Identifier: Apache-2.0
//
// All queues of the store by number and by name, in few bytes each: a server may have a million.
// Runs on: log agent.  Owns: names and states.  Invariant: a queue's number and name never change;
// names stay where they are while anyone holds names().
#pragma once

#include "store/queue_index.h"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace bolide::store {

struct QueueState {
  std::uint32_t topic = 0;
  std::int32_t queue_id = 0;
  std::int64_t next = 0;            // offset of the next record
  std::int64_t base_position = 0;   // records below this position in the log are not of this queue
  std::int64_t last_position = -1;  // of the newest record
  std::int64_t min = 0;             // known good for min_version
  std::uint32_t min_version = 0;
};

using TopicNames = std::deque<std::string>;

class QueueTable {
 public:
  QueueTable() : names_(std::make_shared<TopicNames>()), slots_(64, empty) {}

  QueueNo find_or_add(std::string_view topic, std::int32_t queue_id);
  std::optional<QueueNo> find(std::string_view topic, std::int32_t queue_id) const;

  QueueState& at(QueueNo queue) { return states_[queue]; }
  const QueueState& at(QueueNo queue) const { return states_[queue]; }
  std::string_view topic(QueueNo queue) const { return (*names_)[states_[queue].topic]; }
  std::size_t size() const { return states_.size(); }
  // The largest id of the topic's queues; -1: it has none.
  std::int32_t last_id(std::string_view topic) const;
  // Keeps the names' bytes alive; the deque itself is the log agent's.
  std::shared_ptr<const TopicNames> names() const { return names_; }

 private:
  static constexpr std::uint32_t empty = UINT32_MAX;

  std::size_t slot_of(std::uint32_t topic, std::int32_t queue_id) const;
  void grow();

  std::shared_ptr<TopicNames> names_;
  std::unordered_map<std::string_view, std::uint32_t> topics_;
  std::vector<std::int32_t> last_ids_;  // by topic
  std::vector<QueueState> states_;
  std::vector<QueueNo> slots_;  // open addressing, a power of two, at most half full
};

}  // namespace bolide::store
