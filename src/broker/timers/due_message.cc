// SPDX-License-Identifier: Apache-2.0
//
// Messages that wait: what they ask for and where they go.
// Runs on: core agent.  Owns: nothing.  Invariant: see due_message.h.
#include "broker/timers/due_message.h"

#include "base/crc.h"
#include "base/strings.h"
#include "store/multi_dispatch.h"

#include <algorithm>

namespace bolide::broker {
namespace {

namespace names = timer_property;

void erase_times(PropertyList* properties) {
  for (const auto name : {names::delay_s, names::delay_ms, names::deliver_ms})
    properties->erase(name);
}

Failure illegal(std::string_view name, std::string_view value) {
  return fail(Errc::message_invalid,
              "property " + std::string(name) + ": '" + std::string(value) + "' is no time");
}

// In the order in which RocketMQ looks for them.
Result<std::int64_t> asked_time(const PropertyList& properties, WallMs now_ms) {
  struct Row {
    std::string_view name;
    std::int64_t unit_ms;
    bool relative;
  };
  for (const Row& row : {Row{names::delay_s, 1000, true}, Row{names::delay_ms, 1, true},
                         Row{names::deliver_ms, 1, false}}) {
    const std::string_view text = properties.find(row.name);
    if (text.empty()) continue;
    const auto value = parse_integer<std::int64_t>(text);
    if (!value || *value > INT64_MAX / 4 / row.unit_ms || *value < -INT64_MAX / 4 / row.unit_ms)
      return illegal(row.name, text);
    return *value * row.unit_ms + (row.relative ? now_ms : 0);
  }
  return now_ms;
}

}  // namespace

Result<std::optional<Wish>> wish_of(PropertyList* properties, const DelayLevels& levels,
                                    std::int64_t horizon_ms, WallMs now_ms) {
  const std::string_view level_text = properties->find(names::delay_level);
  if (!level_text.empty()) {
    const auto level = parse_integer<std::int32_t>(level_text);
    if (!level) return illegal(names::delay_level, level_text);
    if (*level > 0) {
      erase_times(properties);
      properties->set(names::delay_level, std::int64_t{levels.clamp(*level)});
      return Wish{.level = levels.clamp(*level)};
    }
  }
  // It has waited for its time already.
  if (!properties->find(names::due_ms).empty()) return std::nullopt;
  BOLIDE_TRY(const std::int64_t due_ms, asked_time(*properties, now_ms));
  if (due_ms <= now_ms) {
    if (!properties->find(names::recalled_key).empty())
      return fail(Errc::message_invalid, "the time of the message to recall has passed");
    return std::nullopt;
  }
  if (due_ms - now_ms > horizon_ms) {
    return fail(Errc::message_invalid,
                "timer message illegal, the delay time should not be bigger "
                "than the max delay " +
                    std::to_string(horizon_ms) + "ms");
  }
  properties->set(names::due_ms, due_ms);
  return Wish{.due_ms = due_ms};
}

Result<> check_room_for_places(std::string_view properties, std::string_view light_queues) {
  constexpr std::size_t name_bytes = 30;
  constexpr std::size_t place_bytes = 20;
  if (light_queues.empty()) return {};
  const auto places = static_cast<std::size_t>(std::ranges::count(light_queues, ',')) + 1;
  if (properties.size() + name_bytes + places * place_bytes <= store::properties_bytes_max)
    return {};
  return fail(Errc::message_invalid,
              "the properties leave no room for the message's places in its light queues");
}

Result<> check_wish(PropertyList properties, const DelayLevels& levels, std::int64_t horizon_ms,
                    WallMs now_ms) {
  BOLIDE_CHECK(wish_of(&properties, levels, horizon_ms, now_ms));
  return check_room_for_places(properties.text(), properties.find(store::dispatch_property));
}

void note_target(PropertyList* properties, std::string_view topic, std::int32_t queue_id) {
  properties->set(names::topic, topic);
  properties->set(names::queue_id, std::int64_t{queue_id});
}

Result<Target> target_of(const store::Record& record, WallMs now_ms) {
  PropertyList properties(record.properties);
  const auto queue_id = parse_integer<std::int32_t>(properties.find(names::queue_id));
  if (properties.find(names::topic).empty() || !queue_id) {
    return fail(Errc::message_invalid,
                "a message in " + std::string(record.topic) + " does not say where it goes");
  }
  Target target{.topic = std::string(properties.find(names::topic)), .queue_id = *queue_id};
  if (!properties.find(names::due_ms).empty()) {
    PropertyList timed = properties;
    timed.set("TIMER_ENQUEUE_MS", record.store_ms);
    timed.set("TIMER_DEQUEUE_MS", now_ms);
    target.properties = timed.text();
    if (store::properties_fit(target.properties)) return target;
  }
  target.properties = properties.text();
  return target;
}

std::string recall_properties(const RecallHandle& handle) {
  PropertyList properties("");
  properties.set("TAGS", "_RECALL_TAG_");
  properties.set(names::recalled_key, handle.topic + "+" + handle.unique_key);
  properties.set(names::deliver_ms, handle.due_ms);
  return properties.text();
}

std::uint64_t recall_hash(std::string_view topic, std::string_view unique_key) {
  return hash64(unique_key, hash64(topic));
}

}  // namespace bolide::broker
