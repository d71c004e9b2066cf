// SPDX-License-Identifier: Apache-2.0
//
// bolide topic list|create|describe|delete, bolide route.
// Runs on: the main thread.  Owns: nothing.  Invariant: none.
#include "app/cli.h"
#include "app/cli_client.h"
#include "app/output.h"
#include "client/admin.h"

#include <fmt/core.h>

#include <algorithm>
#include <ostream>

namespace bolide::app {
namespace {

std::string perm_text(std::int32_t perm) {
  std::string text;
  if ((perm & client::permission::read) != 0) text += 'r';
  if ((perm & client::permission::write) != 0) text += 'w';
  return text.empty() ? "none" : text;
}

std::int32_t perm_value(std::string_view text) {
  std::int32_t perm = 0;
  if (text.find('r') != std::string_view::npos) perm |= client::permission::read;
  if (text.find('w') != std::string_view::npos) perm |= client::permission::write;
  return perm;
}

Result<> list(client::Admin& admin, const CommandLine& line, std::ostream& out) {
  BOLIDE_TRY(auto topics, admin.topics());
  if (!line.topic.all) std::erase_if(topics, [](const auto& topic) { return topic.system; });
  if (!line.json) {
    for (const auto& topic : topics) out << topic.name << '\n';
    return {};
  }
  std::string text;
  JsonWriter json(text, json_style);
  json.begin_array();
  for (const auto& topic : topics) {
    json.begin_object();
    json.member("topic", topic.name);
    json.member("system", topic.system);
    json.end_object();
  }
  json.end_array();
  out << text << '\n';
  return {};
}

// What a command has done, for people or as {"topic":...,"<done>":true}.
void print_done(const CommandLine& line, std::string_view done, std::ostream& out) {
  if (!line.json) {
    out << fmt::format("topic {} {}\n", line.topic.name, done);
    return;
  }
  std::string text;
  JsonWriter json(text, json_style);
  json.begin_object();
  json.member("topic", line.topic.name);
  json.member(done, true);
  json.end_object();
  out << text << '\n';
}

Result<> create(client::Admin& admin, const CommandLine& line, std::ostream& out) {
  const TopicArguments& arguments = line.topic;
  client::TopicSpec spec{.name = arguments.name,
                         .queues = arguments.queues,
                         .perm = perm_value(arguments.perm),
                         .order = arguments.order,
                         .attributes = {},
                         .cluster = arguments.cluster};
  for (const std::string& attribute : arguments.attributes) {
    BOLIDE_TRY(auto pair, parse_pair("--attribute", attribute));
    spec.attributes.insert_or_assign(std::move(pair.first), std::move(pair.second));
  }
  BOLIDE_CHECK(admin.create_topic(spec));
  print_done(line, "created", out);
  return {};
}

Result<> remove(client::Admin& admin, const CommandLine& line, std::ostream& out) {
  BOLIDE_CHECK(admin.delete_topic(line.topic.name));
  print_done(line, "deleted", out);
  return {};
}

std::string description_text(const client::TopicDescription& topic) {
  TextTable brokers(
      {"BROKER", "CLUSTER", "ADDRESS", "READ", "WRITE", "PERM", "ORDER", "ATTRIBUTES"});
  for (const auto& share : topic.shares) {
    std::string attributes;
    for (const auto& [name, value] : share.config.attributes)
      attributes += fmt::format("{}{}={}", attributes.empty() ? "" : ",", name, value);
    brokers.row({share.broker, share.cluster, share.address,
                 std::to_string(share.config.read_queues),
                 std::to_string(share.config.write_queues), perm_text(share.config.perm),
                 share.config.order ? "yes" : "no", attributes.empty() ? "-" : attributes});
  }
  TextTable queues({"BROKER", "QUEUE", "FIRST", "NEXT", "MESSAGES", "LAST MESSAGE"});
  for (const auto& [key, stats] : topic.queues)
    queues.row({key.broker, std::to_string(key.queue), std::to_string(stats.min),
                std::to_string(stats.max), std::to_string(stats.max - stats.min),
                stats.last_update_ms > 0 ? time_text(stats.last_update_ms) : "-"});
  return brokers.text() + "\n" + queues.text();
}

std::string description_json(const client::TopicDescription& topic) {
  std::string text;
  JsonWriter json(text, json_style);
  json.begin_object();
  json.member("topic", topic.name);
  json.key("brokers");
  json.begin_array();
  for (const auto& share : topic.shares) {
    json.begin_object();
    json.member("broker", share.broker);
    json.member("cluster", share.cluster);
    json.member("address", share.address);
    json.member("read_queues", share.config.read_queues);
    json.member("write_queues", share.config.write_queues);
    json.member("perm", perm_text(share.config.perm));
    json.member("order", share.config.order);
    json.key("attributes");
    json.begin_object();
    for (const auto& [name, value] : share.config.attributes) json.member(name, value);
    json.end_object();
    json.end_object();
  }
  json.end_array();
  json.key("queues");
  json.begin_array();
  for (const auto& [key, stats] : topic.queues) {
    json.begin_object();
    json.member("broker", key.broker);
    json.member("queue", key.queue);
    json.member("min_offset", stats.min);
    json.member("max_offset", stats.max);
    json.member("last_update_ms", stats.last_update_ms);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return text + "\n";
}

std::string route_text(const client::TopicRoute& route) {
  TextTable table({"BROKER", "CLUSTER", "ID", "ADDRESS", "READ", "WRITE", "PERM"});
  for (const auto& queues : route.queues) {
    const client::BrokerData* broker = route.broker(queues.broker);
    if (broker == nullptr) continue;
    for (const auto& [id, address] : broker->addresses)
      table.row({broker->name, broker->cluster, std::to_string(id), address,
                 std::to_string(queues.read_queues), std::to_string(queues.write_queues),
                 perm_text(queues.perm)});
  }
  return table.text();
}

std::string route_json(const std::string& topic, const client::TopicRoute& route) {
  std::string text;
  JsonWriter json(text, json_style);
  json.begin_object();
  json.member("topic", topic);
  json.key("brokers");
  json.begin_array();
  for (const auto& queues : route.queues) {
    json.begin_object();
    json.member("broker", queues.broker);
    json.member("read_queues", queues.read_queues);
    json.member("write_queues", queues.write_queues);
    json.member("perm", perm_text(queues.perm));
    if (const client::BrokerData* broker = route.broker(queues.broker); broker != nullptr) {
      json.member("cluster", broker->cluster);
      json.key("addresses");
      json.begin_object();
      for (const auto& [id, address] : broker->addresses) json.member(id, address);
      json.end_object();
    }
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return text + "\n";
}

}  // namespace

Result<> topic_command(const CommandLine& line, Streams streams) {
  BOLIDE_TRY(auto settings, client_settings(line));
  client::Connections connections(std::move(settings));
  client::Admin admin(connections);
  switch (line.verb) {
    case Verb::topic_create: return create(admin, line, streams.out);
    case Verb::topic_delete: return remove(admin, line, streams.out);
    case Verb::topic_describe: {
      BOLIDE_TRY(const auto topic, admin.describe_topic(line.topic.name));
      streams.out << (line.json ? description_json(topic) : description_text(topic));
      return {};
    }
    case Verb::route: {
      BOLIDE_TRY(const auto route, connections.route(line.topic.name));
      streams.out << (line.json ? route_json(line.topic.name, route) : route_text(route));
      return {};
    }
    default: return list(admin, line, streams.out);
  }
}

}  // namespace bolide::app
