// SPDX-License-Identifier: Apache-2.0
//
// The machine's clocks behind the time seam of base/time.h.
// Runs on: any agent.  Owns: nothing.  Invariant: none.
#pragma once

#include "base/time.h"

namespace bolide::os {

// Lives for ever. A call costs two vDSO reads: take it once per turn.
const Clock& system_clock();

}  // namespace bolide::os
