// SPDX-License-Identifier: Apache-2.0
//
// The name server's commands (rocketmq wire 2.3, 2.7; semantics 3.25).
// Runs on: io agent.  Owns: nothing.  Invariant: see handlers.h.
#include "naming/bodies.h"
#include "protocols/remoting/front.h"
#include "protocols/remoting/handlers.h"
#include "protocols/remoting/naming_service.h"
#include "protocols/remoting/wire/request_codes.h"

namespace bolide::remoting::on {
namespace {

// From this version on requesters read standard JSON (wire 1.6).
constexpr std::int32_t version_v4_9_4 = 401;

std::string route_missing_text(std::string_view topic) {
  return "No topic route info in name server for the topic: " + std::string(topic) +
         "\nSee https://rocketmq.apache.org/docs/bestPractice/06FAQ for further details.";
}

void answer_count(const Call& call, std::string_view name, int count) {
  const DecimalText text(count);
  const ExtField fields[] = {{name, text.view()}};
  call.responder().ok(fields);
}

}  // namespace

void put_kv(const Call& call) {
  Fields fields(call.header);
  const std::string_view space = fields.text("namespace");
  const std::string_view key = fields.text("key");
  const std::string_view value = fields.text("value");
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  if (auto put = call.naming().kv.put(space, key, value); !put) {
    return call.responder().error(put.error());
  }
  call.responder().ok();
}

void get_kv(const Call& call) {
  Fields fields(call.header);
  const std::string_view space = fields.text("namespace");
  const std::string_view key = fields.text("key");
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  const std::string* value = call.naming().kv.find(space, key);
  if (value == nullptr) {
    return call.responder().error(
        Error{Errc::not_found,
              "No config item, Namespace: " + std::string(space) + " Key: " + std::string(key)});
  }
  const ExtField answer[] = {{"value", *value}};
  call.responder().ok(answer);
}

void delete_kv(const Call& call) {
  Fields fields(call.header);
  const std::string_view space = fields.text("namespace");
  const std::string_view key = fields.text("key");
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  if (auto erased = call.naming().kv.erase(space, key); !erased) {
    return call.responder().error(erased.error());
  }
  call.responder().ok();
}

void get_kv_list(const Call& call) {
  Fields fields(call.header);
  const std::string_view space = fields.text("namespace");
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  const naming::KvTable* table = call.naming().kv.find(space);
  if (table == nullptr) {
    return call.responder().error(
        Error{Errc::not_found, "No config item, Namespace: " + std::string(space)});
  }
  call.responder().ok_body(naming::encode_kv_table(*table));
}

void register_broker(const Call& call) {
  Fields fields(call.header);
  const bool compressed = fields.flag_or("compressed", false);
  const auto crc = fields.number_or<std::int64_t>("bodyCrc32", 0);
  naming::RegisterRequest request{.cluster = std::string(fields.text("clusterName")),
                                  .broker_name = std::string(fields.text("brokerName")),
                                  .broker_id = fields.number<std::int64_t>("brokerId"),
                                  .address = std::string(fields.text("brokerAddr")),
                                  .ha_address = std::string(fields.text_or("haServerAddr", {})),
                                  .zone = std::string(fields.text_or("__ZONE_NAME", {})),
                                  .connection = call.session};
  if (const auto timeout = fields.number_or<std::int64_t>("heartbeatTimeoutMillis", 0);
      timeout > 0) {
    request.heartbeat_timeout_ms = timeout;
  }
  if (!call.header.field("enableActingMaster").empty()) {
    request.acting_master = fields.flag_or("enableActingMaster", false);
  }
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  if (crc != 0 && crc != naming::register_crc(call.body)) {
    return call.responder().error(Error{Errc::malformed, "crc32 not match"});
  }
  if (!call.body.empty()) {
    auto body = naming::decode_register(call.body, compressed);
    if (!body) return call.responder().error(body.error());
    request.body = std::move(*body);
  }
  const naming::RegisterAnswer answer = call.naming().registry.register_broker(request, call.now);
  if (answer.outcome == naming::RegisterOutcome::unknown_broker) {
    return call.responder().error(Error{Errc::internal, "the broker has not registered yet"});
  }
  const ExtField out[] = {{"haServerAddr", answer.ha_address},
                          {"masterAddr", answer.master_address}};
  const naming::KvTable* order = call.naming().kv.find(naming::order_topic_namespace);
  call.responder().ok(out, naming::encode_kv_table(order == nullptr ? naming::KvTable{} : *order));
}

void unregister_broker(const Call& call) {
  Fields fields(call.header);
  const naming::GoneBroker broker{.cluster = std::string(fields.text("clusterName")),
                                  .broker_name = std::string(fields.text("brokerName")),
                                  .broker_id = fields.number<std::int64_t>("brokerId"),
                                  .address = std::string(fields.text("brokerAddr")),
                                  .connection = call.session};
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  call.naming().registry.unregister_broker(broker);
  call.responder().ok();
}

void broker_heartbeat(const Call& call) {
  Fields fields(call.header);
  const std::string_view cluster = fields.text("clusterName");
  const std::string_view address = fields.text("brokerAddr");
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  call.naming().registry.heartbeat(cluster, address, call.now);
  call.responder().ok();
}

void query_data_version(const Call& call) {
  Fields fields(call.header);
  const std::string_view cluster = fields.text("clusterName");
  const std::string_view address = fields.text("brokerAddr");
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  auto version = naming::decode_version(call.body);
  if (!version) return call.responder().error(version.error());
  const auto answer =
      call.naming().registry.query_data_version(cluster, address, *version, call.now);
  const ExtField out[] = {{"changed", answer.changed ? "true" : "false"}};
  call.responder().ok(out,
                      answer.version ? naming::encode_version(*answer.version) : std::string{});
}

void get_route(const Call& call) {
  Fields fields(call.header);
  const std::string_view topic = fields.text("topic");
  auto route = call.naming().registry.route(topic);
  if (!route)
    return call.responder().error(Error{Errc::topic_not_found, route_missing_text(topic)});
  if (fields.flag_or("__ZONE_MODE", false))
    naming::keep_zone(fields.text_or("__ZONE_NAME", {}), &*route);
  const bool standard =
      call.header.version >= version_v4_9_4 || fields.flag_or("acceptStandardJsonOnly", false);
  call.responder().ok_body(naming::encode_route(*route, standard));
}

void get_cluster_info(const Call& call) {
  call.responder().ok_body(naming::encode_cluster_info(call.naming().registry.cluster_info()));
}

void get_member_group(const Call& call) {
  Fields fields(call.header);
  const std::string_view cluster = fields.text("clusterName");
  const std::string_view broker = fields.text("brokerName");
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  call.responder().ok_body(
      naming::encode_member_group(call.naming().registry.member_group(cluster, broker)));
}

void wipe_write_permission(const Call& call) {
  Fields fields(call.header);
  const std::string_view broker = fields.text("brokerName");
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  answer_count(call, "wipeTopicCount", call.naming().registry.wipe_write_permission(broker));
}

void add_write_permission(const Call& call) {
  Fields fields(call.header);
  const std::string_view broker = fields.text("brokerName");
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  answer_count(call, "addTopicCount", call.naming().registry.add_write_permission(broker));
}

void get_topic_list(const Call& call) {
  call.responder().ok_body(naming::encode_topic_list(call.naming().registry.all_topics()));
}

void get_cluster_topics(const Call& call) {
  Fields fields(call.header);
  const std::string_view cluster = fields.text("cluster");
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  call.responder().ok_body(
      naming::encode_topic_list(call.naming().registry.topics_of_cluster(cluster)));
}

void get_naming_system_topics(const Call& call) {
  call.responder().ok_body(naming::encode_topic_list(call.naming().registry.system_topics()));
}

void get_unit_topics(const Call& call) {
  constexpr std::int32_t first = 311;  // 311, 312, 313 in the order of TopicUnit
  const auto unit = static_cast<naming::TopicUnit>(call.header.code - first);
  call.responder().ok_body(naming::encode_topic_list(call.naming().registry.unit_topics(unit)));
}

void delete_topic_in_naming(const Call& call) {
  Fields fields(call.header);
  const std::string_view topic = fields.text("topic");
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  call.naming().registry.delete_topic(topic, fields.text_or("clusterName", {}));
  call.responder().ok();
}

void register_topic(const Call& call) {
  Fields fields(call.header);
  const std::string_view topic = fields.text("topic");
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  auto route = naming::decode_route(call.body);
  if (!route) return call.responder().error(route.error());
  call.naming().registry.register_topic(topic, route->queues);
  call.responder().ok();
}

void get_naming_config(const Call& call) {
  call.responder().ok_body(call.naming().config_text());
}

}  // namespace bolide::remoting::on
