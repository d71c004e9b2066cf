// SPDX-License-Identifier: Apache-2.0
//
// The message that a dead letter becomes again.
// Runs on: any thread.  Owns: nothing.  Invariant: see copy.h.
#include "app/dlq/copy.h"

#include "app/dlq/ledger.h"
#include "app/dlq/letters.h"
#include "base/strings.h"
#include "client/send_encode.h"

namespace bolide::app {
namespace {

// How a message goes its way; it is the letter's past.
bool is_of_the_way(std::string_view name) {
  return client::is_reserved(name) || name.starts_with(copy_property::all_begin_with) ||
         name == "DELAY" || name.starts_with("TIMER_") || name == "CORRELATION_ID" ||
         name == "REPLY_TO_CLIENT" || name == "TTL";
}

}  // namespace

Message make_copy(const CopyOf& copy) {
  const ReceivedMessage& letter = copy.letter;
  Message message{
      .topic = copy.to, .body = letter.body, .tag = std::string(letter.tag()), .flag = letter.flag};
  for (const std::string_view key : split(letter.keys(), ' '))
    if (!key.empty()) message.keys.emplace_back(key);
  for (const auto& [name, value] : letter.properties) {
    // A consumer may depend on the key by which the message was put in order.
    if (!is_of_the_way(name)) message.properties.emplace_back(name, value);
  }
  const auto add = [&](std::string_view name, std::string value) {
    if (!value.empty()) message.properties.emplace_back(name, std::move(value));
  };
  namespace names = copy_property;
  add(names::replays, std::to_string(replays_of(letter) + 1));
  add(names::replay, copy.name);
  add(names::letter, letter.topic + "/" + letter.broker + "/" + std::to_string(letter.queue) + "/" +
                         std::to_string(letter.offset));
  add(names::group, letter.topic.substr(dead_letter_prefix.size()));
  add(names::died_ms, std::to_string(letter.stored_ms));
  add(names::topic, std::string(topic_of_letter(letter)));
  add(names::message_id, std::string(letter.property("ORIGIN_MESSAGE_ID")));
  if (copy.origin != nullptr && copy.origin->topic == topic_of_letter(letter)) {
    add(names::queue, std::to_string(copy.origin->queue));
    add(names::offset, std::to_string(copy.origin->offset));
  }
  return message;
}

}  // namespace bolide::app
