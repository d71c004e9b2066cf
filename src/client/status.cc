// SPDX-License-Identifier: Apache-2.0
//
// What a Status says.
// Runs on: any thread.  Owns: nothing.  Invariant: none.
#include "client/status.h"

#include <cstdio>
#include <cstdlib>

namespace bolide {

std::string Status::message() const {
  return ok() ? "ok" : Error{*code_, cause_}.message();
}

std::string Status::fix() const {
  if (ok()) return "";
  return own_fix_.empty() ? std::string(error_row(*code_).fix) : own_fix_;
}

bool Status::retriable() const {
  return !ok() && error_row(*code_).retriable;
}

void abort_without_value(const Status& status) {
  std::fprintf(stderr, "bolide: value() of a failed call: %s\n", status.message().c_str());
  std::abort();
}

namespace client {

Status to_status(const Error& error) {
  return {error.code, error.context, error.own_fix};
}

}  // namespace client
}  // namespace bolide
