// SPDX-License-Identifier: Apache-2.0
//
// What a filter expression says of a message. Runs on: any agent.  Owns: nothing.
// Invariant: never allocates, and touches a bounded number of nodes, each once.
#pragma once

#include "broker/filter/sql_program.h"

#include <cstdint>
#include <string_view>

namespace bolide::broker {

enum class SqlVerdict : std::uint8_t {
  yes,
  no,
  unknown,  // it compares what is not there
  failed,   // it compares what is no number with one
};

// `properties` as they are stored (rocketmq wire 1.12).
SqlVerdict evaluate(const SqlProgram& program, std::string_view properties);

// A message is delivered if the verdict is yes.
inline bool matches(const SqlProgram& program, std::string_view properties) {
  return evaluate(program, properties) == SqlVerdict::yes;
}

}  // namespace bolide::broker
