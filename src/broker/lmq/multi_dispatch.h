// SPDX-License-Identifier: Apache-2.0
//
// Sending a message to light queues: which queues it names, and the property that says where it
// will stand in each (rocketmq semantics 3.15).
// Runs on: core agent.  Owns: nothing.  Invariant: what is planned is appended by the same call, so
// that nothing takes an offset between.
#pragma once

#include "base/result.h"
#include "broker/properties.h"
#include "broker/topics.h"
#include "store/message_store.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bolide::broker {

// Light queues that one message may name. A subscription of a device that matches many costs an
// index entry in each.
inline constexpr std::size_t light_queues_max = 1024;

// A light queue, and its end once the message is in it.
struct LightPlace {
  store::QueueNo queue = 0;
  std::int64_t end = 0;
};

struct Dispatch {
  std::vector<store::QueueNo> queues;  // each once
  std::string properties;              // of the message as it is stored

  // Behind the append.
  std::vector<LightPlace> places(const store::MessageStore& store) const;
};

// A message that is for light queues. One for a lite topic goes to that one's light queue, whatever
// others it names (semantics 3.24).
struct DispatchWish {
  std::string_view topic;
  const SendProperties& known;
  bool bounded = true;  // whether there may be too many light queues for it
};

// Where a message that is appended now will stand; `properties` are those it has so far. Errors:
// message_invalid for a name that is none of a light queue, and for too many; quota_exceeded.
Result<Dispatch> plan_dispatch(Topics& topics, const store::MessageStore& store,
                               const DispatchWish& wish, std::string_view properties);
// Makes the light queues of a message that waits, while it can still be refused. Errors: likewise.
Result<> reserve_dispatch(Topics& topics, const DispatchWish& wish);

// The light queue of a lite topic.
std::string lite_queue(std::string_view parent, std::string_view lite_topic);

}  // namespace bolide::broker
