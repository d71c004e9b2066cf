// SPDX-License-Identifier: Apache-2.0
//
// JsonWriter: separators, escapes, numbers.
// Runs on: any agent.  Owns: nothing.  Invariant: see the header.
#include "base/json_writer.h"

#include "base/json_scan.h"
#include "base/strings.h"

#include <charconv>
#include <cmath>
#include <cstring>

namespace bolide {
namespace {

// The letter of the short escape of a control character, or 0.
constexpr char short_escape(char c) {
  switch (c) {
    case '"':
    case '\\': return c;
    case '\b': return 'b';
    case '\f': return 'f';
    case '\n': return 'n';
    case '\r': return 'r';
    case '\t': return 't';
    default: return 0;
  }
}

// Java prints plainly from 10^-3 up to below 10^7, else with an exponent; always with a fraction.
void put_plain(std::string& out, std::string_view digits, int exponent) {
  if (exponent < 0) {
    out.append("0.").append(static_cast<std::size_t>(-exponent - 1), '0').append(digits);
    return;
  }
  const auto whole = static_cast<std::size_t>(exponent) + 1;
  if (digits.size() <= whole) {
    out.append(digits).append(whole - digits.size(), '0').append(".0");
    return;
  }
  out.append(digits.substr(0, whole)).append(".").append(digits.substr(whole));
}

void put_real(std::string& out, double number) {
  char text[32];
  constexpr auto form = std::chars_format::scientific;
  const char* end = std::to_chars(text, text + sizeof text, std::abs(number), form).ptr;
  const std::string_view shortest(text, end);
  const std::size_t e = shortest.find('e');
  int exponent = 0;
  std::from_chars(text + e + (text[e + 1] == '+' ? 2 : 1), end, exponent);
  std::string digits(1, text[0]);
  if (e > 2) digits.append(shortest.substr(2, e - 2));

  if (std::signbit(number)) out.push_back('-');
  if (exponent >= -3 && exponent < 7) return put_plain(out, digits, number == 0 ? 0 : exponent);
  put_plain(out, digits, 0);
  out.append("E").append(DecimalText(exponent).view());
}

}  // namespace

void JsonWriter::new_line() {
  out_.push_back('\n');
  out_.append(depth_, '\t');
}

// What stands between the last thing and a name, element or value.
void JsonWriter::separate() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (comma_) out_.push_back(',');
  if (style_.pretty && depth_ > 0) new_line();
}

void JsonWriter::open(char bracket) {
  separate();
  out_.push_back(bracket);
  ++depth_;
  comma_ = false;
}

void JsonWriter::close(char bracket) {
  --depth_;
  if (style_.pretty && comma_) new_line();
  out_.push_back(bracket);
  comma_ = true;
}

void JsonWriter::key(std::string_view name) {
  separate();
  quoted(name);
  out_.push_back(':');
  after_key_ = true;
  comma_ = true;
}

void JsonWriter::number_key(std::int64_t name) {
  const DecimalText digits(name);
  if (style_.quoted_numbers) return key(digits.view());
  separate();
  out_.append(digits.view()).push_back(':');
  after_key_ = true;
  comma_ = true;
}

void JsonWriter::end_object_key() {
  close('}');
  out_.push_back(':');
  after_key_ = true;
}

void JsonWriter::raw(std::string_view json) {
  separate();
  out_.append(json);
  comma_ = true;
}

void JsonWriter::integer(std::int64_t number) {
  raw(DecimalText(number).view());
}

void JsonWriter::value(double number) {
  if (!std::isfinite(number)) return null();
  separate();
  put_real(out_, number);
  comma_ = true;
}

void JsonWriter::value(std::string_view text) {
  separate();
  quoted(text);
  comma_ = true;
}

void JsonWriter::quoted(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  const char* stop = json::find_to_escape(at, end);
  // The usual string has no escapes and goes out in one piece. The size that libstdc++ 12 hands to
  // the lambda may be more than was asked for, so it is not used.
  const std::size_t before = out_.size();
  const auto clean = static_cast<std::size_t>(stop - at);
  out_.resize_and_overwrite(before + clean + 2, [=](char* to, std::size_t) {
    to[before] = '"';
    if (clean != 0) std::memcpy(to + before + 1, at, clean);
    to[before + clean + 1] = '"';
    return before + clean + (stop == end ? 2 : 1);
  });
  if (stop != end) escaped(stop, end);
}

// The rest of a string from its first escape on, and the closing quote.
void JsonWriter::escaped(const char* at, const char* end) {
  constexpr std::string_view hex = "0123456789abcdef";
  while (at != end) {
    const char c = *at++;
    out_.push_back('\\');
    if (const char letter = short_escape(c)) {
      out_.push_back(letter);
    } else {
      out_.append("u00").push_back(hex[static_cast<unsigned char>(c) >> 4]);
      out_.push_back(hex[static_cast<unsigned char>(c) & 15]);
    }
    const char* stop = json::find_to_escape(at, end);
    out_.append(at, stop);
    at = stop;
  }
  out_.push_back('"');
}

}  // namespace bolide
