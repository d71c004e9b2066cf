// SPDX-License-Identifier: Apache-2.0
//
// What became of a message that a consumer acknowledged, or whose lease it changed.
// Runs on: any agent.  Owns: nothing.  Invariant: none.
#pragma once

#include <cstdint>

namespace bolide::broker {

enum class Settled : std::uint8_t {
  done,     // as asked, by this call
  earlier,  // it was done before
  stale,    // somebody else was given the message since
  unknown,  // it was never given
};

}  // namespace bolide::broker
