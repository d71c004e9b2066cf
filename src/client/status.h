// SPDX-License-Identifier: Apache-2.0
//
// From the library's own results to those of its public face.
// Runs on: any thread.  Owns: nothing.  Invariant: none.
#pragma once

#include <bolide/status.h>

#include "base/result.h"

#include <utility>

namespace bolide::client {

Status to_status(const Error& error);

inline Status to_status(const Result<>& result) {
  return result ? Status() : to_status(result.error());
}

template <class T>
StatusOr<T> to_status_or(Result<T> result) {
  if (!result) return to_status(result.error());
  return std::move(*result);
}

}  // namespace bolide::client
