// SPDX-License-Identifier: Apache-2.0
//
// bolide group list|create|describe|members|reset|delete.
// Runs on: the main thread.  Owns: nothing.  Invariant: none.
#include "app/cli.h"
#include "app/cli_client.h"
#include "app/cli_create.h"
#include "app/cli_members.h"
#include "app/output.h"
#include "app/time_place.h"
#include "base/strings.h"
#include "os/clock.h"

#include <algorithm>

namespace bolide::app {
namespace {

Exit list(const Arguments& arguments, Streams streams) {
  BOLIDE_TRY(const Admin admin, open_admin(arguments));
  BOLIDE_TRY(const auto groups, checked(admin.groups()));
  Doc rows = Doc::array();
  std::string names;
  for (const GroupName& group : groups) {
    if (group.system && !arguments.has("--all")) continue;
    rows.add(Doc::object({{"group", group.name}, {"system", group.system}}));
    names += group.name + "\n";
  }
  print(arguments, streams.out, rows, [&] { return names; });
  return {};
}

Exit remove(const Arguments& arguments, Streams streams) {
  const std::string group = arguments.text("GROUP");
  BOLIDE_TRY(const Admin admin, open_admin(arguments));
  BOLIDE_CHECK(
      fixed(checked(admin.delete_group(group)), Errc::group_not_found, "see: bolide group list"));
  print_done(arguments, streams.out, {"group", group, "deleted"});
  return {};
}

Doc settings_doc(const std::vector<GroupShare>& shares) {
  Doc rows = Doc::array();
  for (const GroupShare& share : shares) {
    rows.add(Doc::object({{"broker", share.broker},
                          {"enabled", share.settings.enabled},
                          {"broadcasting", share.settings.broadcasting},
                          {"ordered", share.settings.ordered},
                          {"retries_max", share.settings.retries_max},
                          {"retry_queues", share.settings.retry_queues}}));
  }
  return rows;
}

Doc progress_doc(const std::vector<QueueProgress>& progress) {
  Doc rows = Doc::array();
  for (const QueueProgress& queue : progress) {
    rows.add(Doc::object({{"topic", queue.queue.topic},
                          {"broker", queue.queue.broker},
                          {"queue", queue.queue.queue},
                          {"max_offset", queue.next},
                          {"committed", queue.committed},
                          {"pulled", queue.pulled},
                          {"lag", queue.lag()},
                          {"consumed_ms", queue.consumed_ms}}));
  }
  return rows;
}

const std::string nobody_online = "nobody is online\n";

std::string description_text(const Doc& group) {
  std::string text = table_text(*group.find("brokers"), {{"BROKER", "broker"},
                                                         {"ENABLED", "enabled"},
                                                         {"BROADCASTING", "broadcasting"},
                                                         {"ORDERED", "ordered"},
                                                         {"RETRIES", "retries_max"},
                                                         {"RETRY QUEUES", "retry_queues"}});
  text += "\n" + table_text(*group.find("queues"), {{"TOPIC", "topic"},
                                                    {"BROKER", "broker"},
                                                    {"QUEUE", "queue"},
                                                    {"NEXT", "max_offset"},
                                                    {"COMMITTED", "committed"},
                                                    {"LAG", "lag"},
                                                    {"CONSUMED", "consumed_ms", Show::time}});
  text += "\nlag: " + cell_text(group.find("lag")) + "\n\n";
  const Doc* const members = group.find("members");
  return text + (members->is_null() ? nobody_online : members_text(*members));
}

Exit describe(const Arguments& arguments, Streams streams) {
  BOLIDE_TRY(const Admin admin, open_admin(arguments));
  const std::string topic = arguments.text("--topic");
  if (!topic.empty())
    BOLIDE_CHECK(
        fixed(checked(admin.route(topic)), Errc::topic_not_found, "see: bolide topic list"));
  BOLIDE_TRY(auto group, checked(admin.describe_group(arguments.text("GROUP"))));
  if (!topic.empty())
    std::erase_if(group.progress, [&](const auto& queue) { return queue.queue.topic != topic; });
  const Doc doc = Doc::object({{"group", group.name},
                               {"online", group.members.has_value()},
                               {"lag", group.lag()},
                               {"brokers", settings_doc(group.shares)},
                               {"queues", progress_doc(group.progress)},
                               {"members", group.members ? members_doc(*group.members) : Doc()}});
  print(arguments, streams.out, doc, [&] { return description_text(doc); });
  return {};
}

Exit members(const Arguments& arguments, Streams streams) {
  BOLIDE_TRY(const Admin admin, open_admin(arguments));
  const std::string group = arguments.text("GROUP");
  auto found = admin.members(group);
  if (!found.ok() && found.status().code() == Errc::consumer_not_online) {
    // Brokers answer the same of a group that nobody knows.
    BOLIDE_CHECK(checked(admin.describe_group(group)));
    found = GroupMembers{};
  }
  BOLIDE_TRY(const GroupMembers online, checked(std::move(found)));
  const Doc doc = members_doc(online);
  print(arguments, streams.out, doc,
        [&] { return online.clients.empty() ? nobody_online : members_text(doc); });
  return {};
}

// first, last, a number behind '=' (an offset), or a place in time.
Result<> take_place(const std::string& text, OffsetReset* reset) {
  using Place = OffsetReset::Place;
  if (text == "first" || text == "last") {
    reset->place = text == "first" ? Place::first : Place::last;
    return {};
  }
  if (text.starts_with("=")) {
    const auto offset = parse_integer<std::int64_t>(std::string_view(text).substr(1));
    if (!offset || *offset < 0) return fail(Errc::usage, "--to: '" + text + "' is no offset");
    reset->place = Place::offset;
    reset->value = *offset;
    return {};
  }
  reset->place = Place::time;
  BOLIDE_TRY(reset->value, parse_time_place(text, os::system_clock().now().wall_ms));
  return {};
}

// Of a reset that found no queue: whether its broker has none of the topic. Errors: not_found.
Result<> check_broker(const Admin& admin, const OffsetReset& request) {
  const auto route = admin.route(request.topic);
  if (!route.ok() || request.broker.empty()) return {};
  if (std::ranges::find(*route, request.broker, &RouteEntry::broker) != route->end()) return {};
  return Failure(
      Error{Errc::not_found, "broker " + request.broker + " with topic " + request.topic}.fixed_by(
          "see which brokers have it: bolide route " + request.topic));
}

Exit reset(const Arguments& arguments, Streams streams) {
  OffsetReset request{.group = arguments.text("GROUP"),
                      .topic = arguments.text("TOPIC"),
                      .broker = arguments.text("--broker"),
                      .dry_run = arguments.has("--dry-run")};
  BOLIDE_CHECK(take_place(arguments.text("--to"), &request));
  if (arguments.has("--queue")) request.queue = static_cast<int>(arguments.number("--queue", 0));
  BOLIDE_TRY(const Admin admin, open_admin(arguments));
  const auto changes = checked(admin.reset_offsets(request));
  if (!changes) {
    if (changes.error().code == Errc::queue_out_of_range)
      BOLIDE_CHECK(check_broker(admin, request));
    return Failure(changes.error());
  }
  Doc rows = Doc::array();
  for (const OffsetChange& change : *changes) {
    rows.add(Doc::object({{"broker", change.queue.broker},
                          {"queue", change.queue.queue},
                          {"from", change.from < 0 ? Doc() : Doc(change.from)},
                          {"to", change.to}}));
  }
  const Doc doc = Doc::object({{"group", request.group},
                               {"topic", request.topic},
                               {"changed", !request.dry_run},
                               {"queues", std::move(rows)}});
  print(arguments, streams.out, doc, [&] {
    const char* const end = request.dry_run ? "nothing was changed\n" : "";
    return table_text(*doc.find("queues"),
                      {{"BROKER", "broker"}, {"QUEUE", "queue"}, {"FROM", "from"}, {"TO", "to"}}) +
           end;
  });
  return {};
}

constexpr OptionRow group_row{
    .names = "GROUP", .takes = Takes::group, .doc = "its name", .required = true};
constexpr OptionRow group_options[] = {group_row};
constexpr OptionRow list_options[] = {
    {.names = "--all", .takes = Takes::flag, .doc = "also those that servers make for themselves"},
};
constexpr OptionRow describe_options[] = {
    group_row,
    {.names = "--topic", .takes = Takes::topic, .value = "TOPIC", .doc = "only its queues"},
};
constexpr OptionRow reset_options[] = {
    group_row,
    {.names = "TOPIC",
     .takes = Takes::topic,
     .doc = "whose queues the group is to consume anew",
     .required = true},
    {.names = "--to",
     .value = "PLACE",
     .doc = "first, last, =OFFSET, a time (2026-01-31T12:00:00Z) or how long ago (15m)",
     .required = true},
    {.names = "--broker", .value = "NAME", .doc = "only queues of this broker"},
    {.names = "--queue",
     .takes = Takes::number,
     .value = "N",
     .doc = "only queues of this number",
     .most = 65536},
    {.names = "--dry-run", .takes = Takes::flag, .doc = "show what would change, change nothing"},
};

constexpr CommandRow rows[] = {
    {.path = "group", .doc = "consumer groups"},
    {.path = "group list",
     .doc = "names of all consumer groups",
     .run = list,
     .options = list_options,
     .examples = "bolide group list",
     .connects = true},
    {.path = "group create",
     .doc = "make a consumer group, or change what is given of one that exists",
     .run = create_group,
     .options = create_group_options,
     .examples = "bolide group create billing --retries 5",
     .connects = true},
    {.path = "group describe",
     .doc = "settings, progress, lag and members of a group",
     .run = describe,
     .options = describe_options,
     .examples = "bolide group describe billing\nbolide group describe billing --topic orders",
     .connects = true},
    {.path = "group members",
     .doc = "who is connected, and what they subscribe to",
     .run = members,
     .options = group_options,
     .examples = "bolide group members billing",
     .connects = true},
    {.path = "group reset",
     .doc = "set where a group consumes next",
     .run = reset,
     .options = reset_options,
     .examples = "bolide group reset billing orders --to 2h --dry-run\n"
                 "bolide group reset billing orders --to first\n"
                 "bolide group reset billing orders --to =4711 --queue 3",
     .connects = true},
    {.path = "group delete",
     .doc = "delete a group with its offsets",
     .run = remove,
     .options = group_options,
     .examples = "bolide group delete billing",
     .connects = true},
};

}  // namespace

std::span<const CommandRow> group_commands() {
  return rows;
}

}  // namespace bolide::app
