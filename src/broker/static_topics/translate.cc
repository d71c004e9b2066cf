// SPDX-License-Identifier: Apache-2.0
//
// Offsets of logical queues.
// Runs on: any agent.  Owns: nothing.  Invariant: see translate.h.
#include "broker/static_topics/translate.h"

#include "broker/stored_bounds.h"

#include <algorithm>

namespace bolide::broker {
namespace {

// What stands in the answer to a pull that found nothing.
struct Place {
  PullStatus status;
  std::int64_t next = 0;
};

Place place_of(const PullResult& answer, std::int64_t offset, bool oldest, bool newest) {
  if (answer.status == PullStatus::offset_reset) return {answer.status, answer.next_offset};
  // Of the oldest generation what is gone is gone; of others it was jumped over by its number.
  if (offset < answer.min_offset)
    return {oldest ? PullStatus::offset_too_small : PullStatus::no_matched_message,
            answer.min_offset};
  if (offset > answer.max_offset && newest)
    return {PullStatus::offset_overflow_badly, answer.max_offset};
  if (offset >= answer.max_offset) return {PullStatus::offset_overflow_one, offset};
  return {answer.status, answer.next_offset};
}

}  // namespace

std::int64_t to_logical(const QueueGeneration& generation, std::int64_t physical) {
  return generation.logic_offset +
         std::max<std::int64_t>(into_bounds(physical) - generation.start_offset, 0);
}

std::int64_t to_logical_inside(const QueueGeneration& generation, std::int64_t physical) {
  if (!generation.placed()) return -1;
  if (generation.end_offset >= generation.start_offset)
    physical = std::min(physical, generation.end_offset);
  return to_logical(generation, physical);
}

std::int64_t to_physical(const QueueGeneration& generation, std::int64_t logical) {
  // Clients ask for any number; what is below 0 stays below what there is.
  logical = std::clamp<std::int64_t>(logical, -1, stored_end - 1);
  return logical - generation.logic_offset + generation.start_offset;
}

std::int64_t end_in_logical(const QueueGeneration& generation) {
  return generation.logic_offset +
         std::max<std::int64_t>(generation.end_offset - generation.start_offset, 0);
}

const QueueGeneration* generation_at(const Generations& queue, std::int64_t logical) {
  const QueueGeneration* oldest = nullptr;
  for (auto at = queue.rbegin(); at != queue.rend(); ++at) {
    if (!at->placed()) continue;
    if (logical >= at->logic_offset) return &*at;
    oldest = &*at;
  }
  return oldest;
}

const QueueGeneration* generation_after(const Generations& queue,
                                        const QueueGeneration& generation) {
  for (const QueueGeneration& one : queue) {
    if (one.number > generation.number) return one.placed() ? &one : nullptr;
  }
  return nullptr;
}

PullResult to_logical(const Generations& queue, const QueueGeneration& current,
                      std::int64_t physical_offset, PullResult answer) {
  if (answer.error) return answer;
  const bool newest = current.number == queue.back().number;
  const bool oldest = current.number == queue.front().number;
  Place place{answer.status, answer.next_offset};
  if (answer.status != PullStatus::found) place = place_of(answer, physical_offset, oldest, newest);
  if (current.ended()) place.next = std::min(place.next, current.end_offset);
  answer.status = place.status;
  answer.next_offset = to_logical(current, place.next);
  answer.offset_delta = current.logic_offset - current.start_offset;
  answer.min_offset = to_logical(current, answer.min_offset);
  answer.max_offset =
      std::max(to_logical(current, answer.max_offset), end_in_logical(queue.back()));
  if (place.status != PullStatus::offset_overflow_one || newest) return answer;
  if (const QueueGeneration* next = generation_after(queue, current); next != nullptr) {
    answer.status = PullStatus::no_matched_message;
    answer.next_offset = next->logic_offset;
    answer.offset_delta = next->logic_offset - next->start_offset;
  }
  return answer;
}

}  // namespace bolide::broker
