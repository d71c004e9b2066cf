// SPDX-License-Identifier: Apache-2.0
//
// Messages as docs and as text.
// Runs on: the main thread.  Owns: nothing.  Invariant: see message_text.h.
#include "app/message_text.h"

#include "app/output.h"
#include "base/base64.h"
#include "base/strings.h"
#include "client/message.h"

#include <fmt/core.h>

#include <optional>
#include <vector>

namespace bolide::app {
namespace {

std::vector<std::string> keys_of(const ReceivedMessage& message) {
  std::vector<std::string> keys;
  for (const std::string_view key : split(message.keys(), ' ')) {
    if (!key.empty()) keys.emplace_back(key);
  }
  return keys;
}

Doc properties_of(const ReceivedMessage& message) {
  Doc properties = Doc::object({});
  for (const auto& [name, value] : message.properties) {
    if (name != client::property::tags && name != client::property::keys)
      properties.add(name, value);
  }
  return properties;
}

// What stands for a letter behind %, or nothing.
std::optional<std::string> part_of(char letter, const ReceivedMessage& message) {
  switch (letter) {
    case 't': return message.topic;
    case 'b': return message.broker;
    case 'q': return std::to_string(message.queue);
    case 'o': return std::to_string(message.offset);
    case 'i': return message.id();
    case 'g': return std::string(message.tag());
    case 'k': return std::string(message.keys());
    case 'd': return time_text(message.stored_ms);
    case 'p': return properties_of(message).json();
    case 's': return message.body;
    case 'n': return "\n";
    case '%': return "%";
    default: return std::nullopt;
  }
}

}  // namespace

Doc message_doc(const ReceivedMessage& message) {
  Doc doc = Doc::object({{"topic", message.topic}});
  if (!message.broker.empty()) doc.add("broker", message.broker);
  doc.add("queue", message.queue);
  doc.add("offset", message.offset);
  doc.add("position", message.position);
  doc.add("id", message.id());
  doc.add("offset_id", message.offset_id());
  doc.add("tag", message.tag());
  doc.add("keys", keys_of(message));
  doc.add("properties", properties_of(message));
  doc.add("born_ms", message.born_ms);
  doc.add("born_host", message.born_host.text());
  doc.add("stored_ms", message.stored_ms);
  doc.add("reconsume_times", message.reconsume_times);
  if (message.damaged) doc.add("damaged", true);
  if (is_utf8(message.body)) {
    doc.add("body", message.body);
  } else {
    doc.add("body_base64", base64(message.body));
  }
  return doc;
}

std::string messages_table(const Doc& messages) {
  return table_text(messages, {{"BROKER", "broker"},
                               {"QUEUE", "queue"},
                               {"OFFSET", "offset"},
                               {"STORED", "stored_ms", Show::time},
                               {"TAG", "tag"},
                               {"KEYS", "keys"},
                               {"ID", "id"}});
}

std::string message_page(const ReceivedMessage& message) {
  Doc doc = Doc::object({});
  const Doc whole = message_doc(message);
  for (const auto& [name, value] : *whole.members()) {
    if (!name.starts_with("body")) doc.add(name, value);
  }
  doc.add("body_bytes", message.body.size());
  const bool text = is_utf8(message.body);
  return fields_text(doc) + "\n" + (text ? message.body : base64(message.body)) + "\n";
}

Result<std::string> format_message(std::string_view format, const ReceivedMessage& message) {
  std::string text;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      text += format[i];
      continue;
    }
    const char letter = ++i < format.size() ? format[i] : '\0';
    const auto part = part_of(letter, message);
    if (!part)
      return fail(Errc::usage, "--format: '%" + std::string(1, letter) +
                                   "' is unknown; there are %t %b %q %o %i %g %k %d %p %s %n %%");
    text += *part;
  }
  return text;
}

}  // namespace bolide::app
