// SPDX-License-Identifier: Apache-2.0
//
// Messages as a consumer sees them, decoded from the body of a pull (rocketmq wire 1.11-1.13).
// Runs on: any thread.  Owns: the decoded values.
// Invariant: no length from the wire is used before it was checked.
#pragma once

#include "base/host.h"
#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bolide::client {

using Properties = std::vector<std::pair<std::string, std::string>>;

namespace property {
inline constexpr std::string_view tags = "TAGS";
inline constexpr std::string_view keys = "KEYS";
inline constexpr std::string_view unique_key = "UNIQ_KEY";
inline constexpr std::string_view wait = "WAIT";
}  // namespace property

struct Message {
  std::string topic;
  std::int32_t queue = 0;
  std::int64_t offset = 0;    // in its queue
  std::int64_t position = 0;  // in the broker's log
  std::int64_t born_ms = 0;
  std::int64_t stored_ms = 0;
  Host born_host;
  Host store_host;
  std::int32_t reconsume_times = 0;
  Properties properties;  // as they came
  std::string body;       // inflated

  // The value of a property, or an empty view that lives as long as the message.
  std::string_view property(std::string_view name) const;
  // The id that users know: UNIQ_KEY, else the offset id.
  std::string id() const;
  // Upper-case hexadecimal of the store's address and the position.
  std::string offset_id() const;
};

// All messages of `bytes`, one after the other. A body whose CRC does not match is an error.
// Errors: malformed, message_too_large (see inflate_body).
Result<std::vector<Message>> decode_messages(std::string_view bytes);

// `name` SOH `value` STX ..., both ways (1.12). Pairs without a name or a value are passed over.
Properties decode_properties(std::string_view text);
// Errors: invalid_argument for a name or value that the notation cannot hold.
Result<std::string> encode_properties(const Properties& properties);

// Whether a message with `tag` is wanted by an expression "*", "" or "a || b" (rocketmq 3.11).
bool tag_matches(std::string_view expression, std::string_view tag);

}  // namespace bolide::client
