// SPDX-License-Identifier: Apache-2.0
//
// What a received message says about itself.
// Runs on: any thread.  Owns: nothing.  Invariant: none.
#include "base/strings.h"
#include "client/message.h"

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
  std::string id(std::size_t{2} * store_host.size + 8 + 16, '0');
  for (std::size_t i = 0; i < store_host.size; ++i) put_hex(&id[2 * i], store_host.bytes[i], 2);
  char* at = id.data() + std::size_t{2} * store_host.size;
  put_hex(at, store_host.port, 8);
  put_hex(at + 8, static_cast<std::uint64_t>(position), 16);
  return id;
}

}  // namespace bolide
