// SPDX-License-Identifier: Apache-2.0
//
// Versions, topic tables and registrations as JSON; members in the order in which Apache writes
// them.
// Runs on: any agent.  Owns: nothing.  Invariant: see bodies.h.
#include "base/crc.h"
#include "broker/metadata.h"
#include "naming/bodies.h"
#include "naming/json_parts.h"

namespace bolide::naming {

void write_mapping(JsonWriter& out, const QueueMapping& mapping) {
  out.begin_object();
  out.member("bname", mapping.broker_name);
  out.key("currIdMap");
  write_values(out, mapping.current_ids);
  out.member("dirty", mapping.dirty);
  out.member("epoch", mapping.epoch);
  out.member("scope", mapping.scope);
  out.member("topic", mapping.topic);
  out.member("totalQueues", mapping.total_queues);
  out.end_object();
}

QueueMapping read_mapping(JsonReader& in) {
  QueueMapping mapping;
  in.object([&](JsonKey key) {
    if (key == "bname") {
      mapping.broker_name = in.text();
    } else if (key == "currIdMap") {
      read_number_map(in, &mapping.current_ids, [&] { return in.integer<std::int32_t>(); });
    } else if (key == "dirty") {
      mapping.dirty = in.boolean();
    } else if (key == "epoch") {
      mapping.epoch = in.integer<std::int64_t>();
    } else if (key == "scope") {
      mapping.scope = in.text();
    } else if (key == "topic") {
      mapping.topic = in.text();
    } else if (key == "totalQueues") {
      mapping.total_queues = in.integer<std::int32_t>();
    }
  });
  return mapping;
}

void write_topic_table(JsonWriter& out, const TopicTable& table, bool with_mappings) {
  out.begin_object();
  out.key("dataVersion");
  broker::write_version(out, table.version);
  if (with_mappings) {
    out.key("mappingDataVersion");
    broker::write_version(out, table.mapping_version);
  }
  out.key("topicConfigTable");
  out.begin_object();
  for (const TopicConfig& topic : table.topics) {
    out.key(topic.name);
    broker::write_topic(out, topic);
  }
  out.end_object();
  if (with_mappings) {
    out.key("topicQueueMappingDetailMap");
    write_map(out, table.mapping_details, [&](const std::string& json) { out.raw(json); });
    out.key("topicQueueMappingInfoMap");
    write_map(out, table.mappings, [&](const QueueMapping& m) { write_mapping(out, m); });
  }
  out.end_object();
}

namespace {

void read_topics(JsonReader& in, std::vector<TopicConfig>* topics) {
  in.object([&](JsonKey key) {
    if (topics->size() == register_topics_max) return in.fail("too many topics");
    TopicConfig topic{.name = std::string(key.text), .attributes = {}};
    broker::read_topic(in, &topic);
    topics->push_back(std::move(topic));
  });
}

}  // namespace

void read_topic_table(JsonReader& in, TopicTable* table) {
  in.object([&](JsonKey key) {
    if (key == "dataVersion") {
      broker::read_version(in, &table->version);
    } else if (key == "mappingDataVersion") {
      broker::read_version(in, &table->mapping_version);
    } else if (key == "topicConfigTable") {
      read_topics(in, &table->topics);
    } else if (key == "topicQueueMappingDetailMap") {
      read_map(in, &table->mapping_details, [&] { return std::string(in.raw()); });
    } else if (key == "topicQueueMappingInfoMap") {
      read_map(in, &table->mappings, [&] { return read_mapping(in); });
    }
  });
}

std::string encode_version(const DataVersion& version) {
  std::string json;
  JsonWriter out(json);
  broker::write_version(out, version);
  return json;
}

Result<DataVersion> decode_version(std::string_view json) {
  return decode_json<DataVersion>(json, broker::read_version);
}

std::string encode_topic_table(const TopicTable& table, bool with_mappings) {
  std::string json;
  JsonWriter out(json);
  write_topic_table(out, table, with_mappings);
  return json;
}

Result<TopicTable> decode_topic_table(std::string_view json) {
  return decode_json<TopicTable>(json, read_topic_table);
}

std::string encode_register(const RegisterBody& body) {
  std::string json;
  JsonWriter out(json);
  out.begin_object();
  if (body.filter_servers) {
    out.key("filterServerList");
    write_strings(out, *body.filter_servers);
  }
  out.key("topicConfigSerializeWrapper");
  write_topic_table(out, body.table, true);
  out.end_object();
  return json;
}

Result<RegisterBody> decode_register_json(std::string_view json) {
  return decode_json<RegisterBody>(json, [](JsonReader& in, RegisterBody* body) {
    in.object([&](JsonKey key) {
      if (key == "filterServerList") {
        body->filter_servers.reset();
        if (!in.null()) body->filter_servers = read_strings(in);
      } else if (key == "topicConfigSerializeWrapper") {
        read_topic_table(in, &body->table);
      }
    });
  });
}

// Java keeps 31 bits, so that the number is never negative.
std::int32_t register_crc(std::string_view body) {
  return static_cast<std::int32_t>(crc32(body) & 0x7FFFFFFFU);
}

}  // namespace bolide::naming
