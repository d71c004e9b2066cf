// SPDX-License-Identifier: Apache-2.0
//
// A message from a line of JSON.
// Runs on: the main thread.  Owns: nothing.  Invariant: none.
#include "app/message_lines.h"

#include "base/json_reader.h"
#include "client/send_encode.h"

#include <cstdint>

namespace bolide::app {
namespace {

int digit_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

}  // namespace

std::optional<std::string> from_base64(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int digit = digit_of(c);
    if (digit < 0) return std::nullopt;
    bits = (bits << 6) | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>((bits >> count) & 0xFF);
  }
  return bytes;
}

Result<> read_message_line(std::string_view line, Message* message) {
  JsonReader in(line);
  message->body.clear();
  bool good = in.peek() == JsonKind::object;
  if (good) {
    in.object([&](const JsonKey& key) {
      if (key == "body") {
        message->body = in.text();
      } else if (key == "body_base64") {
        auto bytes = from_base64(in.text());
        good = good && bytes.has_value();
        message->body = std::move(bytes).value_or("");
      } else if (key == "tag") {
        message->tag = in.text();
      } else if (key == "keys") {
        in.array([&] { message->keys.emplace_back(in.text()); });
      } else if (key == "properties") {
        in.object([&](const JsonKey& name) {
          if (client::is_reserved(name.text)) return;
          std::string own(name.text);
          message->properties.emplace_back(std::move(own), in.text());
        });
      }
    });
    BOLIDE_CHECK(in.finish());
  }
  if (!good || message->body.empty())
    return fail(Errc::message_invalid,
                "a line of --format json is an object with \"body\" or \"body_base64\"");
  return {};
}

}  // namespace bolide::app
