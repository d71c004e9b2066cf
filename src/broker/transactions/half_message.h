// SPDX-License-Identifier: Apache-2.0
//
// The message of a transaction as it is held, as it is committed, and as its producer is asked
// about it (rocketmq semantics 3.10). Runs on: core agent.  Owns: nothing.  Invariant: a committed
// message is what was sent.
#pragma once

#include "broker/api.h"
#include "broker/property_list.h"
#include "store/record.h"

#include <cstdint>
#include <optional>
#include <string>

namespace bolide::broker {

inline constexpr std::string_view half_topic = "RMQ_SYS_TRANS_HALF_TOPIC";
inline constexpr std::string_view outcome_topic = "RMQ_SYS_TRANS_OP_HALF_TOPIC";
inline constexpr std::string_view given_up_topic = "TRANS_CHECK_MAX_TIME_TOPIC";
// How often the producer was asked, in the questions; Apache's broker keeps it in the message.
inline constexpr std::string_view check_times_property = "TRANSACTION_CHECK_TIMES";
// Whose committed offsets say how far transactions are ended.
inline constexpr std::string_view transaction_group = "CID_RMQ_SYS_TRANS";

// The properties under which a message that would go to `queue_id` of `topic` is held.
std::string held_properties(PropertyList properties, std::string_view topic, std::int32_t queue_id);

// A held message as its consumers get it. Errors: message_invalid if the record does not say where
// it goes.
struct Committed {
  std::string topic;
  std::int32_t queue_id = 0;
  std::string properties;
};
Result<Committed> committed(const store::Record& half);

// How long after it was born its producer is not asked, if the message says so.
std::optional<std::int64_t> immunity_ms(const store::Record& half);

// The record in which a producer is asked about the message, for the `times`th time.
Result<std::string> question_record(const store::Record& half, std::int32_t times);

// The record of outcomes as RocketMQ writes it: offsets of halves, each ended by a comma.
void add_outcome(std::string* body, std::int64_t half_offset);
// Calls each(half_offset); what cannot be read is passed over.
void for_each_outcome(std::string_view body, const std::function<void(std::int64_t)>& each);

}  // namespace bolide::broker
