// SPDX-License-Identifier: Apache-2.0
//
// What became of a message: by what clients wrote about it, and by what brokers know.
// Runs on: the main thread.  Owns: nothing.  Invariant: none.
#include "app/cli_trace.h"

#include "app/cli_client.h"
#include "app/output.h"
#include "app/time_place.h"
#include "base/strings.h"
#include "client/trace_record.h"
#include "os/clock.h"

#include <algorithm>
#include <map>
#include <utility>

namespace bolide::app {
namespace {

using client::TraceRecord;
using Kind = TraceRecord::Kind;

// Traces of one message lie in several of the trace topic's.
constexpr int traces_max = 1'000;

struct Traced {
  TraceRecord record;
  std::string client_host;
};

bool concerns(const TraceRecord& record, const std::string& id) {
  if (record.id == id) return true;
  const auto keys = split(record.keys, ' ');
  return std::ranges::find(keys, id) != keys.end();
}

std::vector<Traced> traces_of(const std::vector<ReceivedMessage>& messages, const std::string& id) {
  std::vector<Traced> all;
  for (const ReceivedMessage& message : messages) {
    std::string host = message.born_host.text();
    host.resize(host.rfind(':'));
    for (TraceRecord& record : client::decode_trace(message.body)) {
      if (concerns(record, id)) all.push_back({std::move(record), host});
    }
  }
  return all;
}

std::string_view type_text(TraceRecord::Type type) {
  constexpr std::string_view names[] = {"normal", "half", "commit", "delay", "order"};
  return names[static_cast<std::size_t>(type)];
}

std::string_view code_text(TraceRecord::Code code) {
  constexpr std::string_view names[] = {"success", "time_out", "exception", "return_null",
                                        "failed"};
  return names[static_cast<std::size_t>(code)];
}

Doc event_doc(std::string_view event, const Traced& traced, std::int64_t time_ms) {
  const TraceRecord& record = traced.record;
  return Doc::object({{"time_ms", time_ms},
                      {"event", event},
                      {"id", record.id},
                      {"group", record.group},
                      {"client", traced.client_host}});
}

Doc sent_doc(const Traced& traced) {
  const TraceRecord& record = traced.record;
  Doc doc = event_doc("sent", traced, record.time_ms);
  doc.add("status", record.success ? "success" : "failed");
  doc.add("cost_ms", record.cost_ms);
  doc.add("topic", record.topic);
  doc.add("tag", record.tags);
  doc.add("keys", record.keys);
  doc.add("type", type_text(record.type));
  doc.add("body_bytes", record.body_bytes);
  doc.add("store_host", record.store_host);
  doc.add("offset_id", record.offset_id);
  return doc;
}

// `after`: null while nobody has said how it ended.
Doc consumed_doc(const Traced& before, const TraceRecord* after) {
  Doc doc = event_doc("consumed", before, before.record.time_ms);
  doc.add("status", after == nullptr ? "began"
                    : after->success ? "success"
                                     : code_text(after->code));
  if (after != nullptr) doc.add("cost_ms", after->cost_ms);
  doc.add("attempt", before.record.retries + 1);
  return doc;
}

Doc ended_doc(const Traced& traced) {
  const TraceRecord& record = traced.record;
  const bool recalled = record.kind == Kind::recall;
  Doc doc = event_doc(recalled ? "recalled" : "transaction", traced, record.time_ms);
  doc.add("status", recalled ? (record.success ? "success" : "failed") : record.state);
  doc.add("topic", record.topic);
  if (!recalled) doc.add("from_check", record.from_check);
  return doc;
}

// One event each, in the order of their times; the two records of consuming are one.
Doc events_doc(const std::vector<Traced>& traces) {
  std::map<std::pair<std::string, std::string>, const TraceRecord*> after;  // by request and id
  for (const Traced& traced : traces) {
    if (traced.record.kind == Kind::sub_after)
      after[{traced.record.request_id, traced.record.id}] = &traced.record;
  }
  std::vector<Doc> events;
  for (const Traced& traced : traces) {
    const auto ended = after.find({traced.record.request_id, traced.record.id});
    switch (traced.record.kind) {
      case Kind::pub: events.push_back(sent_doc(traced)); break;
      case Kind::sub_before:
        events.push_back(consumed_doc(traced, ended == after.end() ? nullptr : ended->second));
        break;
      case Kind::sub_after: break;
      case Kind::end_transaction:
      case Kind::recall: events.push_back(ended_doc(traced)); break;
    }
  }
  std::ranges::sort(events, {}, [](const Doc& event) { return *event.find("time_ms")->number(); });
  return events;
}

}  // namespace

Exit message_trace(const Arguments& arguments, Streams streams) {
  const std::string id = arguments.text("ID");
  MessageQuery query{.topic = arguments.text("--trace-topic", client::trace_topic_name),
                     .key = id,
                     .count_max = traces_max};
  const WallMs now_ms = os::system_clock().now().wall_ms;
  if (arguments.has("--from")) {
    BOLIDE_TRY(query.from_ms, parse_time_place(arguments.text("--from"), now_ms));
  }
  if (arguments.has("--to")) {
    BOLIDE_TRY(query.to_ms, parse_time_place(arguments.text("--to"), now_ms));
  }
  BOLIDE_TRY(const Admin admin, open_admin(arguments));
  const auto messages = checked(admin.find_messages(query));
  // The first client that traces makes the topic.
  if (!messages && messages.error().code == Errc::topic_not_found)
    return Failure(
        Error{Errc::not_found, "nobody has traced into topic " + query.topic + " yet"}.fixed_by(
            "trace what is sent and taken: bolide pub --trace, sub --group GROUP "
            "--trace"));
  if (!messages) return Failure(messages.error());
  const Doc events = events_doc(traces_of(*messages, id));
  if (events.elements()->empty())
    return fail(Errc::not_found, "a trace of message " + id + " in topic " + query.topic);
  print(arguments, streams.out, events, [&] {
    return table_text(events, {{"TIME", "time_ms", Show::time},
                               {"EVENT", "event"},
                               {"STATUS", "status"},
                               {"COST MS", "cost_ms"},
                               {"ATTEMPT", "attempt"},
                               {"GROUP", "group"},
                               {"CLIENT", "client"},
                               {"TOPIC", "topic"},
                               {"ID", "id"}});
  });
  return {};
}

}  // namespace bolide::app
