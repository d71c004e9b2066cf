// SPDX-License-Identifier: Apache-2.0
//
// Messages as a consumer sees them, decoded from the body of a pull (rocketmq wire 1.11-1.13).
// Runs on: any thread.  Owns: the decoded values.
// Invariant: no length from the wire is used before it was checked.
#pragma once

#include <bolide/message.h>

#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bolide::client {

namespace property {
inline constexpr std::string_view tags = "TAGS";
inline constexpr std::string_view keys = "KEYS";
inline constexpr std::string_view unique_key = "UNIQ_KEY";
inline constexpr std::string_view wait = "WAIT";
}  // namespace property

// All messages of `bytes`, one after the other; those whose body cannot be had are marked damaged.
// Errors: malformed (where one message ends and the next begins is not known).
Result<std::vector<ReceivedMessage>> decode_messages(std::string_view bytes);

// `name` SOH `value` STX ..., both ways (1.12). Pairs without a name or a value are passed over.
Properties decode_properties(std::string_view text);
// Errors: invalid_argument for a name or value that the notation cannot hold.
Result<std::string> encode_properties(const Properties& properties);

// Whether a message with `tag` is wanted by an expression "*", "" or "a || b" (rocketmq 3.11).
bool tag_matches(std::string_view expression, std::string_view tag);

}  // namespace bolide::client
