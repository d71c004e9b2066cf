// SPDX-License-Identifier: Apache-2.0
//
// JsonWriter: separators, escapes, numbers.
// Runs on: any agent.  Owns: nothing.  Invariant: see the header.
#include "base/json_writer.h"

#include "base/strings.h"

#include <charconv>
#include <cmath>

namespace bolide {
namespace {

// The letter of the short escape of a control character, or 0.
constexpr char short_escape(char c) {
  switch (c) {
    case '"':
    case '\\':
      return c;
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    default:
      return 0;
  }
}

bool needs_escape(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
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
  constexpr std::string_view hex = "0123456789abcdef";
  out_.push_back('"');
  std::size_t done = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (!needs_escape(c)) [[likely]]
      continue;
    out_.append(text.substr(done, i - done)).push_back('\\');
    done = i + 1;
    if (const char letter = short_escape(c)) {
      out_.push_back(letter);
    } else {
      out_.append("u00").push_back(hex[static_cast<unsigned char>(c) >> 4]);
      out_.push_back(hex[static_cast<unsigned char>(c) & 15]);
    }
  }
  out_.append(text.substr(done)).push_back('"');
}

}  // namespace bolide
