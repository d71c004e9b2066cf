// SPDX-License-Identifier: Apache-2.0
//
// The mapping of a static topic.
// Runs on: any agent.  Owns: nothing.  Invariant: see mapping.h.
#include "broker/static_topics/mapping.h"

#include "base/fields_json.h"
#include "broker/config.h"
#include "broker/static_topics/translate.h"
#include "broker/stored_bounds.h"

#include <string>

namespace bolide::broker {
namespace {

Result<> refuse(std::int32_t logical_id, std::string_view what) {
  return fail(Errc::malformed, "queue " + std::to_string(logical_id) + ": " + std::string(what));
}

// A move of the queue makes one, and questions go from one to the next.
constexpr std::size_t generations_max = 1'000;

Result<> check_values(std::int32_t id, const QueueGeneration& one, bool last) {
  if (one.number < 0 || one.queue_id < 0) return refuse(id, "a generation with a negative number");
  if (!sane(one.start_offset) || one.logic_offset >= stored_end || one.end_offset >= stored_end)
    return refuse(id, "a generation with an offset that no queue has");
  if (!last && !one.placed()) return refuse(id, "an earlier generation without its place");
  if (one.end_offset != -1 && one.end_offset < one.start_offset)
    return refuse(id, "a generation that ends before it starts");
  return {};
}

Result<> check_generations(std::int32_t id, const Generations& queue) {
  if (id < 0 || id >= queues_max) return refuse(id, "a number that no queue may have");
  if (queue.size() > generations_max)
    return refuse(id, "more than " + std::to_string(generations_max) + " generations");
  for (std::size_t i = 0; i < queue.size(); ++i) {
    BOLIDE_CHECK(check_values(id, queue[i], i + 1 == queue.size()));
    if (i == 0) continue;
    const QueueGeneration& before = queue[i - 1];
    if (queue[i].number <= before.number) return refuse(id, "generations out of order");
    if (queue[i].placed() && queue[i].logic_offset <= end_in_logical(before))
      return refuse(id, "generations that overlap");
  }
  return {};
}

bool same_place(const QueueGeneration& a, const QueueGeneration& b) {
  return a.broker == b.broker && a.queue_id == b.queue_id && a.start_offset == b.start_offset;
}

// What was told of a generation stays; old ones may go, and queues that return to a broker that led
// them bring fewer.
Result<> check_unchanged(std::int32_t id, const Generations& known, const Generations& next,
                         bool same_epoch) {
  if (known.empty()) return {};
  if (next.empty()) return refuse(id, "no generation is left");
  for (const QueueGeneration& old : known) {
    for (const QueueGeneration& one : next) {
      if (one.number != old.number) continue;
      if (!same_place(old, one) || (old.placed() && old.logic_offset != one.logic_offset))
        return refuse(id, "a generation that was told otherwise before");
    }
  }
  const QueueGeneration& old_last = known.back();
  const QueueGeneration& new_last = next.back();
  if (same_epoch && (old_last.number != new_last.number || !same_place(old_last, new_last)))
    return refuse(id, "another leader in the same epoch");
  return {};
}

Result<> check_step(const TopicMapping& known, const TopicMapping& next) {
  if (next.epoch < known.epoch) {
    return fail(Errc::malformed, "epoch " + std::to_string(next.epoch) + " is older than " +
                                     std::to_string(known.epoch));
  }
  if (next.scope != known.scope)
    return fail(Errc::malformed, "scope " + next.scope + " where it was " + known.scope);
  const bool same_epoch = next.epoch == known.epoch;
  for (const auto& [id, queue] : known.queues) {
    const auto found = next.queues.find(id);
    if (found == next.queues.end()) {
      if (same_epoch) return refuse(id, "is missing in the same epoch");
    } else {
      BOLIDE_CHECK(check_unchanged(id, queue, found->second, same_epoch));
    }
  }
  return {};
}

}  // namespace

const Generations* led_queue(const TopicMapping& mapping, std::int32_t logical_id) {
  const auto found = mapping.queues.find(logical_id);
  if (found == mapping.queues.end() || found->second.empty()) return nullptr;
  return found->second.back().broker == mapping.broker ? &found->second : nullptr;
}

std::map<std::int32_t, std::int32_t> led_queues(const TopicMapping& mapping) {
  std::map<std::int32_t, std::int32_t> ids;
  for (const auto& [id, queue] : mapping.queues) {
    if (!queue.empty() && queue.back().broker == mapping.broker) ids[id] = queue.back().queue_id;
  }
  return ids;
}

std::string mapping_json(const TopicMapping& mapping) {
  return to_json(mapping);
}

Result<TopicMapping> parse_mapping(std::string_view json) {
  return from_json<TopicMapping>(json);
}

Result<TopicMapping> merge_mapping(const TopicMapping* known, TopicMapping next, bool force) {
  for (const auto& [id, queue] : next.queues) BOLIDE_CHECK(check_generations(id, queue));
  if (known == nullptr) return next;
  if (!force) BOLIDE_CHECK(check_step(*known, next));
  for (const auto& [id, queue] : known->queues) next.queues.try_emplace(id, queue);
  return next;
}

}  // namespace bolide::broker
