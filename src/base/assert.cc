// SPDX-License-Identifier: Apache-2.0
//
// The failing half of BOLIDE_ASSERT.
// Runs on: any agent.  Owns: nothing.  Invariant: does not allocate, does not return.
#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace bolide {

void assert_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "bolide: assertion failed: %s (%s:%d)\n", expression, file, line);
  std::abort();
}

}  // namespace bolide
