// SPDX-License-Identifier: Apache-2.0
//
// Parts that several bodies share: lists, maps and queue mappings in RocketMQ's JSON.
// Runs on: any agent.  Owns: nothing.  Invariant: reading what was written gives the same value.
#pragma once

#include "base/json_reader.h"
#include "base/json_writer.h"
#include "naming/model.h"

namespace bolide::naming {

template <class Strings>
void write_strings(JsonWriter& out, const Strings& list) {
  out.begin_array();
  for (const auto& text : list) out.value(text);
  out.end_array();
}

inline std::vector<std::string> read_strings(JsonReader& in) {
  std::vector<std::string> list;
  in.array([&] { list.emplace_back(in.text()); });
  return list;
}

// A map whose values are written by `write(value)`.
template <class Map, class WriteValue>
void write_map(JsonWriter& out, const Map& map, WriteValue&& write) {
  out.begin_object();
  for (const auto& [key, value] : map) {
    out.key(key);
    write(value);
  }
  out.end_object();
}

template <class Map>
void write_values(JsonWriter& out, const Map& map) {
  write_map(out, map, [&](const auto& value) { out.value(value); });
}

// A map from name to what `read()` gives; the last of equal names wins.
template <class Map, class ReadValue>
void read_map(JsonReader& in, Map* map, ReadValue&& read) {
  in.object([&](JsonKey key) {
    std::string name(key.text);  // the view may not outlive the reading of the value
    map->insert_or_assign(std::move(name), read());
  });
}

// The same from number; other names are a failure.
template <class Map, class ReadValue>
void read_number_map(JsonReader& in, Map* map, ReadValue&& read) {
  in.object([&](JsonKey key) {
    const auto number = key.integer<typename Map::key_type>();
    if (!number) return in.fail("a name that is not a number");
    map->insert_or_assign(*number, read());
  });
}

void write_mapping(JsonWriter& out, const QueueMapping& mapping);
QueueMapping read_mapping(JsonReader& in);
void write_topic_table(JsonWriter& out, const TopicTable& table, bool with_mappings);
void read_topic_table(JsonReader& in, TopicTable* table);
Result<RegisterBody> decode_register_json(std::string_view json);

// The whole of `json` by `read(reader, &value)`.
template <class Value, class Read>
Result<Value> decode_json(std::string_view json, Read&& read) {
  JsonReader in(json);
  if (in.peek() != JsonKind::object) in.fail("not an object");
  Value value;
  read(in, &value);
  BOLIDE_CHECK(in.finish());
  return value;
}

}  // namespace bolide::naming
