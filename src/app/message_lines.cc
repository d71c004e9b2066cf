// SPDX-License-Identifier: Apache-2.0
//
// A message from a line of JSON.
// Runs on: the main thread.  Owns: nothing.  Invariant: none.
#include "app/message_lines.h"

#include "base/base64.h"
#include "base/json_reader.h"
#include "client/send_encode.h"

namespace bolide::app {
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
