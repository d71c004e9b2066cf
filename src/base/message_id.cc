// SPDX-License-Identifier: Apache-2.0
//
// Message ids by place.
// Runs on: any agent.  Owns: nothing.  Invariant: see message_id.h.
#include "base/message_id.h"

#include "base/cursor.h"
#include "base/strings.h"

#include <charconv>
#include <limits>
#include <string>

namespace bolide {
namespace {

constexpr std::size_t port_digits = 8;
constexpr std::size_t position_digits = 16;

// Takes so many hexadecimal digits off the front.
bool take_hex(std::string_view* text, std::size_t digits, std::uint64_t* value) {
  const std::string_view part = text->substr(0, digits);
  const auto read = std::from_chars(part.data(), part.data() + part.size(), *value, 16);
  text->remove_prefix(part.size());
  return part.size() == digits && read.ec == std::errc{} && read.ptr == part.data() + digits;
}

}  // namespace

MessageId::MessageId(const Host& host, std::int64_t position) {
  char* at = text_;
  const char* bytes = reinterpret_cast<const char*>(host.bytes);
  for (std::size_t i = 0; i < host.size; i += 4, at += 8)
    put_hex(at, load_big<std::uint32_t>(bytes + i), 8);
  put_hex(at, host.port, 8);
  put_hex(at + 8, static_cast<std::uint64_t>(position), 16);
  size_ = static_cast<std::size_t>(at + 24 - text_);
}

Result<MessagePlace> parse_message_id(std::string_view id) {
  const auto bad = [&] {
    return fail(Errc::invalid_argument, "'" + std::string(id) +
                                            "' is no message id of a broker: 32 or 56 "
                                            "hexadecimal digits of address, port and position");
  };
  constexpr std::size_t rest = port_digits + position_digits;
  if (id.size() != 8 + rest && id.size() != 32 + rest) return bad();
  MessagePlace place;
  place.store_host.size = static_cast<std::uint8_t>((id.size() - rest) / 2);
  std::string_view left = id;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < place.store_host.size; ++i) {
    if (!take_hex(&left, 2, &value)) return bad();
    place.store_host.bytes[i] = static_cast<unsigned char>(value);
  }
  if (!take_hex(&left, port_digits, &value) || value == 0 || value > 65535) return bad();
  place.store_host.port = static_cast<std::uint16_t>(value);
  if (!take_hex(&left, position_digits, &value)) return bad();
  if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return bad();
  place.position = static_cast<std::int64_t>(value);
  return place;
}

}  // namespace bolide
