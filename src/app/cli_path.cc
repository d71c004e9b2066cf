// SPDX-License-Identifier: Apache-2.0
//
// bolide message trace-path: where a message lies, and how far each group is with it, as the
// brokers know it. Runs on: the main thread.  Owns: nothing.  Invariant: none.
#include "app/cli_client.h"
#include "app/cli_trace.h"
#include "app/output.h"
#include "client/names.h"

#include <algorithm>
#include <optional>

namespace bolide::app {
namespace {

using Messages = std::vector<ReceivedMessage>;

Doc place_doc(const ReceivedMessage& message) {
  return Doc::object({{"topic", message.topic},
                      {"broker", message.broker},
                      {"queue", message.queue},
                      {"offset", message.offset},
                      {"stored_ms", message.stored_ms},
                      {"born_ms", message.born_ms},
                      {"born_host", message.born_host.text()},
                      {"store_host", message.store_host.text()},
                      {"offset_id", message.offset_id()},
                      {"reconsume_times", message.reconsume_times}});
}

// Nothing where the topic does not exist: no group made it.
Result<Messages> copies_in(const Admin& admin, const std::string& topic, const std::string& id) {
  auto found = admin.find_messages({.topic = topic, .key = id, .unique = true});
  if (!found && found.status().code() == Errc::topic_not_found) return Messages{};
  return checked(std::move(found));
}

// What the group has committed of the message's queue; nothing if it was never there.
std::optional<std::int64_t> committed_of(const std::vector<QueueProgress>& progress,
                                         const ReceivedMessage& message) {
  const auto found = std::ranges::find_if(progress, [&](const QueueProgress& one) {
    return one.queue == QueueId{message.topic, message.broker, message.queue};
  });
  if (found == progress.end() || found->committed < 0) return std::nullopt;
  return found->committed;
}

bool is_passed(const std::vector<QueueProgress>& progress, const ReceivedMessage& message) {
  const auto committed = committed_of(progress, message);
  return committed && *committed > message.offset;
}

// dead: it lies among the dead letters; retried: the last copy waits for its turn; consumed: what
// the group has committed is behind it, and behind its copies; waiting: it is not.
std::string_view state_of(const std::vector<QueueProgress>& progress,
                          const ReceivedMessage& message, const Messages& retries,
                          const Messages& dead) {
  if (!dead.empty()) return "dead";
  if (!is_passed(progress, message)) return "waiting";
  const auto passed = [&](const ReceivedMessage& copy) { return is_passed(progress, copy); };
  return std::ranges::all_of(retries, passed) ? "consumed" : "retried";
}

Result<Doc> group_doc(const Admin& admin, const std::string& group,
                      const ReceivedMessage& message) {
  BOLIDE_TRY(const auto described, checked(admin.describe_group(group)));
  const std::string id = message.id();
  BOLIDE_TRY(Messages retries, copies_in(admin, std::string(client::retry_prefix) + group, id));
  BOLIDE_TRY(Messages dead, copies_in(admin, std::string(client::dead_letter_prefix) + group, id));
  const auto committed = committed_of(described.progress, message);
  Doc doc = Doc::object({{"group", group},
                         {"state", state_of(described.progress, message, retries, dead)},
                         {"committed", committed ? Doc(*committed) : Doc()},
                         {"retries", retries.size()},
                         {"online", described.members ? described.members->clients.size() : 0U}});
  Doc retry_places = Doc::array(), dead_places = Doc::array();
  for (const ReceivedMessage& copy : retries) retry_places.add(place_doc(copy));
  for (const ReceivedMessage& copy : dead) dead_places.add(place_doc(copy));
  doc.add("retry_copies", std::move(retry_places));
  doc.add("dead_copies", std::move(dead_places));
  return doc;
}

std::string text_of(const Doc& doc) {
  std::string text = table_text(*doc.find("stored"), {{"STORED", "stored_ms", Show::time},
                                                      {"BROKER", "broker"},
                                                      {"QUEUE", "queue"},
                                                      {"OFFSET", "offset"},
                                                      {"BORN", "born_ms", Show::time},
                                                      {"FROM", "born_host"},
                                                      {"OFFSET ID", "offset_id"}});
  return text + "\n" +
         table_text(*doc.find("groups"), {{"GROUP", "group"},
                                          {"STATE", "state"},
                                          {"COMMITTED", "committed"},
                                          {"RETRIES", "retries"},
                                          {"ONLINE", "online"}});
}

// A message that waits for its time is in no topic that groups read.
Exit waiting_path(const Arguments& arguments, Streams streams, const Admin& admin) {
  const std::string topic = arguments.text("TOPIC"), id = arguments.text("ID");
  BOLIDE_TRY(const auto waiting, checked(admin.waiting_messages()));
  const auto found = std::ranges::find_if(waiting, [&](const WaitingMessage& message) {
    return message.id == id && message.topic == topic;
  });
  if (found == waiting.end())
    return fail(Errc::not_found, "a message of topic " + topic + " with the id " + id);
  const Doc doc = Doc::object({{"topic", topic},
                               {"id", id},
                               {"tag", found->tag},
                               {"keys", found->keys},
                               {"due_ms", found->due_ms},
                               {"stored", Doc::array()},
                               {"groups", Doc::array()}});
  print(arguments, streams.out, doc, [&] {
    return "it waits for its time, until " + time_text(found->due_ms) +
           "; see: bolide timer show " + id + "\n";
  });
  return {};
}

}  // namespace

Exit message_path(const Arguments& arguments, Streams streams) {
  const std::string topic = arguments.text("TOPIC"), id = arguments.text("ID");
  BOLIDE_TRY(const Admin admin, open_admin(arguments));
  BOLIDE_TRY(const auto found,
             checked(admin.find_messages({.topic = topic, .key = id, .unique = true})));
  if (found.empty()) return waiting_path(arguments, streams, admin);
  // It may be stored several times, if its producer had to send it again; groups are told by the
  // last.
  Doc stored = Doc::array(), groups = Doc::array();
  for (const ReceivedMessage& message : found) stored.add(place_doc(message));
  BOLIDE_TRY(const auto described, checked(admin.describe_topic(topic)));
  for (const std::string& group : described.groups) {
    BOLIDE_TRY(Doc one, group_doc(admin, group, found.back()));
    groups.add(std::move(one));
  }
  const Doc doc = Doc::object({{"topic", topic},
                               {"id", id},
                               {"tag", found.back().tag()},
                               {"keys", found.back().keys()},
                               {"stored", std::move(stored)},
                               {"groups", std::move(groups)}});
  print(arguments, streams.out, doc, [&] { return text_of(doc); });
  return {};
}

}  // namespace bolide::app
