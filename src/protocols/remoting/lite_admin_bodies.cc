// SPDX-License-Identifier: Apache-2.0
//
// Answers about lite topics for administrators.
// Runs on: any agent.  Owns: nothing.  Invariant: see lite_bodies.h.
#include "base/json_writer.h"
#include "protocols/remoting/lite_bodies.h"

namespace bolide::remoting {
namespace {

std::int64_t number(std::size_t count) {
  return static_cast<std::int64_t>(count);
}

template <class Names>
void write_names(JsonWriter& out, const char* key, const Names& names) {
  out.key(key);
  out.begin_array();
  for (const std::string& name : names) out.value(name);
  out.end_array();
}

void write_lags(JsonWriter& out, const std::vector<broker::LiteLag>& lags) {
  out.begin_array();
  for (const broker::LiteLag& lag : lags) {
    out.begin_object();
    out.member("earliestUnconsumedTimestamp", lag.oldest_ms);
    out.member("lagCount", lag.messages);
    out.member("liteTopic", lag.lite_topic);
    out.end_object();
  }
  out.end_array();
}

}  // namespace

std::string lite_broker_json(const broker::LiteBrokerFacts& facts) {
  return json_object([&](JsonWriter& out) {
    out.member("cqTableSize", number(facts.queues));
    out.member("currentLmqNum", number(facts.light_queues));
    out.member("eventMapSize", number(facts.clients));
    out.key("groupMeta");
    out.begin_object();
    for (const auto& [parent, groups] : facts.groups) write_names(out, parent.c_str(), groups);
    out.end_object();
    out.member("liteSubscriptionCount", number(facts.subscriptions));
    out.member("maxLmqNum", number(facts.light_queues_max));
    out.member("offsetTableSize", number(facts.offsets));
    out.member("orderInfoCount", number(facts.leased_queues));
    out.member("storeType", "default");
    out.key("topicMeta");
    out.begin_object();
    for (const auto& [parent, expiration] : facts.parents) out.member(parent, expiration);
    out.end_object();
  });
}

std::string lite_parent_json(std::string_view parent, const broker::LiteParentFacts& facts) {
  return json_object([&](JsonWriter& out) {
    if (!facts.groups.empty()) write_names(out, "groups", facts.groups);
    out.member("liteTopicCount", number(facts.lite_topics));
    out.member("lmqNum", number(facts.light_queues));
    out.member("topic", parent);
    out.member("ttl", facts.expiration);
  });
}

std::string lite_topic_json(std::string_view parent, std::string_view lite_topic,
                            const broker::LiteTopicFacts& facts) {
  return json_object([&](JsonWriter& out) {
    out.member("liteTopic", lite_topic);
    out.member("parentTopic", parent);
    out.member("shardingToBroker", true);
    out.key("subscriber");
    out.begin_array();
    for (const auto& [client, group] : facts.subscribers) {
      out.begin_object();
      out.member("clientId", client);
      out.member("group", group);
      out.end_object();
    }
    out.end_array();
    out.key("topicOffset");
    out.begin_object();
    out.member("lastUpdateTimestamp", facts.last_update_ms);
    out.member("maxOffset", facts.max_offset);
    out.member("minOffset", facts.min_offset);
    out.end_object();
  });
}

std::string lite_client_json(const broker::LiteClientQuestion& question,
                             const broker::LiteClientFacts& facts) {
  return json_object([&](JsonWriter& out) {
    out.member("clientId", question.client);
    out.member("group", question.group);
    out.member("lastAccessTime", facts.accessed_ms);
    out.member("lastConsumeTime", 0);
    out.member("liteTopicCount", facts.known ? number(facts.count) : -1);
    if (facts.known) write_names(out, "liteTopicSet", facts.light_queues);
    out.member("parentTopic", question.parent);
  });
}

std::string lite_group_json(const broker::LiteGroupQuestion& question,
                            const broker::LiteGroupFacts& facts) {
  return json_object([&](JsonWriter& out) {
    out.member("earliestUnconsumedTimestamp", facts.oldest_ms);
    out.member("group", question.group);
    if (question.lite_topic.empty()) {
      out.key("lagCountTopK");
      write_lags(out, facts.most);
      // Apache's broker fills it with liteLagLatencyCollectEnable only.
      out.key("lagTimestampTopK");
      write_lags(out, {});
    } else {
      out.member("liteTopic", question.lite_topic);
    }
    if (facts.place) {
      out.key("liteTopicOffsetWrapper");
      out.begin_object();
      out.member("brokerOffset", facts.place->end);
      out.member("consumerOffset", facts.place->committed);
      out.member("lastTimestamp", facts.place->done_ms);
      out.member("pullOffset", 0);
      out.end_object();
    }
    out.member("parentTopic", facts.parent);
    out.member("totalLagCount", facts.lag);
  });
}

}  // namespace bolide::remoting
