// SPDX-License-Identifier: Apache-2.0
//
// JSON bodies from field tables (base/fields.h), both ways, in RocketMQ's dialect (rocketmq
// wire 2.8). Runs on: any agent.  Owns: nothing. Invariant: what was written is read back as the
// same value; members not in the table are passed over.
//
// Fields may be bool, integers, double, std::string, structs with tables, and of these
// std::optional (absent when empty), std::vector and std::map; a map's key is a string, an integer
// (bare in the text) or a struct with a table (a whole object as name). For any other type, enums
// above all, declare beside the type `void read_json(JsonReader&, T&)` and `void
// write_json(JsonWriter&, const T&)`.
#pragma once

#include "base/fields.h"
#include "base/json_reader.h"
#include "base/json_writer.h"

#include <concepts>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace bolide {

// Reads an object into `value`: what the text lacks, or has as null, keeps the value it had; of
// equal names the last wins. Failures stay in `in`: a wrong value, a missing required field (by its
// name).
template <HasFields T>
void read_json(JsonReader& in, T& value);

// Writes `value` as one object.
template <HasFields T>
void write_json(JsonWriter& out, const T& value);

namespace fields {

template <class T>
void read_value(JsonReader& in, T& value);
template <class T>
void write_value(JsonWriter& out, const T& value);
template <class T>
void write_members(JsonWriter& out, const T& value);

template <class Key>
bool read_map_key(JsonReader& in, const JsonKey& name, Key& key) {
  if constexpr (HasFields<Key>) {
    JsonReader inner(name.text);
    read_json(inner, key);
    if (!name.object || inner.failed()) return in.fail("the name cannot be read"), false;
  } else if constexpr (std::integral<Key>) {
    const auto number = name.integer<Key>();
    if (!number) return in.fail("the name is not a number"), false;
    key = *number;
  } else {
    key = name.text;
  }
  return true;
}

template <class Map>
void read_map(JsonReader& in, Map& map) {
  map.clear();
  in.object([&](const JsonKey& name) {
    typename Map::key_type key{};
    if (!read_map_key(in, name, key)) return;
    auto& slot = map[std::move(key)];
    slot = {};
    read_value(in, slot);
  });
}

template <class Map>
void write_map(JsonWriter& out, const Map& map) {
  out.begin_object();
  for (const auto& [key, value] : map) {
    if constexpr (HasFields<typename Map::key_type>) {
      out.begin_object_key();
      write_members(out, key);
      out.end_object_key();
    } else {
      out.key(key);
    }
    write_value(out, value);
  }
  out.end_object();
}

template <class T>
void read_value(JsonReader& in, T& value) {
  if constexpr (std::same_as<T, bool>) {
    value = in.boolean();
  } else if constexpr (std::integral<T>) {
    value = in.integer<T>();
  } else if constexpr (std::same_as<T, double>) {
    value = in.real();
  } else if constexpr (std::same_as<T, std::string>) {
    value = in.text();
  } else if constexpr (is_a<T, std::optional>) {
    if (in.null()) return value.reset();
    read_value(in, value.emplace());
  } else if constexpr (is_a<T, std::vector>) {
    value.clear();
    in.array([&] { read_value(in, value.emplace_back()); });
  } else if constexpr (is_a<T, std::map>) {
    read_map(in, value);
  } else {
    read_json(in, value);
  }
}

template <class T>
void write_members(JsonWriter& out, const T& value) {
  any_field<T>([&](const auto& field, std::size_t) {
    const auto& member = value.*field.member;
    if constexpr (is_a<std::remove_cvref_t<decltype(member)>, std::optional>) {
      if (!member) return false;
    }
    out.key(field.name);
    write_value(out, member);
    return false;
  });
}

template <class T>
void write_value(JsonWriter& out, const T& value) {
  if constexpr (std::integral<T> || std::same_as<T, double> || std::same_as<T, std::string>) {
    out.value(value);
  } else if constexpr (is_a<T, std::optional>) {
    if (!value) return out.null();
    write_value(out, *value);
  } else if constexpr (is_a<T, std::vector>) {
    out.begin_array();
    for (const auto& element : value) write_value(out, element);
    out.end_array();
  } else if constexpr (is_a<T, std::map>) {
    write_map(out, value);
  } else {
    write_json(out, value);
  }
}

}  // namespace fields

template <HasFields T>
void read_json(JsonReader& in, T& value) {
  FieldMarks<T> seen;
  in.object([&](const JsonKey& key) {
    any_field<T>([&](const auto& field, std::size_t index) {
      if (!(key == field.name)) return false;
      auto& member = value.*field.member;
      if (in.null()) {
        if constexpr (fields::is_a<std::remove_cvref_t<decltype(member)>, std::optional>)
          member.reset();
        return true;
      }
      fields::read_value(in, member);
      seen.set(index);
      return true;
    });
  });
  if (const std::string_view name = seen.missing(); !name.empty()) in.fail("missing", name);
}

template <HasFields T>
void write_json(JsonWriter& out, const T& value) {
  out.begin_object();
  fields::write_members(out, value);
  out.end_object();
}

// The whole of `json` as a T. Errors: malformed, with offset, field and cause.
template <HasFields T>
Result<T> from_json(std::string_view json) {
  JsonReader in(json);
  T value{};
  if (in.peek() != JsonKind::object) in.fail("an object expected");
  read_json(in, value);
  BOLIDE_CHECK(in.finish());
  return value;
}

template <HasFields T>
std::string to_json(const T& value, JsonStyle style = {}) {
  std::string text;
  JsonWriter out(text, style);
  write_json(out, value);
  return text;
}

}  // namespace bolide
