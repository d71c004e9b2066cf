// SPDX-License-Identifier: Apache-2.0
//
// The words of a filter expression.
// Runs on: any agent.  Owns: nothing.  Invariant: see sql_lexer.h.
#include "broker/filter/sql_lexer.h"

#include <algorithm>
#include <array>
#include <utility>

namespace bolide::broker {
namespace {

constexpr std::array<std::pair<std::string_view, SqlWord>, 12> keywords{{
    {"NOT", SqlWord::not_},
    {"AND", SqlWord::and_},
    {"OR", SqlWord::or_},
    {"BETWEEN", SqlWord::between},
    {"IN", SqlWord::in},
    {"TRUE", SqlWord::true_},
    {"FALSE", SqlWord::false_},
    {"NULL", SqlWord::null},
    {"IS", SqlWord::is},
    {"CONTAINS", SqlWord::contains},
    {"STARTSWITH", SqlWord::starts_with},
    {"ENDSWITH", SqlWord::ends_with},
}};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool begins_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}

char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

}  // namespace

void SqlLexer::skip_blanks_and_comments() {
  for (;;) {
    if (at_ < text_.size() && std::string_view(" \t\n\r\f").contains(text_[at_])) {
      ++at_;
      continue;
    }
    const std::string_view rest = text_.substr(at_);
    // A comment of one line needs the line's end: at the end of the text it is two minus signs.
    const bool line = rest.starts_with("--");
    if (!line && !rest.starts_with("/*")) return;
    const std::size_t end = line ? rest.find_first_of("\n\r") : rest.find("*/", 2);
    if (end == std::string_view::npos) return;
    at_ += end + (line ? 1 : 2);
  }
}

SqlToken SqlLexer::take(SqlWord word, std::size_t size) {
  const SqlToken token{.word = word, .begin = at_, .image = text_.substr(at_, size)};
  at_ += size;
  return token;
}

SqlToken SqlLexer::next() {
  skip_blanks_and_comments();
  if (at_ == text_.size()) return {.word = SqlWord::end, .begin = at_};
  const char c = text_[at_];
  const char after = at(at_ + 1);
  switch (c) {
    case '=': return take(SqlWord::equal, 1);
    case '<':
      if (after == '>') return take(SqlWord::not_equal, 2);
      return after == '=' ? take(SqlWord::less_equal, 2) : take(SqlWord::less, 1);
    case '>': return after == '=' ? take(SqlWord::greater_equal, 2) : take(SqlWord::greater, 1);
    case '(': return take(SqlWord::open, 1);
    case ',': return take(SqlWord::comma, 1);
    case ')': return take(SqlWord::close, 1);
    case '+': return take(SqlWord::plus, 1);
    case '-': return take(SqlWord::minus, 1);
    case '\'': return quoted();
    default: break;
  }
  if (is_digit(c) || (c == '.' && is_digit(after))) return number();
  if (begins_name(c)) return name();
  return {.word = SqlWord::bad, .begin = at_, .image = text_.substr(at_, 1)};
}

std::size_t SqlLexer::digits_from(std::size_t place) const {
  while (is_digit(at(place))) ++place;
  return place;
}

// Behind the exponent that begins at `place`, or `place` if none does.
std::size_t SqlLexer::exponent_from(std::size_t place) const {
  if (upper(at(place)) != 'E') return place;
  const std::size_t sign = at(place + 1) == '+' || at(place + 1) == '-' ? 1 : 0;
  const std::size_t digits = place + 1 + sign;
  const std::size_t end = digits_from(digits);
  return end > digits ? end : place;
}

SqlToken SqlLexer::number() {
  const std::size_t whole = digits_from(at_);
  const bool point = at(whole) == '.';
  const std::size_t mantissa = point ? digits_from(whole + 1) : whole;
  const std::size_t end = exponent_from(mantissa);
  if (point || end > mantissa) return take(SqlWord::real, end - at_);
  // A zero stands alone: "007" are three numbers, and "0L" a zero and a name.
  if (text_[at_] == '0') return take(SqlWord::decimal, 1);
  return take(SqlWord::decimal, whole - at_ + (upper(at(whole)) == 'L' ? 1 : 0));
}

SqlToken SqlLexer::quoted() {
  std::size_t closed = 0;  // behind the last quote that may be the closing one
  for (std::size_t place = at_ + 1; place < text_.size(); ++place) {
    if (text_[place] != '\'') continue;
    closed = place + 1;
    if (at(place + 1) != '\'') break;
    ++place;
  }
  if (closed > 0) return take(SqlWord::text, closed - at_);
  return {.word = SqlWord::bad, .begin = at_, .image = text_.substr(at_, 1)};
}

SqlToken SqlLexer::name() {
  std::size_t end = at_ + 1;
  while (begins_name(at(end)) || is_digit(at(end))) ++end;
  const std::string_view image = text_.substr(at_, end - at_);
  for (const auto& [keyword, word] : keywords) {
    if (std::ranges::equal(image, keyword, {}, upper)) return take(word, image.size());
  }
  return take(SqlWord::name, image.size());
}

}  // namespace bolide::broker
