// SPDX-License-Identifier: Apache-2.0
//
// bolide topic list|create|describe|delete, bolide route.
// Runs on: the main thread.  Owns: nothing.  Invariant: none.
#include "app/cli.h"
#include "app/cli_client.h"
#include "app/cli_create.h"
#include "app/dlq/ledger.h"
#include "app/output.h"

namespace bolide::app {
namespace {

Exit list(const Arguments& arguments, Streams streams) {
  BOLIDE_TRY(const Admin admin, open_admin(arguments));
  BOLIDE_TRY(const auto topics, checked(admin.topics()));
  Doc rows = Doc::array();
  std::string names;
  for (const TopicName& topic : topics) {
    const bool system = topic.system || topic.name == ledger_topic;
    if (system && !arguments.has("--all")) continue;
    rows.add(Doc::object({{"topic", topic.name}, {"system", system}}));
    names += topic.name + "\n";
  }
  print(arguments, streams.out, rows, [&] { return names; });
  return {};
}

Exit remove(const Arguments& arguments, Streams streams) {
  const std::string topic = arguments.text("TOPIC");
  if (topic == ledger_topic)
    return fail(Errc::invalid_argument,
                "the topic holds which dead letters were replayed: without it they would be again");
  BOLIDE_TRY(const Admin admin, open_admin(arguments));
  BOLIDE_CHECK(
      fixed(checked(admin.delete_topic(topic)), Errc::topic_not_found, "see: bolide topic list"));
  print_done(arguments, streams.out, {"topic", topic, "deleted"});
  return {};
}

Doc shares_doc(const std::vector<TopicShare>& shares) {
  Doc rows = Doc::array();
  for (const TopicShare& share : shares) {
    rows.add(Doc::object({{"broker", share.broker},
                          {"cluster", share.cluster},
                          {"address", share.address},
                          {"read_queues", share.read_queues},
                          {"write_queues", share.write_queues},
                          {"perm", perm_text(share.readable, share.writable)},
                          {"order", share.order},
                          {"attributes", share.attributes}}));
  }
  return rows;
}

Doc queues_doc(const std::vector<QueueRange>& queues) {
  Doc rows = Doc::array();
  for (const QueueRange& range : queues) {
    rows.add(Doc::object({{"broker", range.queue.broker},
                          {"queue", range.queue.queue},
                          {"min_offset", range.first},
                          {"max_offset", range.next},
                          {"messages", range.next - range.first},
                          {"last_update_ms", range.stored_ms}}));
  }
  return rows;
}

std::string description_text(const Doc& topic) {
  std::string text = table_text(*topic.find("brokers"), {{"BROKER", "broker"},
                                                         {"CLUSTER", "cluster"},
                                                         {"ADDRESS", "address"},
                                                         {"READ", "read_queues"},
                                                         {"WRITE", "write_queues"},
                                                         {"PERM", "perm"},
                                                         {"ORDER", "order"},
                                                         {"ATTRIBUTES", "attributes"}});
  text +=
      "\n" + table_text(*topic.find("queues"), {{"BROKER", "broker"},
                                                {"QUEUE", "queue"},
                                                {"FIRST", "min_offset"},
                                                {"NEXT", "max_offset"},
                                                {"MESSAGES", "messages"},
                                                {"LAST MESSAGE", "last_update_ms", Show::time}});
  return text + "\ngroups: " + cell_text(topic.find("groups")) + "\n";
}

Exit describe(const Arguments& arguments, Streams streams) {
  BOLIDE_TRY(const Admin admin, open_admin(arguments));
  BOLIDE_TRY(const auto topic, checked(admin.describe_topic(arguments.text("TOPIC"))));
  const Doc doc = Doc::object({{"topic", topic.name},
                               {"brokers", shares_doc(topic.shares)},
                               {"queues", queues_doc(topic.queues)},
                               {"groups", topic.groups}});
  print(arguments, streams.out, doc, [&] { return description_text(doc); });
  return {};
}

Exit route(const Arguments& arguments, Streams streams) {
  BOLIDE_TRY(const Admin admin, open_admin(arguments));
  BOLIDE_TRY(const auto entries, checked(admin.route(arguments.text("TOPIC"))));
  Doc brokers = Doc::array();
  for (const RouteEntry& entry : entries) {
    Doc addresses = Doc::object({});
    for (const auto& [id, address] : entry.addresses) addresses.add(std::to_string(id), address);
    brokers.add(Doc::object({{"broker", entry.broker},
                             {"cluster", entry.cluster},
                             {"addresses", std::move(addresses)},
                             {"read_queues", entry.read_queues},
                             {"write_queues", entry.write_queues},
                             {"perm", perm_text(entry.readable, entry.writable)}}));
  }
  const Doc doc =
      Doc::object({{"topic", arguments.text("TOPIC")}, {"brokers", std::move(brokers)}});
  print(arguments, streams.out, doc, [&] {
    return table_text(*doc.find("brokers"), {{"BROKER", "broker"},
                                             {"CLUSTER", "cluster"},
                                             {"ADDRESSES", "addresses"},
                                             {"READ", "read_queues"},
                                             {"WRITE", "write_queues"},
                                             {"PERM", "perm"}});
  });
  return {};
}

constexpr OptionRow topic_row{
    .names = "TOPIC", .takes = Takes::topic, .doc = "its name", .required = true};
constexpr OptionRow topic_options[] = {topic_row};
constexpr OptionRow list_options[] = {
    {.names = "--all", .takes = Takes::flag, .doc = "also those that servers make for themselves"},
};

constexpr CommandRow rows[] = {
    {.path = "topic", .doc = "topics"},
    {.path = "topic list",
     .doc = "names of all topics",
     .run = list,
     .options = list_options,
     .examples = "bolide topic list\nbolide topic list --all -o json",
     .connects = true},
    {.path = "topic create",
     .doc = "make a topic, or change what is given of one that exists",
     .run = create_topic,
     .options = create_topic_options,
     .examples = "bolide topic create orders --queues 8\n"
                 "bolide topic create steps --attribute message.type=FIFO\n"
                 "bolide topic create orders --remove-attribute bolide.dedupe.window.ms",
     .connects = true},
    {.path = "topic describe",
     .doc = "settings, queues and groups of a topic",
     .run = describe,
     .options = topic_options,
     .examples = "bolide topic describe orders",
     .connects = true},
    {.path = "topic delete",
     .doc = "delete a topic with its messages",
     .run = remove,
     .options = topic_options,
     .examples = "bolide topic delete orders",
     .connects = true},
    {.path = "route",
     .doc = "which brokers serve a topic",
     .run = route,
     .options = topic_options,
     .examples = "bolide route orders",
     .connects = true},
};

}  // namespace

std::span<const CommandRow> topic_commands() {
  return rows;
}

}  // namespace bolide::app
