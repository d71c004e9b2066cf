// SPDX-License-Identifier: Apache-2.0
//
// Messages as a consumer sees them.
// Runs on: any thread.  Owns: nothing.  Invariant: see message.h.
#include "client/message.h"

#include "base/crc.h"
#include "base/cursor.h"
#include "base/strings.h"
#include "client/compression.h"

#include <algorithm>
#include <cstring>

namespace bolide::client {
namespace {

constexpr std::uint32_t magic_v1 = 0xDAA320A7U;
constexpr std::uint32_t magic_v2 = 0xDAA320ABU;  // two-byte topic length
constexpr std::size_t size_bytes = 4;

namespace sys_flag {
constexpr int compressed = 1;
constexpr int born_host_v6 = 16;
constexpr int store_host_v6 = 32;
}  // namespace sys_flag

constexpr char name_end = '\1';
constexpr char value_end = '\2';

Host read_host(ByteReader* in, bool v6) {
  Host host;
  host.size = v6 ? 16 : 4;
  const std::string_view bytes = in->bytes(host.size);
  if (!bytes.empty()) std::memcpy(host.bytes, bytes.data(), bytes.size());
  host.port = static_cast<std::uint16_t>(in->u32());
  return host;
}

Result<ReceivedMessage> decode_message(ByteReader in) {
  ReceivedMessage message;
  const std::uint32_t magic = in.u32();
  if (magic != magic_v1 && magic != magic_v2)
    return fail(Errc::malformed, "message with an unknown magic number");
  const std::uint32_t body_crc = in.u32();
  message.queue = in.i32();
  message.flag = in.i32();
  message.offset = in.i64();
  message.position = in.i64();
  const std::int32_t flags = in.i32();
  message.born_ms = in.i64();
  message.born_host = read_host(&in, (flags & sys_flag::born_host_v6) != 0);
  message.stored_ms = in.i64();
  message.store_host = read_host(&in, (flags & sys_flag::store_host_v6) != 0);
  message.reconsume_times = in.i32();
  in.skip(8);  // the position of the transaction's first half
  const std::string_view body = in.bytes(in.u32());
  message.topic = in.bytes(magic == magic_v1 ? in.u8() : in.u16());
  const std::string_view properties = in.bytes(in.u16());
  if (in.failed()) return fail(Errc::malformed, "message that is cut short");
  message.properties = decode_properties(properties);
  message.damaged = !body.empty() && (crc32(body) & 0x7FFFFFFFU) != body_crc;
  const bool inflates = !message.damaged && (flags & sys_flag::compressed) != 0;
  auto inflated = inflates ? inflate_body(body, flags) : Result<std::string>(std::string(body));
  message.damaged |= !inflated;
  message.body = inflated ? std::move(*inflated) : std::string(body);
  return message;
}

}  // namespace

Result<std::vector<ReceivedMessage>> decode_messages(std::string_view bytes) {
  std::vector<ReceivedMessage> messages;
  while (!bytes.empty()) {
    ByteReader in(bytes);
    const std::uint32_t size = in.u32();
    if (in.failed() || size <= size_bytes || size > bytes.size())
      return fail(Errc::malformed, "message of an impossible length");
    BOLIDE_TRY(auto message,
               decode_message(ByteReader(bytes.substr(size_bytes, size - size_bytes))));
    messages.push_back(std::move(message));
    bytes.remove_prefix(size);
  }
  return messages;
}

Properties decode_properties(std::string_view text) {
  Properties properties;
  properties.reserve(8);  // what clients and brokers add themselves
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find(value_end));
    text.remove_prefix(std::min(pair.size() + 1, text.size()));
    const std::size_t mark = pair.find(name_end);
    if (mark == std::string_view::npos || mark == 0 || mark + 1 == pair.size()) continue;
    properties.emplace_back(pair.substr(0, mark), pair.substr(mark + 1));
  }
  return properties;
}

Result<std::string> encode_properties(const Properties& properties) {
  constexpr std::string_view marks("\1\2", 2);
  std::string text;
  for (const auto& [name, value] : properties) {
    if (name.empty() || value.empty())
      return fail(Errc::invalid_argument, "property '" + name + "' needs a name and a value");
    if (name.find_first_of(marks) != std::string::npos ||
        value.find_first_of(marks) != std::string::npos)
      return fail(Errc::invalid_argument, "property " + name + " holds a byte 1 or 2");
    text.append(name).append(1, name_end).append(value).append(1, value_end);
  }
  return text;
}

bool tag_matches(std::string_view expression, std::string_view tag) {
  if (trim(expression).empty() || trim(expression) == "*") return true;
  while (!expression.empty()) {
    const std::size_t end = expression.find("||");
    if (trim(expression.substr(0, end)) == tag) return true;
    expression.remove_prefix(end == std::string_view::npos ? expression.size() : end + 2);
  }
  return false;
}

}  // namespace bolide::client
