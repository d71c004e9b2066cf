// SPDX-License-Identifier: Apache-2.0
//
// What a received message says about itself.
// Runs on: any thread.  Owns: nothing.  Invariant: none.
#include "client/message.h"

#include "base/message_id.h"

namespace bolide {

std::string_view ReceivedMessage::property(std::string_view name) const {
  for (const auto& [key, value] : properties) {
    if (key == name) return value;
  }
  return {};
}

std::string_view ReceivedMessage::tag() const {
  return property(client::property::tags);
}

std::string_view ReceivedMessage::keys() const {
  return property(client::property::keys);
}

std::string ReceivedMessage::id() const {
  const std::string_view unique = property(client::property::unique_key);
  return unique.empty() ? offset_id() : std::string(unique);
}

std::string ReceivedMessage::offset_id() const {
  return std::string(MessageId(store_host, position).view());
}

}  // namespace bolide
