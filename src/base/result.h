// SPDX-License-Identifier: Apache-2.0
//
// Result<T>: a value or an Error; the way every fallible function of Bolide answers.
// Runs on: any agent.  Owns: nothing.  Invariant: a Result that is dropped is a compiler warning.
#pragma once

#include "base/errors.h"

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace bolide {

// What went wrong: the row of the error table and what only this occurrence knows (names, values).
struct Error {
  Errc code = Errc::internal;
  std::string context;
  std::string own_fix = {};  // for people; empty: what the row says fits

  // "<context>: <text of the row>", for people.
  std::string message() const;
  // What to do next, for people: of this occurrence or else of the row. Lives as long as the error.
  std::string_view fix() const;
  // Returns the error with `outer: ` put in front of the context.
  Error in(std::string_view outer) &&;
  // Returns the error with a fix of its own.
  Error fixed_by(std::string_view fix) &&;
};

template <class T = void>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;
};

using Failure = std::unexpected<Error>;

// The failing Result: `return fail(Errc::io, "open /x: permission denied");`
inline Failure fail(Errc code, std::string context) {
  return Failure(Error{code, std::move(context)});
}

}  // namespace bolide

#define BOLIDE_CONCAT_(a, b) a##b
#define BOLIDE_CONCAT(a, b) BOLIDE_CONCAT_(a, b)
#define BOLIDE_TRY_(temporary, declaration, expression)     \
  auto temporary = (expression);                            \
  if (!temporary) [[unlikely]]                              \
    return ::bolide::Failure(std::move(temporary).error()); \
  declaration = std::move(*temporary)
// BOLIDE_TRY(auto x, f()): x is f()'s value, or this function returns f()'s error.
#define BOLIDE_TRY(declaration, expression) \
  BOLIDE_TRY_(BOLIDE_CONCAT(bolide_result_, __LINE__), declaration, expression)
// BOLIDE_CHECK(f()): the same for Result<void>.
#define BOLIDE_CHECK(expression)                                        \
  do {                                                                  \
    if (auto bolide_result = (expression); !bolide_result) [[unlikely]] \
      return ::bolide::Failure(std::move(bolide_result).error());       \
  } while (false)
