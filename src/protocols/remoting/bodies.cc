// SPDX-License-Identifier: Apache-2.0
//
// JSON bodies that the broker's commands answer with.
// Runs on: any agent.  Owns: nothing.  Invariant: see bodies.h.
#include "protocols/remoting/bodies.h"

#include "base/json_writer.h"

#include <set>

namespace bolide::remoting {
namespace {

std::string_view text_of(broker::ConsumeType type) {
  switch (type) {
    case broker::ConsumeType::actively: return "CONSUME_ACTIVELY";
    case broker::ConsumeType::passively: return "CONSUME_PASSIVELY";
    case broker::ConsumeType::pop: return "CONSUME_POP";
  }
  return {};
}

std::string_view text_of(broker::MessageModel model) {
  return model == broker::MessageModel::broadcasting ? "BROADCASTING" : "CLUSTERING";
}

std::string_view text_of(broker::ConsumeFrom from) {
  switch (from) {
    case broker::ConsumeFrom::first_offset: return "CONSUME_FROM_FIRST_OFFSET";
    case broker::ConsumeFrom::timestamp: return "CONSUME_FROM_TIMESTAMP";
    default: return "CONSUME_FROM_LAST_OFFSET";
  }
}

void write_connections(JsonWriter& out, const std::vector<broker::Member>& members) {
  out.key("connectionSet");
  out.begin_array();
  for (const broker::Member& member : members) {
    out.begin_object();
    out.member("clientAddr", member.address.text());
    out.member("clientId", member.client_id);
    out.member("language", member.language);
    out.member("version", member.version);
    out.end_object();
  }
  out.end_array();
}

// Tags and their hashes of an expression, as RocketMQ's SubscriptionData carries them.
void write_subscription(JsonWriter& out, const broker::Subscription& subscription) {
  std::vector<std::string_view> tags;
  if (subscription.expression_type == "TAG" && subscription.expression != "*") {
    std::string_view rest = subscription.expression;
    while (!rest.empty()) {
      const std::size_t bar = rest.find("||");
      if (const std::string_view tag = trim(rest.substr(0, bar)); !tag.empty()) tags.push_back(tag);
      rest = bar == rest.npos ? std::string_view{} : rest.substr(bar + 2);
    }
  }
  out.begin_object();
  out.member("classFilterMode", subscription.class_filter);
  out.key("codeSet");
  out.begin_array();
  for (std::string_view tag : tags) out.value(java_hash(tag));
  out.end_array();
  out.member("expressionType", subscription.expression_type);
  out.member("subString", subscription.expression);
  out.member("subVersion", subscription.version);
  out.key("tagsSet");
  out.begin_array();
  for (std::string_view tag : tags) out.value(tag);
  out.end_array();
  out.member("topic", subscription.topic);
  out.end_object();
}

void write_queue_key(JsonWriter& out, std::string_view broker, std::string_view topic,
                     std::int32_t queue_id) {
  out.begin_object_key();
  out.member("brokerName", broker);
  out.member("queueId", queue_id);
  out.member("topic", topic);
  out.end_object_key();
}

// One object, as in requests 208 and 317.
void write_consume_stats(JsonWriter& out, std::string_view broker,
                         const broker::GroupProgress& progress) {
  out.begin_object();
  out.member("consumeTps", progress.consume_tps);
  out.key("offsetTable");
  out.begin_object();
  for (const broker::QueueProgress& queue : progress.queues) {
    write_queue_key(out, broker, queue.topic, queue.queue_id);
    out.begin_object();
    out.member("brokerOffset", queue.broker_offset);
    out.member("consumerOffset", queue.consumer_offset);
    out.member("lastTimestamp", queue.last_timestamp_ms);
    out.member("pullOffset", queue.pull_offset);
    out.end_object();
  }
  out.end_object();
  out.end_object();
}

}  // namespace

std::string consumer_ids_json(const broker::GroupMembers& group) {
  std::set<std::string> ids;
  for (const broker::Member& member : group.members) ids.insert(member.client_id);
  return list_json("consumerIdList", {ids.begin(), ids.end()});
}

std::string consumer_connections_json(const broker::GroupMembers& group) {
  return json_object([&](JsonWriter& out) {
    write_connections(out, group.members);
    out.member("consumeFromWhere", text_of(group.from));
    out.member("consumeType", text_of(group.type));
    out.member("messageModel", text_of(group.model));
    out.key("subscriptionTable");
    out.begin_object();
    for (const broker::Subscription& subscription : group.subscriptions) {
      out.key(subscription.topic);
      write_subscription(out, subscription);
    }
    out.end_object();
  });
}

std::string producer_connections_json(const std::vector<broker::Member>& members) {
  return json_object([&](JsonWriter& out) { write_connections(out, members); });
}

std::string producer_table_json(const std::map<std::string, std::vector<broker::Member>>& all) {
  return json_object([&](JsonWriter& out) {
    out.key("data");
    out.begin_object();
    for (const auto& [group, members] : all) {
      out.key(group);
      out.begin_array();
      for (const broker::Member& member : members) {
        out.begin_object();
        out.member("clientId", member.client_id);
        out.member("language", member.language);
        out.member("lastUpdateTimestamp", member.last_seen_ms);
        out.member("remoteIP", "/" + member.address.text());
        out.member("version", member.version);
        out.end_object();
      }
      out.end_array();
    }
    out.end_object();
  });
}

std::string subscription_json(std::string_view group, std::string_view topic,
                              const broker::Subscription* subscription) {
  return json_object([&](JsonWriter& out) {
    out.member("group", group);
    if (subscription != nullptr) {
      out.key("subscriptionData");
      write_subscription(out, *subscription);
    }
    out.member("topic", topic);
  });
}

std::string offsets_json(const std::vector<broker::OffsetEntry>& all) {
  std::map<std::string, std::map<std::int32_t, std::int64_t>> table;
  for (const broker::OffsetEntry& entry : all) {
    table[entry.topic + "@" + entry.group][entry.queue_id] = entry.offset;
  }
  return json_object([&](JsonWriter& out) {
    out.key("offsetTable");
    out.begin_object();
    for (const auto& [key, queues] : table) {
      out.key(key);
      out.begin_object();
      for (const auto& [queue_id, offset] : queues) out.member(queue_id, offset);
      out.end_object();
    }
    out.end_object();
  });
}

std::string queue_offsets_json(std::string_view broker, std::string_view topic,
                               const std::map<std::int32_t, std::int64_t>& offsets) {
  return json_object([&](JsonWriter& out) {
    out.key("offsetTable");
    out.begin_object();
    for (const auto& [queue_id, offset] : offsets) {
      write_queue_key(out, broker, topic, queue_id);
      out.value(offset);
    }
    out.end_object();
  });
}

std::string topic_stats_json(std::string_view broker, std::string_view topic,
                             const std::map<std::int32_t, broker::QueueRange>& ranges) {
  return json_object([&](JsonWriter& out) {
    out.key("offsetTable");
    out.begin_object();
    for (const auto& [queue_id, range] : ranges) {
      write_queue_key(out, broker, topic, queue_id);
      out.begin_object();
      out.member("lastUpdateTimestamp", range.last_update_ms);
      out.member("maxOffset", range.max_offset);
      out.member("minOffset", range.min_offset);
      out.end_object();
    }
    out.end_object();
  });
}

std::string consume_stats_json(std::string_view broker, const broker::GroupProgress& progress) {
  std::string text;
  JsonWriter out(text);
  write_consume_stats(out, broker, progress);
  return text;
}

std::string consume_stats_list_json(std::string_view broker,
                                    const std::map<std::string, broker::GroupProgress>& groups) {
  return json_object([&](JsonWriter& out) {
    std::int64_t total_diff = 0;
    out.key("consumeStatsList");
    out.begin_array();
    for (const auto& [group, progress] : groups) {
      std::map<std::string_view, broker::GroupProgress> topics;
      for (const broker::QueueProgress& queue : progress.queues) {
        topics[queue.topic].queues.push_back(queue);
        total_diff += queue.broker_offset - queue.consumer_offset;
      }
      out.begin_object();
      out.key(group);
      out.begin_array();
      for (const auto& [topic, part] : topics) write_consume_stats(out, broker, part);
      out.end_array();
      out.end_object();
    }
    out.end_array();
    out.member("totalDiff", total_diff);
    out.member("totalInflightDiff", 0);
  });
}

std::string lone_master_json(std::string_view log_end) {
  return json_object([&](JsonWriter& out) {
    out.key("haConnectionInfo");
    out.begin_array();
    out.end_array();
    out.member("inSyncSlaveNums", 0);
    out.member("master", true);
    out.key("masterCommitLogMaxOffset");
    out.raw(log_end);
  });
}

std::string consume_spans_json(std::string_view broker, std::string_view topic,
                               const std::vector<broker::ConsumeSpan>& spans) {
  return json_object([&](JsonWriter& out) {
    out.key("consumeTimeSpanSet");
    out.begin_array();
    for (const broker::ConsumeSpan& span : spans) {
      out.begin_object();
      out.member("consumeTimeStamp", span.consumed_store_ms);
      out.member("delayTime", span.delay_ms);
      out.member("maxTimeStamp", span.max_store_ms);
      out.key("messageQueue");
      out.begin_object();
      out.member("brokerName", broker);
      out.member("queueId", span.queue_id);
      out.member("topic", topic);
      out.end_object();
      out.member("minTimeStamp", span.min_store_ms);
      out.end_object();
    }
    out.end_array();
  });
}

std::string topic_json(const broker::TopicConfig& config, const broker::TopicMapping* mapping) {
  std::string text;
  JsonWriter out(text);
  broker::write_topic(out, config);
  if (mapping == nullptr) return text;
  text.pop_back();  // it becomes one more member
  return text + R"(,"mappingDetail":)" + broker::mapping_json(*mapping) + "}";
}

std::string group_json(const broker::GroupConfig& config) {
  std::string text;
  JsonWriter out(text);
  broker::write_group(out, config);
  return text;
}

std::string group_table_json(const broker::GroupTable& table) {
  return json_object([&](JsonWriter& out) {
    out.key("dataVersion");
    broker::write_version(out, table.version);
    out.key("forbiddenTable");
    out.begin_object();
    out.end_object();
    out.key("subscriptionGroupTable");
    out.begin_object();
    for (const broker::GroupConfig& group : table.groups) {
      out.key(group.name);
      broker::write_group(out, group);
    }
    out.end_object();
  });
}

std::string list_json(std::string_view name, const std::vector<std::string>& values) {
  return json_object([&](JsonWriter& out) {
    out.key(name);
    out.begin_array();
    for (const std::string& value : values) out.value(value);
    out.end_array();
  });
}

std::string table_json(const std::map<std::string, std::string>& table) {
  return json_object([&](JsonWriter& out) {
    out.key("table");
    out.begin_object();
    for (const auto& [key, value] : table) out.member(key, value);
    out.end_object();
  });
}

}  // namespace bolide::remoting
