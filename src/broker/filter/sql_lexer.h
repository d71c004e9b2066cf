// SPDX-License-Identifier: Apache-2.0
//
// The words of a filter expression (docs/filtering.md), one at a time: of each the longest that
// fits, as Apache's lexer cuts them. Runs on: any agent.  Owns: nothing; the expression must
// outlive it. Invariant: every call steps forward, or stays at the end or at a bad character.
#pragma once

#include <cstdint>
#include <string_view>

namespace bolide::broker {

enum class SqlWord : std::uint8_t {
  end,
  bad,  // no word begins so
  name,
  decimal,
  real,
  text,
  not_,
  and_,
  or_,
  between,
  in,
  true_,
  false_,
  null,
  is,
  contains,
  starts_with,
  ends_with,
  equal,
  not_equal,
  greater,
  greater_equal,
  less,
  less_equal,
  open,
  comma,
  close,
  plus,
  minus,
};

struct SqlToken {
  SqlWord word = SqlWord::end;
  std::size_t begin = 0;  // in bytes of the expression
  std::string_view image;
};

class SqlLexer {
 public:
  explicit SqlLexer(std::string_view expression) : text_(expression) {}

  SqlToken next();

 private:
  void skip_blanks_and_comments();
  SqlToken take(SqlWord word, std::size_t size);
  SqlToken number();
  SqlToken quoted();
  SqlToken name();
  std::size_t digits_from(std::size_t at) const;
  std::size_t exponent_from(std::size_t at) const;
  char at(std::size_t place) const { return place < text_.size() ? text_[place] : '\0'; }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace bolide::broker
