// SPDX-License-Identifier: Apache-2.0
//
// Other brokers, as the core asks them about queues of theirs: earlier generations of a static
// topic's queues lie there. The core does no I/O; whoever serves it does.
// Runs on: core agent.  Owns: nothing.  Invariant: every question is answered once, later or at
// once, unless the one who answers has gone.
#pragma once

#include "broker/api.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace bolide::broker {

enum class QueueFact : std::uint8_t {
  min_offset,
  max_offset,
  offset_by_time,
  earliest_store_time,
  consumer_offset,
  commit,  // not asked but told; answered with 0
};

// A question about one queue. The views live during the call.
struct QueueQuestion {
  QueueFact fact = QueueFact::min_offset;
  std::string_view topic;
  std::int32_t queue_id = 0;
  std::string_view group;      // of consumer_offset and commit
  std::int64_t value = 0;      // the time of offset_by_time; the offset of commit
  bool upper = false;          // of offset_by_time
  bool zero_if_absent = true;  // of consumer_offset
};

class Peers {
 public:
  virtual ~Peers() = default;
  // Asks `broker` about a queue as it numbers them itself. Errors: connection_failed, timeout, and
  // what it answers.
  virtual void ask(const std::string& broker, const QueueQuestion& question,
                   Reply<std::int64_t> reply) = 0;
  // Pulls from such a queue, without waiting there; ticket and commit are passed over. Errors:
  // likewise.
  virtual void pull(const std::string& broker, const PullRequest& request,
                    Reply<PullResult> reply) = 0;
};

}  // namespace bolide::broker
