// SPDX-License-Identifier: Apache-2.0
//
// bolide message get|find|trace|trace-path.
// Runs on: the main thread.  Owns: nothing.  Invariant: none.
#include "app/cli.h"
#include "app/cli_client.h"
#include "app/cli_trace.h"
#include "app/message_text.h"
#include "app/output.h"
#include "app/time_place.h"
#include "os/clock.h"

namespace bolide::app {
namespace {

Result<ReceivedMessage> get_one(const Arguments& arguments) {
  const std::string id = arguments.text("ID");
  const bool by_place = arguments.has("--topic");
  if (id.empty() == !by_place)
    return fail(Errc::usage,
                "bolide message get wants an id, or --topic, --broker, --queue and --offset");
  if (by_place &&
      !(arguments.has("--broker") && arguments.has("--queue") && arguments.has("--offset")))
    return fail(Errc::usage, "--topic goes with --broker, --queue and --offset");
  BOLIDE_TRY(const Admin admin, open_admin(arguments));
  if (!by_place) {
    auto found = checked(admin.message_by_offset_id(id));
    if (found || found.error().code != Errc::invalid_argument) return found;
    return Failure(std::move(found).error().fixed_by(
        "an id that a producer gave is found by: bolide message find TOPIC " + id + " --id"));
  }
  const QueueId queue{.topic = arguments.text("--topic"),
                      .broker = arguments.text("--broker"),
                      .queue = static_cast<std::int32_t>(arguments.number("--queue", 0))};
  return checked(admin.message_at(queue, arguments.number("--offset", 0)));
}

Exit get(const Arguments& arguments, Streams streams) {
  BOLIDE_TRY(const ReceivedMessage message, get_one(arguments));
  if (arguments.has("--body")) {
    streams.out << message.body;
    return {};
  }
  print(arguments, streams.out, message_doc(message), [&] { return message_page(message); });
  return {};
}

Exit find(const Arguments& arguments, Streams streams) {
  MessageQuery query{.topic = arguments.text("TOPIC"),
                     .key = arguments.text("KEY"),
                     .unique = arguments.has("--id"),
                     .count_max = static_cast<int>(arguments.number("--count", 64))};
  const WallMs now_ms = os::system_clock().now().wall_ms;
  if (arguments.has("--from")) {
    BOLIDE_TRY(query.from_ms, parse_time_place(arguments.text("--from"), now_ms));
  }
  if (arguments.has("--to")) {
    BOLIDE_TRY(query.to_ms, parse_time_place(arguments.text("--to"), now_ms));
  }
  BOLIDE_TRY(const Admin admin, open_admin(arguments));
  BOLIDE_TRY(const auto messages, checked(admin.find_messages(query)));
  if (messages.empty())
    return fail(Errc::not_found, "a message of topic " + query.topic + " with the " +
                                     (query.unique ? "id " : "key ") + query.key);
  Doc rows = Doc::array();
  for (const ReceivedMessage& message : messages) rows.add(message_doc(message));
  print(arguments, streams.out, rows, [&] { return messages_table(rows); });
  return {};
}

constexpr OptionRow get_options[] = {
    {.names = "ID",
     .doc = "the offset_id that its broker gave it; for the id of a producer: message find --id"},
    {.names = "--topic", .takes = Takes::topic, .value = "TOPIC", .doc = "by its place: topic,"},
    {.names = "--broker", .value = "NAME", .doc = "broker,"},
    {.names = "--queue", .takes = Takes::number, .value = "N", .doc = "queue", .most = 65536},
    {.names = "--offset", .takes = Takes::number, .value = "N", .doc = "and offset"},
    {.names = "--body", .takes = Takes::flag, .doc = "write its body and nothing else"},
};
constexpr OptionRow find_options[] = {
    {.names = "TOPIC", .takes = Takes::topic, .doc = "where to look", .required = true},
    {.names = "KEY", .doc = "one of the message's keys", .required = true},
    {.names = "--id", .takes = Takes::flag, .doc = "KEY is the id that its producer gave it"},
    {.names = "--from", .value = "TIME", .doc = "stored since then: 2026-01-31T12:00:00Z or 15m"},
    {.names = "--to", .value = "TIME", .doc = "stored until then"},
    {.names = "-n,--count",
     .takes = Takes::number,
     .value = "N",
     .doc = "at most so many per broker (64)",
     .least = 1,
     .most = 10'000},
};

constexpr CommandRow rows[] = {
    {.path = "message", .doc = "stored messages"},
    {.path = "message get",
     .doc = "one message, by id or by its place",
     .run = get,
     .options = get_options,
     .examples = "bolide message get 7F00000100002A9F0000000000000000\n"
                 "bolide message get --topic orders --broker broker-a --queue 0 --offset 4711",
     .connects = true},
    {.path = "message find",
     .doc = "the messages with a key, or with an id of a producer",
     .run = find,
     .options = find_options,
     .examples = "bolide message find orders 4711\n"
                 "bolide message find orders 7F0000017B0A18B4AAC2123456780000 --id -o json",
     .connects = true},
    {.path = "message trace-path",
     .doc = "where a message lies, and how far each group is with it: waiting, consumed, retried, "
            "dead",
     .run = message_path,
     .options = path_options,
     .examples = "bolide message trace-path orders 7F0000017B0A18B4AAC2123456780000",
     .connects = true},
    {.path = "message trace",
     .doc = "what clients that trace wrote about a message: sent, consumed, by whom, how long",
     .run = message_trace,
     .options = trace_options,
     .examples = "bolide message trace 7F0000017B0A18B4AAC2123456780000",
     .connects = true},
};

}  // namespace

std::span<const CommandRow> message_commands() {
  return rows;
}

}  // namespace bolide::app
