// SPDX-License-Identifier: Apache-2.0
//
// Recall handles: "v1 topic broker time key" in base64 for URLs.
// Runs on: core agent.  Owns: nothing.  Invariant: see recall_handle.h.
#include "broker/timers/recall_handle.h"

#include "base/base64.h"
#include "base/strings.h"

#include <algorithm>

namespace bolide::broker {
namespace {

bool has_control_characters(std::string_view text) {
  return std::ranges::any_of(
      text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7F'; });
}

}  // namespace

std::string RecallHandle::text() const {
  return base64_url("v1 " + topic + " " + broker + " " + std::to_string(due_ms) + " " + unique_key);
}

Result<RecallHandle> RecallHandle::parse(std::string_view text) {
  const auto plain = from_base64_url(text);
  const auto words = plain ? split(*plain, ' ') : decltype(split("", ' ')){};
  const auto due_ms = words.size() == 5 ? parse_integer<std::int64_t>(words[3]) : std::nullopt;
  if (!due_ms || words[0] != "v1" || has_control_characters(words[1]) ||
      has_control_characters(words[4]))
    return fail(Errc::invalid_argument, "recall failed, handle is invalid");
  return RecallHandle{.topic = std::string(words[1]),
                      .broker = std::string(words[2]),
                      .due_ms = *due_ms,
                      .unique_key = std::string(words[4])};
}

}  // namespace bolide::broker
