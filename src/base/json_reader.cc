// SPDX-License-Identifier: Apache-2.0
//
// JsonReader: structure, conversions of values, failures. The bytes of strings: json_string.cc.
// Runs on: any agent.  Owns: nothing more.  Invariant: recursion (skip) is bounded by depth_max.
#include "base/json_reader.h"

#include "base/json_scan.h"

#include <charconv>
#include <cmath>

namespace bolide {

void JsonReader::fail(std::string_view cause) {
  if (failed_) return;
  failed_ = true;
  failed_at_ = static_cast<std::size_t>(at_ - begin_);
  cause_ = cause;
  at_ = end_;
}

void JsonReader::fail(std::string_view cause, std::string_view member) {
  if (failed_) return;
  member_ = member;
  fail(cause);
}

Result<> JsonReader::finish() const {
  if (!failed_) return {};
  std::string context = "JSON, offset " + std::to_string(failed_at_);
  if (!member_.empty()) {
    constexpr std::size_t shown_max = 64;
    context.append(", at \"").append(member_.substr(0, shown_max)).append("\"");
  }
  return bolide::fail(Errc::malformed, context.append(": ").append(cause_));
}

inline void JsonReader::skip_space() {
  while (at_ < end_ && json::is_space(*at_)) ++at_;
}

bool JsonReader::literal(std::string_view word) {
  if (!std::string_view(at_, end_).starts_with(word)) return false;
  at_ += word.size();
  return true;
}

JsonKind JsonReader::peek() {
  skip_space();
  if (at_ == end_) return JsonKind::none;
  switch (*at_) {
    case '{': return JsonKind::object;
    case '[': return JsonKind::array;
    case '"':
    case '\'': return JsonKind::string;
    case 't':
    case 'f': return JsonKind::boolean;
    case 'n': return JsonKind::null;
    default: return json::begins_number(*at_) ? JsonKind::number : JsonKind::none;
  }
}

bool JsonReader::null() {
  skip_space();
  return literal("null");
}

// Goes into an object or array; false if there is none to go into.
bool JsonReader::enter(char open) {
  skip_space();
  if (at_ < end_ && *at_ == open) [[likely]] {
    if (depth_left_ == 0) return fail("nested too deeply"), false;
    --depth_left_;
    ++at_;
    return true;
  }
  if (!literal("null")) fail(open == '{' ? "an object expected" : "an array expected");
  return false;
}

bool JsonReader::leave() {
  ++at_;
  ++depth_left_;
  return false;
}

bool JsonReader::first_key(JsonKey& key) {
  skip_space();
  if (at_ < end_ && *at_ == '}') return leave();
  return read_key(key);
}

bool JsonReader::next_key(JsonKey& key) {
  skip_space();
  if (at_ < end_ && *at_ == ',') {
    ++at_;
    return first_key(key);
  }
  if (at_ < end_ && *at_ == '}') return leave();
  return fail("',' or '}' expected"), false;
}

bool JsonReader::read_key(JsonKey& key) {
  if (at_ == end_) return fail("a name expected"), false;
  // In a variable of its own: copying key.text again would wait for its two halves to be stored.
  std::string_view name;
  key.object = *at_ == '{';
  if (*at_ == '"' || *at_ == '\'') [[likely]] {
    name = string();
  } else if (key.object) {
    name = raw();
  } else {
    const char* start = at_;
    while (at_ < end_ && json::is_name(*at_)) ++at_;
    name = {start, at_};
    if (name.empty()) return fail("a name expected"), false;
  }
  if (failed_) return false;
  key.text = name;
  member_ = name;
  skip_space();
  if (at_ == end_ || *at_ != ':') return fail("':' expected"), false;
  ++at_;
  return true;
}

bool JsonReader::first_element() {
  skip_space();
  if (at_ < end_ && *at_ == ']') return leave();
  return !failed_;
}

bool JsonReader::next_element() {
  skip_space();
  if (at_ < end_ && *at_ == ',') {
    ++at_;
    return first_element();
  }
  if (at_ < end_ && *at_ == ']') return leave();
  return fail("',' or ']' expected"), false;
}

void JsonReader::skip() {
  switch (peek()) {
    case JsonKind::object: return object([](const JsonKey&) {});
    case JsonKind::array: return array([] {});
    case JsonKind::string: return skip_string();
    case JsonKind::number: return static_cast<void>(number());
    case JsonKind::boolean:
    case JsonKind::null:
      if (literal("true") || literal("false") || literal("null")) return;
      break;
    case JsonKind::none: break;
  }
  fail("a value expected");
}

std::string_view JsonReader::raw() {
  skip_space();
  const char* start = at_;
  skip();
  if (failed_) return {};
  return {start, at_};
}

std::string_view JsonReader::text() {
  skip_space();
  if (at_ < end_ && (*at_ == '"' || *at_ == '\'')) [[likely]]
    return string();
  if (literal("null")) return {};
  return raw();
}

// The characters of a number, in the grammar of JSON but for a leading '+', zeros in front and a
// missing whole or fractional part.
std::string_view JsonReader::number() {
  const char* start = at_;
  const auto digits = [this] {
    const char* first = at_;
    while (at_ < end_ && json::is_digit(*at_)) ++at_;
    return at_ - first;
  };
  if (at_ < end_ && (*at_ == '-' || *at_ == '+')) ++at_;
  auto count = digits();
  if (at_ < end_ && *at_ == '.') {
    ++at_;
    count += digits();
  }
  if (count == 0) return fail("a number expected"), std::string_view{};
  if (at_ < end_ && (*at_ == 'e' || *at_ == 'E')) {
    ++at_;
    if (at_ < end_ && (*at_ == '-' || *at_ == '+')) ++at_;
    if (digits() == 0) return fail("an exponent expected"), std::string_view{};
  }
  return {start, at_};
}

// The text of a number, string, boolean or null; the latter is empty.
std::string_view JsonReader::scalar() {
  switch (peek()) {
    case JsonKind::number: return number();
    case JsonKind::object:
    case JsonKind::array: return fail("a simple value expected"), std::string_view{};
    default: return text();
  }
}

std::int64_t JsonReader::integer_between(std::int64_t min, std::int64_t max) {
  const std::string_view value = scalar();
  std::int64_t number = 0;
  switch (json::to_integer(value, number)) {
    case json::Parsed::ok:
      if (number >= min && number <= max) return number;
      [[fallthrough]];
    case json::Parsed::out_of_range: return fail("the number is out of range"), 0;
    case json::Parsed::not_a_number: break;
  }
  return fail("a whole number expected"), 0;
}

double JsonReader::real() {
  const std::string_view value = scalar();
  double number = 0;
  if (value.empty() || json::to_real(value, number)) return number;
  return fail("a number expected"), 0;
}

bool JsonReader::boolean() {
  const std::string_view value = scalar();
  if (const std::optional<bool> truth = json::to_boolean(value)) return *truth;
  return fail("true or false expected"), false;
}

}  // namespace bolide
