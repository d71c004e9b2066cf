// SPDX-License-Identifier: Apache-2.0
//
// Topic and group configs as RocketMQ's JSON: members in the order in which fastjson writes them.
// Runs on: any agent.  Owns: nothing.  Invariant: reading what was written gives the same config.
#include "broker/metadata.h"

#include <map>

namespace bolide::broker {
namespace {

void write_attributes(JsonWriter& out, const std::map<std::string, std::string>& attributes) {
  out.key("attributes");
  out.begin_object();
  for (const auto& [name, value] : attributes) out.member(name, value);
  out.end_object();
}

void read_attributes(JsonReader& in, std::map<std::string, std::string>* attributes) {
  in.object([&](JsonKey key) {
    const std::string name(key.text);
    (*attributes)[name] = in.text();
  });
}

}  // namespace

void write_topic(JsonWriter& out, const TopicConfig& config) {
  out.begin_object();
  write_attributes(out, config.attributes);
  out.member("order", config.order);
  out.member("perm", config.permission);
  out.member("readQueueNums", config.read_queues);
  out.member("topicFilterType", config.filter_type);
  out.member("topicName", config.name);
  out.member("topicSysFlag", config.sys_flag);
  out.member("writeQueueNums", config.write_queues);
  out.end_object();
}

void read_topic(JsonReader& in, TopicConfig* config) {
  in.object([&](JsonKey key) {
    if (key == "attributes")
      read_attributes(in, &config->attributes);
    else if (key == "order")
      config->order = in.boolean();
    else if (key == "perm")
      config->permission = in.integer<std::int32_t>();
    else if (key == "readQueueNums")
      config->read_queues = in.integer<std::int32_t>();
    else if (key == "topicFilterType")
      config->filter_type = in.text();
    else if (key == "topicName")
      config->name = in.text();
    else if (key == "topicSysFlag")
      config->sys_flag = in.integer<std::int32_t>();
    else if (key == "writeQueueNums")
      config->write_queues = in.integer<std::int32_t>();
  });
}

void write_group(JsonWriter& out, const GroupConfig& config) {
  out.begin_object();
  write_attributes(out, config.attributes);
  out.member("brokerId", config.broker_id);
  out.member("consumeBroadcastEnable", config.broadcast_enabled);
  out.member("consumeEnable", config.consume_enabled);
  out.member("consumeFromMinEnable", config.consume_from_min_enabled);
  out.member("consumeMessageOrderly", config.orderly);
  out.member("consumeTimeoutMinute", config.consume_timeout_minutes);
  out.member("groupName", config.name);
  out.key("groupRetryPolicy");
  out.raw(config.retry_policy_json.empty() ? R"({"type":"CUSTOMIZED"})"
                                           : std::string_view(config.retry_policy_json));
  out.member("groupSysFlag", config.sys_flag);
  out.member("notifyConsumerIdsChangedEnable", config.notify_members);
  out.member("retryMaxTimes", config.retry_max_times);
  out.member("retryQueueNums", config.retry_queues);
  out.member("whichBrokerWhenConsumeSlowly", config.slow_consumer_broker_id);
  out.end_object();
}

void read_group(JsonReader& in, GroupConfig* config) {
  in.object([&](JsonKey key) {
    if (key == "attributes")
      read_attributes(in, &config->attributes);
    else if (key == "brokerId")
      config->broker_id = in.integer<std::int64_t>();
    else if (key == "consumeBroadcastEnable")
      config->broadcast_enabled = in.boolean();
    else if (key == "consumeEnable")
      config->consume_enabled = in.boolean();
    else if (key == "consumeFromMinEnable")
      config->consume_from_min_enabled = in.boolean();
    else if (key == "consumeMessageOrderly")
      config->orderly = in.boolean();
    else if (key == "consumeTimeoutMinute")
      config->consume_timeout_minutes = in.integer<int>();
    else if (key == "groupName")
      config->name = in.text();
    else if (key == "groupRetryPolicy")
      config->retry_policy_json = in.raw();
    else if (key == "groupSysFlag")
      config->sys_flag = in.integer<std::int32_t>();
    else if (key == "notifyConsumerIdsChangedEnable")
      config->notify_members = in.boolean();
    else if (key == "retryMaxTimes")
      config->retry_max_times = in.integer<std::int32_t>();
    else if (key == "retryQueueNums")
      config->retry_queues = in.integer<std::int32_t>();
    else if (key == "whichBrokerWhenConsumeSlowly")
      config->slow_consumer_broker_id = in.integer<std::int64_t>();
  });
}

void write_mode(JsonWriter& out, const RequestMode& mode) {
  out.begin_object();
  out.member("consumerGroup", mode.group);
  out.member("mode", mode.pop ? "POP" : "PULL");
  out.member("popShareQueueNum", mode.share_queues);
  out.member("topic", mode.topic);
  out.end_object();
}

void read_mode(JsonReader& in, RequestMode* mode) {
  in.object([&](JsonKey key) {
    if (key == "consumerGroup")
      mode->group = in.text();
    else if (key == "mode")
      mode->pop = in.text() == "POP";
    else if (key == "popShareQueueNum")
      mode->share_queues = in.integer<std::int32_t>();
    else if (key == "topic")
      mode->topic = in.text();
  });
}

std::string request_modes_json(const std::vector<RequestMode>& modes) {
  std::map<std::string_view, std::vector<const RequestMode*>> by_topic;
  for (const RequestMode& mode : modes) by_topic[mode.topic].push_back(&mode);
  std::string text;
  JsonWriter out(text);
  out.begin_object();
  out.key("messageRequestModeMap");
  out.begin_object();
  for (const auto& [topic, groups] : by_topic) {
    out.key(topic);
    out.begin_object();
    for (const RequestMode* mode : groups) {
      out.key(mode->group);
      write_mode(out, *mode);
    }
    out.end_object();
  }
  out.end_object();
  out.end_object();
  return text;
}

void write_version(JsonWriter& out, const DataVersion& version) {
  out.begin_object();
  out.member("counter", version.counter);
  out.member("stateVersion", version.state_version);
  out.member("timestamp", version.timestamp_ms);
  out.end_object();
}

void read_version(JsonReader& in, DataVersion* version) {
  in.object([&](JsonKey key) {
    if (key == "counter")
      version->counter = in.integer<std::int64_t>();
    else if (key == "stateVersion")
      version->state_version = in.integer<std::int64_t>();
    else if (key == "timestamp")
      version->timestamp_ms = in.integer<std::int64_t>();
  });
}

}  // namespace bolide::broker
