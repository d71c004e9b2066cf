// SPDX-License-Identifier: Apache-2.0
//
// Status: success, or what went wrong. StatusOr<T>: a value, or what went wrong. No function of
// this library throws for what a server or a network does. Any thread, one at a time.  Owns: its
// value.  Invariant: a StatusOr without a value is not ok().
#pragma once

#include <bolide/errc.h>
#include <bolide/export.h>

#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace bolide {

// Success, or an error.
class [[nodiscard]] BOLIDE_API Status {
 public:
  Status() = default;  // success
  // An error; `cause` says what went wrong in this case, `own_fix` what to do about it where that
  // is not what helps against most errors of this code.
  Status(Errc code, std::string cause, std::string own_fix = {})
      : code_(code), cause_(std::move(cause)), own_fix_(std::move(own_fix)) {}

  // Whether it is success.
  bool ok() const { return !code_; }
  // As ok().
  explicit operator bool() const { return ok(); }

  // Requires !ok().
  Errc code() const { return *code_; }
  // What went wrong in this case, without what the code means; empty on success.
  const std::string& cause() const { return cause_; }
  // "<cause>: <what that means>", for people; "ok" on success.
  std::string message() const;
  // What a person can do about it.
  std::string fix() const;
  // Whether the same call may succeed later without anyone changing anything.
  bool retriable() const;

 private:
  std::optional<Errc> code_;
  std::string cause_;
  std::string own_fix_;
};

// Ends the program, saying what was wrong with the call of value().
[[noreturn]] BOLIDE_API void abort_without_value(const Status& status);

// A value, or the error for which there is none.
template <class T>
class [[nodiscard]] StatusOr {
 public:
  // Success.
  StatusOr(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  StatusOr(Status error) : state_(std::in_place_index<1>, std::move(error)) {}  // requires !ok()

  // Whether there is a value.
  bool ok() const { return state_.index() == 0; }
  // As ok().
  explicit operator bool() const { return ok(); }

  // A StatusOr that is not ok() has no value: asking for it prints the cause and ends the program.
  T& value() & {
    require();
    return std::get<0>(state_);
  }
  const T& value() const& {
    require();
    return std::get<0>(state_);
  }
  T&& value() && {
    require();
    return std::get<0>(std::move(state_));
  }
  // As value().
  T& operator*() & { return value(); }
  // As value().
  const T& operator*() const& { return value(); }
  // As value().
  T&& operator*() && { return std::move(*this).value(); }
  // As value().
  T* operator->() { return &value(); }
  // As value().
  const T* operator->() const { return &value(); }

  // Success where there is a value.
  Status status() const { return ok() ? Status() : std::get<1>(state_); }

 private:
  void require() const {
    if (!ok()) abort_without_value(std::get<1>(state_));
  }

  std::variant<T, Status> state_;
};

}  // namespace bolide
