// SPDX-License-Identifier: Apache-2.0
//
// Where groups are in lite topics.
// Runs on: core agent.  Owns: nothing.  Invariant: see lite_places.h.
#include "broker/lite/lite_places.h"

#include <algorithm>
#include <utility>

namespace bolide::broker {

std::optional<std::int64_t> LitePlaces::committed(std::string_view group,
                                                  std::string_view light_queue) {
  if (const LeasePlace* place = parts_.leases.find(group, light_queue, 0))
    return place->queue.committed();
  return parts_.offsets.find(group, light_queue, 0);
}

std::int64_t LitePlaces::stored_ms(store::QueueNo queue, std::int64_t offset,
                                   std::int64_t otherwise) {
  if (offset < parts_.store.min_offset(queue) || offset >= end(queue)) return otherwise;
  return parts_.store.store_time(queue, offset).value_or(otherwise);
}

bool LitePlaces::can_give(const LitePlace& place, std::int64_t wall_ms) {
  const std::int64_t end = parts_.visible.end(place.queue);
  if (LeasePlace* leased = parts_.leases.find(place.group, place.light_queue, 0)) {
    if (leased->queue.held(wall_ms)) {
      hold_in_order(*leased);
      return false;
    }
    return leased->queue.cursor() < end || !leased->queue.leases().empty();
  }
  const std::int64_t first = parts_.store.min_offset(place.queue);
  return std::max(first, parts_.offsets.find(place.group, place.light_queue, 0).value_or(first)) <
         end;
}

// A start does not know of a place that it is in order. Who is refused must be told when it is
// free.
void LitePlaces::hold_in_order(LeasePlace& place) {
  if (std::exchange(place.ordered, true)) return;
  parts_.leases.changed(place);
}

void LitePlaces::start(const LitePlace& place, const LiteStart& start) {
  const std::int64_t end = parts_.visible.end(place.queue);
  const std::int64_t first = std::min(parts_.store.min_offset(place.queue), end);
  const auto now = committed(place.group, place.light_queue);
  std::int64_t target = first;
  switch (start.kind) {
    case LiteStart::Kind::first: break;
    case LiteStart::Kind::end: target = end; break;
    case LiteStart::Kind::offset: target = start.value; break;
    case LiteStart::Kind::tail:
      if (!now) return;
      target = start.value > 0 ? *now - std::min(start.value, *now) : *now;
      break;
  }
  target = std::clamp(target, first, end);
  if (now == target) return;
  (void)parts_.leases.moved(place.group, place.light_queue, 0, target);
  parts_.offsets.reset(place.group, place.light_queue, 0, target, false);
}

bool LitePlaces::suspend(const LeaseRef& lease, std::int64_t until_ms) {
  LeasePlace* place = parts_.leases.find(lease.group, lease.topic, 0);
  if (place == nullptr || !place->queue.suspend(lease.given_ms, until_ms)) return false;
  parts_.leases.changed(*place);
  return true;
}

}  // namespace bolide::broker
