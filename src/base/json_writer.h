// SPDX-License-Identifier: Apache-2.0
//
// JsonWriter: appends JSON to a string, byte for byte as fastjson does (rocketmq wire 1.2, 2.8).
// Runs on: any agent.  Owns: nothing; the string is the caller's and must outlive the writer.
// Invariant: commas, colons and indentation are the writer's affair; names and values alternate as
// the caller calls (a name before each value in an object).
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace bolide {

// `quoted_numbers`: numbers as names stand in quotes, which is standard JSON and what the newer
// route request asks for; the other peers expect them bare ({0:"ip:port"}). `pretty`: one member or
// element a line, indented by tabs, as in config/*.json.
struct JsonStyle {
  bool quoted_numbers = false;
  bool pretty = false;
};

class JsonWriter {
 public:
  explicit JsonWriter(std::string& out, JsonStyle style = {}) : out_(out), style_(style) {}

  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }

  // The name of the next value.
  void key(std::string_view name);
  void key(const char* name) { key(std::string_view(name)); }
  template <std::integral Integer>
  void key(Integer name) {
    number_key(static_cast<std::int64_t>(name));
  }
  // Between these two the members of an object are written which is itself the name of the next
  // value.
  void begin_object_key() { open('{'); }
  void end_object_key();

  void value(std::string_view text);
  void value(const std::string& text) { value(std::string_view(text)); }
  void value(const char* text) { value(std::string_view(text)); }
  // As Java prints it: 1.0, 0.001, 1.0E7; not-a-number and infinity are null.
  void value(double number);
  void value(bool truth) { raw(truth ? "true" : "false"); }
  template <std::integral Integer>
  void value(Integer number) {
    static_assert(sizeof(Integer) < 8 || std::is_signed_v<Integer>);
    integer(static_cast<std::int64_t>(number));
  }
  void null() { raw("null"); }
  // JSON text that is already written.
  void raw(std::string_view json);

  // key(name) and value(v).
  template <class Name, class Value>
  void member(const Name& name, const Value& v) {
    key(name);
    value(v);
  }

 private:
  void open(char bracket);
  void close(char bracket);
  void separate();
  void new_line();
  void quoted(std::string_view text);
  void escaped(const char* at, const char* end);
  void number_key(std::int64_t name);
  void integer(std::int64_t number);

  std::string& out_;
  JsonStyle style_;
  std::uint32_t depth_ = 0;
  bool after_key_ = false;
  bool comma_ = false;
};

// The text of an object whose members `write` gives to the writer.
template <class Write>
std::string json_object(Write write) {
  std::string text;
  JsonWriter out(text);
  out.begin_object();
  write(out);
  out.end_object();
  return text;
}

}  // namespace bolide
