// SPDX-License-Identifier: Apache-2.0
//
// From the text of a filter expression to its program.
// Runs on: any agent.  Owns: nothing.  Invariant: see sql_parser.h.
#include "broker/filter/sql_parser.h"

#include "broker/filter/java_number.h"
#include "broker/filter/sql_builder.h"
#include "broker/filter/sql_lexer.h"

#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

namespace bolide::broker {
namespace {

// Counts how deeply the parser has gone down.
class Level {
 public:
  explicit Level(int* depth) : depth_(depth) { ++*depth_; }
  ~Level() { --*depth_; }
  Level(const Level&) = delete;
  Level& operator=(const Level&) = delete;

 private:
  int* depth_;
};

std::optional<SqlOp> order_of(SqlWord word) {
  switch (word) {
    case SqlWord::greater: return SqlOp::greater;
    case SqlWord::greater_equal: return SqlOp::greater_equal;
    case SqlWord::less: return SqlOp::less;
    case SqlWord::less_equal: return SqlOp::less_equal;
    default: return std::nullopt;
  }
}

std::optional<SqlOp> search_of(SqlWord word) {
  switch (word) {
    case SqlWord::contains: return SqlOp::contains;
    case SqlWord::starts_with: return SqlOp::starts_with;
    case SqlWord::ends_with: return SqlOp::ends_with;
    default: return std::nullopt;
  }
}

// One function per level of the grammar, weakest first. The word ahead is the only one that is
// read before it is needed: what stands behind it may be anything.
class Parser {
 public:
  explicit Parser(std::string_view expression)
      : lexer_(expression), builder_(expression), ahead_(lexer_.next()) {}

  Result<std::shared_ptr<const SqlProgram>> run() {
    BOLIDE_TRY(const SqlOperand whole, any());
    if (ahead_.word == SqlWord::bad) return unexpected("the end");
    return builder_.finish(whole, ahead_.begin);
  }

 private:
  using Rule = Result<SqlOperand> (Parser::*)();

  Result<SqlOperand> any() { return chain(SqlWord::or_, SqlOp::any, &Parser::all); }
  Result<SqlOperand> all() { return chain(SqlWord::and_, SqlOp::all, &Parser::equality); }
  Result<SqlOperand> chain(SqlWord joint, SqlOp op, Rule part);
  Result<SqlOperand> equality();
  Result<SqlOperand> comparison();
  Result<SqlOperand> worded(const SqlOperand& left);
  Result<SqlOperand> between(const SqlOperand& left, bool negated);
  Result<SqlOperand> in(const SqlOperand& left, bool negated);
  Result<SqlOperand> unary();
  Result<SqlOperand> primary();
  Result<SqlOperand> decimal(const SqlToken& token);
  Result<SqlOperand> real(const SqlToken& token);

  SqlToken advance() { return std::exchange(ahead_, lexer_.next()); }
  bool accept(SqlWord word) {
    if (ahead_.word != word) return false;
    advance();
    return true;
  }
  Result<> expect(SqlWord word, std::string_view expected) {
    if (accept(word)) return {};
    return unexpected(expected);
  }
  Result<std::string_view> text() {
    if (ahead_.word != SqlWord::text) return unexpected("a text in single quotes");
    return builder_.keep_quoted(advance().image);
  }
  std::string found() const;
  Failure unexpected(std::string_view expected) const;

  SqlLexer lexer_;
  SqlBuilder builder_;
  SqlToken ahead_;
  int depth_ = 0;
};

// The word ahead, for people: nothing in it that does not print.
std::string Parser::found() const {
  constexpr std::size_t shown_max = 40;
  switch (ahead_.word) {
    case SqlWord::end: return "the end";
    case SqlWord::text: return "a text";
    case SqlWord::bad:
      if (ahead_.image == "'") return "a text without a closing quote";
      if (ahead_.image[0] < ' ' || ahead_.image[0] > '~') return "a character that only texts have";
      return "\"" + std::string(ahead_.image) + "\"";
    default: return "\"" + std::string(ahead_.image.substr(0, shown_max)) + "\"";
  }
}

Failure Parser::unexpected(std::string_view expected) const {
  return builder_.refused(ahead_.begin, "expected " + std::string(expected) + ", found " + found());
}

Result<SqlOperand> Parser::chain(SqlWord joint, SqlOp op, Rule part) {
  BOLIDE_TRY(SqlOperand first, (this->*part)());
  if (ahead_.word != joint) return first;
  std::vector<SqlOperand> parts{first};
  while (accept(joint)) {
    BOLIDE_TRY(parts.emplace_back(), (this->*part)());
  }
  return builder_.joined(op, parts);
}

Result<SqlOperand> Parser::equality() {
  BOLIDE_TRY(SqlOperand left, comparison());
  for (;;) {
    if (ahead_.word == SqlWord::equal || ahead_.word == SqlWord::not_equal) {
      const bool negated = advance().word == SqlWord::not_equal;
      BOLIDE_TRY(const SqlOperand right, comparison());
      BOLIDE_TRY(left, builder_.equal(left, right, negated));
    } else if (accept(SqlWord::is)) {
      const bool negated = accept(SqlWord::not_);
      BOLIDE_CHECK(expect(SqlWord::null, negated ? "NULL" : "NULL or NOT NULL"));
      BOLIDE_TRY(left, builder_.is_null(left, negated));
    } else {
      return left;
    }
  }
}

Result<SqlOperand> Parser::comparison() {
  BOLIDE_TRY(SqlOperand left, unary());
  for (;;) {
    if (const auto op = order_of(ahead_.word)) {
      advance();
      BOLIDE_TRY(const SqlOperand right, unary());
      BOLIDE_TRY(left, builder_.ordered(*op, left, right));
    } else if (ahead_.word == SqlWord::not_ || ahead_.word == SqlWord::between ||
               ahead_.word == SqlWord::in || search_of(ahead_.word)) {
      BOLIDE_TRY(left, worded(left));
    } else {
      return left;
    }
  }
}

// The comparisons that are words, each of which may have a NOT before it.
Result<SqlOperand> Parser::worded(const SqlOperand& left) {
  const bool negated = accept(SqlWord::not_);
  if (accept(SqlWord::between)) return between(left, negated);
  if (accept(SqlWord::in)) return in(left, negated);
  const auto op = search_of(ahead_.word);
  if (!op) return unexpected("IN, BETWEEN, CONTAINS, STARTSWITH or ENDSWITH behind NOT");
  advance();
  BOLIDE_TRY(std::string_view wanted, text());
  return builder_.compared_with(*op, left, negated, {&wanted, 1});
}

Result<SqlOperand> Parser::between(const SqlOperand& left, bool negated) {
  BOLIDE_TRY(const SqlOperand low, unary());
  BOLIDE_CHECK(expect(SqlWord::and_, "AND between the bounds"));
  BOLIDE_TRY(const SqlOperand high, unary());
  return builder_.between(std::array{left, low, high}, negated);
}

Result<SqlOperand> Parser::in(const SqlOperand& left, bool negated) {
  BOLIDE_CHECK(expect(SqlWord::open, "\"(\" behind IN"));
  std::vector<std::string_view> texts;
  do {
    BOLIDE_TRY(texts.emplace_back(), text());
  } while (accept(SqlWord::comma));
  BOLIDE_CHECK(expect(SqlWord::close, "\",\" or \")\""));
  return builder_.compared_with(SqlOp::in, left, negated, texts);
}

Result<SqlOperand> Parser::unary() {
  const Level level(&depth_);
  if (depth_ > sql_limit::depth_max)
    return builder_.refused(ahead_.begin, "the expression is nested too deeply");
  const std::size_t begin = ahead_.begin;
  if (accept(SqlWord::plus)) return unary();
  if (accept(SqlWord::minus)) {
    BOLIDE_TRY(SqlOperand operand, unary());
    operand.begin = begin;
    return builder_.negate(operand);
  }
  if (accept(SqlWord::not_)) {
    BOLIDE_TRY(const SqlOperand operand, unary());
    return builder_.negation_of(operand);
  }
  return primary();
}

Result<SqlOperand> Parser::primary() {
  const SqlToken token = ahead_;
  switch (token.word) {
    case SqlWord::name: advance(); return builder_.property(token.begin, token.image);
    case SqlWord::decimal: advance(); return decimal(token);
    case SqlWord::real: advance(); return real(token);
    case SqlWord::null: advance(); return builder_.constant(token.begin, {});
    case SqlWord::true_:
    case SqlWord::false_:
      advance();
      return builder_.constant(token.begin, SqlValue::of(token.word == SqlWord::true_));
    case SqlWord::text: {
      BOLIDE_TRY(const std::string_view value, text());
      return builder_.constant(token.begin, SqlValue::of(value));
    }
    case SqlWord::open: {
      advance();
      BOLIDE_TRY(const SqlOperand inner, any());
      BOLIDE_CHECK(expect(SqlWord::close, "\")\""));
      return inner;
    }
    default: return unexpected("a property, a value, NOT or \"(\"");
  }
}

Result<SqlOperand> Parser::decimal(const SqlToken& token) {
  std::string_view digits = token.image;
  if (digits.ends_with('l') || digits.ends_with('L')) digits.remove_suffix(1);
  const auto value = java_long(digits);
  if (!value) return builder_.refused(token.begin, "the number needs more than 64 bits");
  const SqlType type = java_int(digits) ? SqlType::integer : SqlType::long_integer;
  return builder_.constant(token.begin, {.type = type, .number = *value});
}

Result<SqlOperand> Parser::real(const SqlToken& token) {
  const double value = java_double(token.image).value_or(0);
  if (std::isinf(value)) return builder_.refused(token.begin, "the number is too large");
  // Apache's broker takes no 0.0 either; 0 it takes.
  if (value == 0) return builder_.refused(token.begin, "the number is too small: write 0 for zero");
  return builder_.constant(token.begin, {.type = SqlType::real, .real = value});
}

}  // namespace

Result<std::shared_ptr<const SqlProgram>> compile_sql(std::string_view expression) {
  if (expression.size() > sql_limit::bytes_max) {
    return fail(Errc::subscription_invalid,
                "the expression is longer than " + std::to_string(sql_limit::bytes_max) + " bytes");
  }
  return Parser(expression).run();
}

}  // namespace bolide::broker
