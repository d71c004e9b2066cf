// SPDX-License-Identifier: Apache-2.0
//
// A message as JSON.
// Runs on: the main thread.  Owns: nothing.  Invariant: see message_text.h.
#include "app/message_text.h"

#include "app/output.h"
#include "base/strings.h"

namespace bolide::app {

std::string message_json(const ReceivedMessage& message, std::string_view broker) {
  std::string text;
  JsonWriter json(text, json_style);
  json.begin_object();
  json.member("topic", message.topic);
  if (!broker.empty()) json.member("broker", broker);
  json.member("queue", message.queue);
  json.member("offset", message.offset);
  json.member("position", message.position);
  json.member("id", message.id());
  json.member("offset_id", message.offset_id());
  json.member("tag", message.property(client::property::tags));
  json.key("keys");
  json.begin_array();
  for (const std::string_view key : split(message.property(client::property::keys), ' ')) {
    if (!key.empty()) json.value(key);
  }
  json.end_array();
  json.key("properties");
  json.begin_object();
  for (const auto& [name, value] : message.properties) {
    if (name != client::property::tags && name != client::property::keys) json.member(name, value);
  }
  json.end_object();
  json.member("born_ms", message.born_ms);
  json.member("born_host", message.born_host.text());
  json.member("stored_ms", message.stored_ms);
  json.member("reconsume_times", message.reconsume_times);
  if (is_utf8(message.body)) {
    json.member("body", message.body);
  } else {
    json.member("body_base64", base64(message.body));
  }
  json.end_object();
  return text;
}

}  // namespace bolide::app
