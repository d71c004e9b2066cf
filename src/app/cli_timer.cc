// SPDX-License-Identifier: Apache-2.0
//
// bolide timer list|show|recall: messages that wait for their time.
// Runs on: the main thread.  Owns: nothing.  Invariant: none.
#include "app/cli.h"
#include "app/cli_client.h"
#include "app/output.h"
#include "client/recall.h"

#include <algorithm>
#include <map>
#include <utility>

namespace bolide::app {
namespace {

constexpr std::int64_t default_step_ms = 60'000;

Doc waiting_doc(const WaitingMessage& message) {
  Doc doc = Doc::object({{"topic", message.topic},
                         {"broker", message.broker},
                         {"id", message.id},
                         {"tag", message.tag},
                         {"keys", message.keys},
                         {"stored_ms", message.stored_ms},
                         {"due_ms", message.due_ms},
                         {"delay_level", message.delay_level}});
  if (!message.recall_handle.empty()) doc.add("recall_handle", message.recall_handle);
  return doc;
}

// How many of each topic are due in each step of time.
Doc counts_doc(const std::vector<WaitingMessage>& messages, std::int64_t step_ms) {
  std::map<std::pair<std::int64_t, std::string>, std::int64_t> counts;
  for (const WaitingMessage& message : messages)
    ++counts[{message.due_ms / step_ms * step_ms, message.topic}];
  Doc rows = Doc::array();
  for (const auto& [place, count] : counts)
    rows.add(Doc::object({{"due_ms", place.first}, {"topic", place.second}, {"messages", count}}));
  return rows;
}

Result<std::vector<WaitingMessage>> waiting(const Arguments& arguments) {
  BOLIDE_TRY(const Admin admin, open_admin(arguments));
  return checked(admin.waiting_messages());
}

Exit list(const Arguments& arguments, Streams streams) {
  BOLIDE_TRY(auto messages, waiting(arguments));
  if (arguments.has("--topic")) {
    const std::string topic = arguments.text("--topic");
    std::erase_if(messages, [&](const auto& message) { return message.topic != topic; });
  }
  if (arguments.has("--count")) {
    const std::int64_t step_ms = arguments.duration_ms("--every", default_step_ms);
    const Doc rows = counts_doc(messages, std::max<std::int64_t>(step_ms, 1));
    print(arguments, streams.out, rows, [&] {
      return table_text(
          rows, {{"DUE FROM", "due_ms", Show::time}, {"TOPIC", "topic"}, {"MESSAGES", "messages"}});
    });
    return {};
  }
  Doc rows = Doc::array();
  for (const WaitingMessage& message : messages) rows.add(waiting_doc(message));
  print(arguments, streams.out, rows, [&] {
    return table_text(rows, {{"DUE", "due_ms", Show::time},
                             {"TOPIC", "topic"},
                             {"BROKER", "broker"},
                             {"KEYS", "keys"},
                             {"ID", "id"}});
  });
  return {};
}

Exit show(const Arguments& arguments, Streams streams) {
  BOLIDE_TRY(const auto messages, waiting(arguments));
  const std::string id = arguments.text("ID");
  const auto found = std::ranges::find(messages, id, &WaitingMessage::id);
  if (found == messages.end())
    return fail(Errc::not_found, "a message with the id " + id + " that waits for its time");
  const Doc doc = waiting_doc(*found);
  print(arguments, streams.out, doc, [&] { return fields_text(doc); });
  return {};
}

// What was due may be in its topic. Errors: invalid_argument, which says since when it is.
Result<> check_not_delivered(const Admin& admin, const client::RecallPlace& place) {
  const auto found = admin.find_messages({.topic = place.topic, .key = place.id, .unique = true});
  if (!found.ok() || found->empty()) return {};
  return Failure(
      Error{Errc::invalid_argument, "message " + place.id + " was delivered already, at " +
                                        time_text(found->back().stored_ms)}
          .fixed_by("see who got it: bolide message trace-path " + place.topic + " " + place.id));
}

Exit recall(const Arguments& arguments, Streams streams) {
  const std::string handle = arguments.text("HANDLE");
  BOLIDE_TRY(const auto place, client::RecallPlace::parse(handle));
  BOLIDE_TRY(const Client client, open_client(arguments));
  BOLIDE_TRY(Producer producer,
             checked(Producer::start(client, producer_options(arguments, "BOLIDE_CLI"))));
  const auto recalled = checked(producer.recall(place.topic, handle));
  if (!recalled) {
    BOLIDE_CHECK(check_not_delivered(Admin(client), place));
    return Failure(recalled.error());
  }
  const std::string& id = *recalled;
  print_done(arguments, streams.out, {"message", id, "recalled"});
  return {};
}

constexpr OptionRow list_options[] = {
    {.names = "--topic", .takes = Takes::topic, .value = "TOPIC", .doc = "only those to this one"},
    {.names = "--count", .takes = Takes::flag, .doc = "how many of each topic are due when"},
    {.names = "--every",
     .takes = Takes::duration,
     .value = "TIME",
     .doc = "with --count: in steps of so long (1m)"},
};
constexpr OptionRow show_options[] = {
    {.names = "ID", .doc = "the id that its producer gave it", .required = true},
};
constexpr OptionRow recall_options[] = {
    {.names = "HANDLE",
     .doc = "the recall_handle that pub --delay and timer show print",
     .required = true},
};

constexpr CommandRow rows[] = {
    {.path = "timer", .doc = "messages that wait for their time"},
    {.path = "timer list",
     .doc = "what waits, the next one first",
     .run = list,
     .options = list_options,
     .examples = "bolide timer list --topic orders\n"
                 "bolide timer list --count --every 1h",
     .connects = true},
    {.path = "timer show",
     .doc = "one message that waits",
     .run = show,
     .options = show_options,
     .examples = "bolide timer show 7F0000017B0A18B4AAC2123456780000",
     .connects = true},
    {.path = "timer recall",
     .doc = "take a message back before its time; a delay level cannot be recalled",
     .run = recall,
     .options = recall_options,
     .examples = "bolide timer recall djEgb3JkZXJzIGJyb2tlci1hIDE3NjQ1NDcyMDAwMDEgSUQ=",
     .connects = true},
};

}  // namespace

std::span<const CommandRow> timer_commands() {
  return rows;
}

}  // namespace bolide::app
