// SPDX-License-Identifier: Apache-2.0
//
// How the logical queues of a static topic lie on brokers (rocketmq semantics 3.20): plain values,
// their JSON, and the rules by which an administrator may change them.
// Runs on: any agent.  Owns: nothing.  Invariant: a mapping that passed merge_mapping() has, for
// each of its queues, generations of rising numbers and offsets; of all but the last the place in
// the logical queue is known.
#pragma once

#include "base/fields.h"
#include "base/result.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace bolide::broker {

// A stretch of a logical queue: the queue of a broker that holds it.
struct QueueGeneration {
  std::int32_t number = 0;
  std::int32_t queue_id = 0;      // of the broker
  std::string broker;             // its name
  std::int64_t logic_offset = 0;  // where it begins in the logical queue; negative: not known yet
  std::int64_t start_offset = 0;  // likewise in the broker's queue
  std::int64_t end_offset = -1;   // first behind it in the broker's queue; negative: not decided
  std::int64_t time_of_start = -1;
  std::int64_t time_of_end = -1;

  bool placed() const { return logic_offset >= 0; }
  bool ended() const { return end_offset > start_offset; }
  bool operator==(const QueueGeneration&) const = default;

  static constexpr auto fields = std::tuple{Field{"bname", &QueueGeneration::broker},
                                            Field{"endOffset", &QueueGeneration::end_offset},
                                            Field{"gen", &QueueGeneration::number},
                                            Field{"logicOffset", &QueueGeneration::logic_offset},
                                            Field{"queueId", &QueueGeneration::queue_id},
                                            Field{"startOffset", &QueueGeneration::start_offset},
                                            Field{"timeOfEnd", &QueueGeneration::time_of_end},
                                            Field{"timeOfStart", &QueueGeneration::time_of_start}};
};

// The oldest first; the last one is written to.
using Generations = std::vector<QueueGeneration>;

// What one broker knows of a static topic: the queues that it leads or led.
struct TopicMapping {
  std::string broker;
  std::map<std::int32_t, std::int32_t> current_ids;  // for name servers; see led_queues()
  bool dirty = false;
  std::int64_t epoch = 0;                      // grows with each change
  std::map<std::int32_t, Generations> queues;  // by logical queue
  std::string scope = "__global__";
  std::string topic;
  std::int32_t total_queues = 0;

  bool operator==(const TopicMapping&) const = default;

  static constexpr auto fields = std::tuple{Field{"bname", &TopicMapping::broker},
                                            Field{"currIdMap", &TopicMapping::current_ids},
                                            Field{"dirty", &TopicMapping::dirty},
                                            Field{"epoch", &TopicMapping::epoch},
                                            Field{"hostedQueues", &TopicMapping::queues},
                                            Field{"scope", &TopicMapping::scope},
                                            Field{"topic", &TopicMapping::topic},
                                            Field{"totalQueues", &TopicMapping::total_queues}};
};

// Null: the broker does not write to this logical queue. Lives as long as the mapping.
const Generations* led_queue(const TopicMapping& mapping, std::int32_t logical_id);
// Of each queue that the broker writes to, the number that it has there.
std::map<std::int32_t, std::int32_t> led_queues(const TopicMapping& mapping);

std::string mapping_json(const TopicMapping& mapping);
// Errors: malformed.
Result<TopicMapping> parse_mapping(std::string_view json);

// What follows when an administrator says `next` where `known` (null: nothing) stands. `force`
// takes it as it is, with the queues that it lacks. Errors: malformed with the reason: an older
// epoch, another scope, generations that do not follow each other, or that were told otherwise.
Result<TopicMapping> merge_mapping(const TopicMapping* known, TopicMapping next, bool force);

}  // namespace bolide::broker
