// SPDX-License-Identifier: Apache-2.0
//
// How a message is changed to wait for its time, and back (rocketmq semantics 3.8, 3.9).
// Runs on: core agent.  Owns: nothing.  Invariant: what comes back is what was sent, and when it
// waited, if there is room to say so.
#pragma once

#include "base/time.h"
#include "broker/api.h"
#include "broker/property_list.h"
#include "broker/timers/delay_levels.h"
#include "broker/timers/recall_handle.h"
#include "store/record.h"

#include <cstdint>
#include <optional>
#include <string>

namespace bolide::broker {

namespace timer_property {
inline constexpr std::string_view delay_level = "DELAY";
inline constexpr std::string_view delay_s = "TIMER_DELAY_SEC";
inline constexpr std::string_view delay_ms = "TIMER_DELAY_MS";
inline constexpr std::string_view deliver_ms = "TIMER_DELIVER_MS";
inline constexpr std::string_view due_ms = "TIMER_OUT_MS";
inline constexpr std::string_view recalled_key = "TIMER_DEL_UNIQKEY";
inline constexpr std::string_view topic = "REAL_TOPIC";
inline constexpr std::string_view queue_id = "REAL_QID";
}  // namespace timer_property

// When a message wants to be delivered: by level or at a time.
struct Wish {
  std::int32_t level = 0;
  std::int64_t due_ms = 0;
};

// Nothing: at once. Takes the properties out that are not followed. Errors: message_invalid.
Result<std::optional<Wish>> wish_of(PropertyList* properties, const DelayLevels& levels,
                                    std::int64_t horizon_ms, WallMs now_ms);

// Whether the light queues' names leave room for the message's places in them, which come with its
// copy. Errors: message_invalid.
Result<> check_room_for_places(std::string_view properties, std::string_view light_queues);

// Whether a message that is held with these properties can go on as it wishes, once it may. Errors:
// message_invalid.
Result<> check_wish(PropertyList properties, const DelayLevels& levels, std::int64_t horizon_ms,
                    WallMs now_ms);

// Notes in the properties where the message is to go.
void note_target(PropertyList* properties, std::string_view topic, std::int32_t queue_id);

// Where a message that has waited goes, and as what. Its views live as long as it and the record.
struct Target {
  std::string topic;
  std::int32_t queue_id = 0;
  std::string properties;
};
// Errors: message_invalid if the record does not say it.
Result<Target> target_of(const store::Record& record, WallMs now_ms);

// The properties of a message that takes another one back.
std::string recall_properties(const RecallHandle& handle);

// The hash by which a message is recalled.
std::uint64_t recall_hash(std::string_view topic, std::string_view unique_key);

}  // namespace bolide::broker
