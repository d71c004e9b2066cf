// SPDX-License-Identifier: Apache-2.0
//
// BOLIDE_ASSERT: a check of our own invariants that stays on in release builds.
// Runs on: any agent.  Owns: nothing.  Invariant: a failed check never returns.
// Never use it for what a peer, a file or a user can cause: those are Results.
#pragma once

namespace bolide {

// Writes the failed expression with its place to stderr and aborts.
[[noreturn]] void assert_failed(const char* expression, const char* file, int line);

}  // namespace bolide

#define BOLIDE_ASSERT(expression)                               \
  do {                                                          \
    if (!(expression)) [[unlikely]]                             \
      ::bolide::assert_failed(#expression, __FILE__, __LINE__); \
  } while (false)
