// SPDX-License-Identifier: Apache-2.0
//
// JsonReader's strings: their ends, and their escapes written out into scratch memory.
// Runs on: any agent.  Owns: nothing more.
// Invariant: a string without its escapes is no longer than with them, and each is written once, so
// scratch memory of the text's size is always enough and never moves.
#include "base/json_reader.h"
#include "base/json_scan.h"

#include <algorithm>
#include <cstring>

namespace bolide {
namespace {

constexpr bool is_high_half(unsigned code) {
  return code >= 0xD800 && code < 0xDC00;
}
constexpr bool is_low_half(unsigned code) {
  return code >= 0xDC00 && code < 0xE000;
}

// Appends `code` as UTF-8.
void put_utf8(char*& out, unsigned code) {
  const auto put = [&out](unsigned byte) { *out++ = static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xC0 | (code >> 6));
  } else if (code < 0x10000) {
    put(0xE0 | (code >> 12));
    put(0x80 | ((code >> 6) & 0x3F));
  } else {
    put(0xF0 | (code >> 18));
    put(0x80 | ((code >> 12) & 0x3F));
    put(0x80 | ((code >> 6) & 0x3F));
  }
  put(0x80 | (code & 0x3F));
}

// What stands for the escape backslash-`c`, or 0 if that is none.
constexpr char simple_escape(char c) {
  switch (c) {
    case '"':
    case '\'':
    case '\\':
    case '/': return c;
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'v': return '\v';
    default: return 0;
  }
}

constexpr int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

// The string at at_, which is its opening quote.
std::string_view JsonReader::string() {
  const char quote = *at_;
  const char* start = at_ + 1;
  const char* stop = json::find_quote_or_escape(start, end_, quote);
  if (stop == end_) [[unlikely]]
    return fail("the string has no end"), std::string_view{};
  if (*stop != quote) [[unlikely]]
    return string_with_escapes(start, stop, quote);
  at_ = stop + 1;
  return {start, stop};
}

void JsonReader::skip_string() {
  const char quote = *at_;
  const char* stop = json::find_quote_or_escape(at_ + 1, end_, quote);
  while (end_ - stop >= 2 && *stop == '\\')
    stop = json::find_quote_or_escape(stop + 2, end_, quote);
  if (stop == end_ || *stop != quote) return fail("the string has no end");
  at_ = stop + 1;
}

char* JsonReader::scratch() {
  if (scratch_ == nullptr) scratch_ = &own_scratch_;
  const auto size = static_cast<std::size_t>(end_ - begin_);
  if (scratch_->size() < size) {
    scratch_->resize_and_overwrite(size, [size](char*, std::size_t) { return size; });
  }
  return scratch_->data() + scratch_used_;
}

// `start`: behind the opening quote; `stop`: the first escape.
std::string_view JsonReader::string_with_escapes(const char* start, const char* stop, char quote) {
  char* const first = scratch();
  char* out = first;
  at_ = start;
  for (;;) {
    out = std::copy(at_, stop, out);
    at_ = stop;
    if (at_ == end_) return fail("the string has no end"), std::string_view{};
    ++at_;
    if (*stop == quote) break;
    if (!escape(out)) return fail("not an escape"), std::string_view{};
    stop = json::find_quote_or_escape(at_, end_, quote);
  }
  scratch_used_ += static_cast<std::size_t>(out - first);
  return {first, out};
}

// One escape, at_ being behind its backslash.
bool JsonReader::escape(char*& out) {
  if (at_ == end_) return false;
  const char kind = *at_++;
  if (kind == 'u') return unicode_escape(out);
  const char plain = simple_escape(kind);
  *out++ = plain;
  return plain != 0;
}

bool JsonReader::unicode_escape(char*& out) {
  unsigned code = 0;
  if (!hex4(code)) return false;
  if (code < 0x80) [[likely]] {
    *out++ = static_cast<char>(code);
    return true;
  }
  if (is_high_half(code) && end_ - at_ >= 6 && at_[0] == '\\' && at_[1] == 'u') {
    const char* after_high = at_;
    at_ += 2;
    unsigned low = 0;
    if (hex4(low) && is_low_half(low)) {
      put_utf8(out, 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00));
      return true;
    }
    at_ = after_high;
  }
  put_utf8(out, is_high_half(code) || is_low_half(code) ? '?' : code);
  return true;
}

bool JsonReader::hex4(unsigned& code) {
  if (end_ - at_ < 4) return false;
  int value = 0;
  for (int i = 0; i < 4; ++i) value |= hex_digit(at_[i]) << (4 * (3 - i));
  // A bad digit is -1, whose sign bit stays set.
  if (value < 0) return false;
  code = static_cast<unsigned>(value);
  at_ += 4;
  return true;
}

}  // namespace bolide
