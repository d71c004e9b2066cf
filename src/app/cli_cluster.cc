// SPDX-License-Identifier: Apache-2.0
//
// bolide cluster list|describe, broker list|describe, producer list, consumer list|describe.
// Runs on: the main thread.  Owns: nothing.  Invariant: none.
#include "app/cli.h"
#include "app/cli_client.h"
#include "app/cli_members.h"
#include "app/output.h"
#include "base/strings.h"

#include <algorithm>
#include <map>
#include <set>

namespace bolide::app {
namespace {

Doc broker_doc(const BrokerInfo& broker) {
  return Doc::object({{"cluster", broker.cluster},
                      {"broker", broker.name},
                      {"id", broker.id},
                      {"role", broker.id == 0 ? "master" : "replica"},
                      {"address", broker.address}});
}

Exit list_clusters(const Arguments& arguments, Streams streams) {
  BOLIDE_TRY(const Admin admin, open_admin(arguments));
  BOLIDE_TRY(const auto brokers, checked(admin.brokers()));
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> counts;
  for (const BrokerInfo& broker : brokers)
    ++(broker.id == 0 ? counts[broker.cluster].first : counts[broker.cluster].second);
  Doc rows = Doc::array();
  for (const auto& [name, count] : counts) {
    rows.add(
        Doc::object({{"cluster", name}, {"masters", count.first}, {"replicas", count.second}}));
  }
  print(arguments, streams.out, rows, [&] {
    return table_text(rows,
                      {{"CLUSTER", "cluster"}, {"MASTERS", "masters"}, {"REPLICAS", "replicas"}});
  });
  return {};
}

// The first of the numbers in a text like "0.1 0.2 0.3".
Doc first_number(const std::map<std::string, std::string>& state, const std::string& name) {
  const auto found = state.find(name);
  if (found == state.end()) return {};
  const std::string_view text = trim(found->second);
  const std::string word(text.substr(0, text.find(' ')));
  char* end = nullptr;
  const double number = std::strtod(word.c_str(), &end);
  if (end == word.c_str()) return {};
  return std::max(number, 0.0);
}

Doc text_of(const std::map<std::string, std::string>& state, const std::string& name) {
  const auto found = state.find(name);
  return found == state.end() ? Doc() : Doc(found->second);
}

Doc number_of(const std::map<std::string, std::string>& state, const std::string& name) {
  const auto found = state.find(name);
  const auto number =
      found == state.end() ? std::nullopt : parse_integer<std::int64_t>(found->second);
  return number ? Doc(*number) : Doc();
}

Exit describe_cluster(const Arguments& arguments, Streams streams) {
  BOLIDE_TRY(const Admin admin, open_admin(arguments));
  BOLIDE_TRY(const auto brokers, checked(admin.brokers()));
  const std::string name = arguments.text("CLUSTER");
  Doc rows = Doc::array();
  for (const BrokerInfo& broker : brokers) {
    if (!name.empty() && broker.cluster != name) continue;
    Doc row = broker_doc(broker);
    // A broker that does not answer is a finding, not a failure.
    const auto state = admin.broker_state(broker.address);
    row.add("state", state.ok() ? "up" : "no answer");
    if (state.ok()) {
      row.add("version", text_of(*state, "brokerVersionDesc"));
      row.add("started_ms", number_of(*state, "bootTimestamp"));
      row.add("in_per_second", first_number(*state, "putTps"));
      row.add("out_per_second", first_number(*state, "getTransferredTps"));
      row.add("messages_today", number_of(*state, "msgPutTotalTodayNow"));
      row.add("disk_used_ratio", first_number(*state, "commitLogDiskRatio"));
    }
    rows.add(std::move(row));
  }
  if (rows.elements()->empty()) return fail(Errc::not_found, "cluster " + name);
  print(arguments, streams.out, rows, [&] {
    return table_text(rows, {{"CLUSTER", "cluster"},
                             {"BROKER", "broker"},
                             {"ROLE", "role"},
                             {"ADDRESS", "address"},
                             {"STATE", "state"},
                             {"VERSION", "version"},
                             {"STARTED", "started_ms", Show::time},
                             {"IN/S", "in_per_second"},
                             {"OUT/S", "out_per_second"},
                             {"DISK", "disk_used_ratio"}});
  });
  return {};
}

Exit list_brokers(const Arguments& arguments, Streams streams) {
  BOLIDE_TRY(const Admin admin, open_admin(arguments));
  BOLIDE_TRY(const auto brokers, checked(admin.brokers()));
  Doc rows = Doc::array();
  for (const BrokerInfo& broker : brokers) rows.add(broker_doc(broker));
  print(arguments, streams.out, rows, [&] {
    return table_text(rows, {{"CLUSTER", "cluster"},
                             {"BROKER", "broker"},
                             {"ID", "id"},
                             {"ROLE", "role"},
                             {"ADDRESS", "address"}});
  });
  return {};
}

Exit describe_broker(const Arguments& arguments, Streams streams) {
  BOLIDE_TRY(const Admin admin, open_admin(arguments));
  BOLIDE_TRY(const auto brokers, checked(admin.brokers()));
  const std::string name = arguments.text("BROKER");
  const auto found = std::ranges::find_if(brokers, [&](const BrokerInfo& broker) {
    return broker.name == name || broker.address == name;
  });
  if (found == brokers.end())
    return fail(Errc::not_found, "broker " + name + " (see: bolide broker list)");
  BOLIDE_TRY(const auto texts,
             checked(arguments.has("--settings") ? admin.broker_settings(found->address)
                                                 : admin.broker_state(found->address)));
  Doc doc = broker_doc(*found);
  doc.add(arguments.has("--settings") ? "settings" : "state", texts);
  print(arguments, streams.out, doc, [&] { return fields_text(Doc(texts)); });
  return {};
}

Exit list_producers(const Arguments& arguments, Streams streams) {
  BOLIDE_TRY(const Admin admin, open_admin(arguments));
  BOLIDE_TRY(const auto producers, checked(admin.producers(arguments.text("--group"))));
  Doc rows = Doc::array();
  for (const ProducerInfo& producer : producers) {
    Doc row = Doc::object({{"group", producer.group}, {"broker", producer.broker}});
    add_client(producer.client, &row);
    row.add("seen_ms", producer.seen_ms);
    rows.add(std::move(row));
  }
  print(arguments, streams.out, rows, [&] {
    return table_text(rows, {{"GROUP", "group"},
                             {"BROKER", "broker"},
                             {"CLIENT", "client"},
                             {"ADDRESS", "address"},
                             {"LANGUAGE", "language"},
                             {"VERSION", "version"},
                             {"SEEN", "seen_ms", Show::time}});
  });
  return {};
}

Result<std::vector<std::string>> groups_asked_for(const Arguments& arguments, const Admin& admin) {
  if (arguments.has("--group")) return std::vector<std::string>{arguments.text("--group")};
  BOLIDE_TRY(const auto groups, checked(admin.groups()));
  std::vector<std::string> names;
  for (const GroupName& group : groups) names.push_back(group.name);
  return names;
}

Exit list_consumers(const Arguments& arguments, Streams streams) {
  BOLIDE_TRY(const Admin admin, open_admin(arguments));
  BOLIDE_TRY(const auto groups, groups_asked_for(arguments, admin));
  Doc rows = Doc::array();
  for (const std::string& group : groups) {
    const auto members = admin.members(group);
    if (!members.ok() && members.status().code() == Errc::consumer_not_online) continue;
    BOLIDE_CHECK(checked(members.status()));
    std::vector<std::string> topics;
    for (const Subscription& subscription : members->subscriptions)
      topics.push_back(subscription.topic);
    for (const ClientInfo& client : members->clients) {
      Doc row = Doc::object({{"group", group}});
      add_client(client, &row);
      row.add("model", members->model);
      row.add("topics", topics);
      rows.add(std::move(row));
    }
  }
  print(arguments, streams.out, rows, [&] {
    return table_text(rows, {{"GROUP", "group"},
                             {"CLIENT", "client"},
                             {"ADDRESS", "address"},
                             {"LANGUAGE", "language"},
                             {"VERSION", "version"},
                             {"MODEL", "model"},
                             {"TOPICS", "topics"}});
  });
  return {};
}

Exit describe_consumer(const Arguments& arguments, Streams streams) {
  BOLIDE_TRY(const Admin admin, open_admin(arguments));
  BOLIDE_TRY(const auto state,
             checked(admin.consumer_state(arguments.text("GROUP"), arguments.text("CLIENT"))));
  Doc queues = Doc::array();
  for (const ConsumerQueue& queue : state.queues) {
    queues.add(Doc::object({{"topic", queue.queue.topic},
                            {"broker", queue.queue.broker},
                            {"queue", queue.queue.queue},
                            {"committed", queue.committed},
                            {"cached", queue.cached},
                            {"locked", queue.locked},
                            {"pulled_ms", queue.pulled_ms},
                            {"consumed_ms", queue.consumed_ms}}));
  }
  const Doc doc = Doc::object({{"group", arguments.text("GROUP")},
                               {"client", arguments.text("CLIENT")},
                               {"queues", std::move(queues)},
                               {"properties", state.properties}});
  print(arguments, streams.out, doc, [&] {
    return fields_text(Doc(state.properties)) + "\n" +
           table_text(*doc.find("queues"), {{"TOPIC", "topic"},
                                            {"BROKER", "broker"},
                                            {"QUEUE", "queue"},
                                            {"COMMITTED", "committed"},
                                            {"CACHED", "cached"},
                                            {"LOCKED", "locked"},
                                            {"PULLED", "pulled_ms", Show::time},
                                            {"CONSUMED", "consumed_ms", Show::time}});
  });
  return {};
}

constexpr OptionRow cluster_options[] = {{.names = "CLUSTER", .doc = "only this one"}};
constexpr OptionRow broker_options[] = {
    {.names = "BROKER", .doc = "its name or address", .required = true},
    {.names = "--settings", .takes = Takes::flag, .doc = "its settings instead of its state"},
};
constexpr OptionRow group_options[] = {
    {.names = "--group", .takes = Takes::group, .value = "GROUP", .doc = "only of this group"},
};
constexpr OptionRow consumer_options[] = {
    {.names = "GROUP", .takes = Takes::group, .doc = "its group", .required = true},
    {.names = "CLIENT", .doc = "its id, as bolide consumer list says it", .required = true},
};

constexpr CommandRow rows[] = {
    {.path = "cluster", .doc = "clusters"},
    {.path = "cluster list",
     .doc = "names of clusters, with the number of their brokers",
     .run = list_clusters,
     .examples = "bolide cluster list",
     .connects = true},
    {.path = "cluster describe",
     .doc = "state and rates of all brokers",
     .run = describe_cluster,
     .options = cluster_options,
     .examples = "bolide cluster describe",
     .connects = true},
    {.path = "broker", .doc = "brokers"},
    {.path = "broker list",
     .doc = "all brokers that the name server knows",
     .run = list_brokers,
     .examples = "bolide broker list",
     .connects = true},
    {.path = "broker describe",
     .doc = "what a broker says about itself",
     .run = describe_broker,
     .options = broker_options,
     .examples = "bolide broker describe broker-a\nbolide broker describe broker-a --settings",
     .connects = true},
    {.path = "producer", .doc = "connected producers"},
    {.path = "producer list",
     .doc = "connected producers",
     .run = list_producers,
     .options = group_options,
     .examples = "bolide producer list --group billing",
     .connects = true},
    {.path = "consumer", .doc = "connected consumers"},
    {.path = "consumer list",
     .doc = "connected consumers",
     .run = list_consumers,
     .options = group_options,
     .examples = "bolide consumer list\nbolide consumer list --group billing",
     .connects = true},
    {.path = "consumer describe",
     .doc = "what a consumer says about itself",
     .run = describe_consumer,
     .options = consumer_options,
     .examples = "bolide consumer describe billing 10.0.0.7@4711",
     .connects = true},
};

}  // namespace

std::span<const CommandRow> cluster_commands() {
  return rows;
}

}  // namespace bolide::app
