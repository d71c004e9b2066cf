// SPDX-License-Identifier: Apache-2.0
//
// The message that a dead letter becomes again.
// Runs on: any thread.  Owns: nothing.  Invariant: a copy says where it comes from, and how often
// it came from there.
#pragma once

#include <bolide/message.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace bolide::app {

// What a copy carries beside the letter's own properties.
namespace copy_property {
inline constexpr std::string_view replays = "BOLIDE_DLQ_REPLAYS";     // this one included
inline constexpr std::string_view replay = "BOLIDE_DLQ_REPLAY";       // names this copy
inline constexpr std::string_view letter = "BOLIDE_DLQ_LETTER";       // topic/broker/queue/offset
inline constexpr std::string_view group = "BOLIDE_DLQ_GROUP";         // that gave it up
inline constexpr std::string_view died_ms = "BOLIDE_DLQ_TIME";        // when
inline constexpr std::string_view topic = "BOLIDE_DLQ_ORIGIN_TOPIC";  // the first message's:
inline constexpr std::string_view queue = "BOLIDE_DLQ_ORIGIN_QUEUE";
inline constexpr std::string_view offset = "BOLIDE_DLQ_ORIGIN_OFFSET";
inline constexpr std::string_view message_id = "BOLIDE_DLQ_ORIGIN_MESSAGE_ID";
inline constexpr std::string_view all_begin_with = "BOLIDE_DLQ_";
}  // namespace copy_property

struct CopyOf {
  const ReceivedMessage& letter;
  // The message as it first stood in its topic; null where it is gone.
  const ReceivedMessage* origin = nullptr;
  std::string to;  // topic
  std::string name;
};

// Errors cannot be: what a letter carries fits into a message.
Message make_copy(const CopyOf& copy);

}  // namespace bolide::app
