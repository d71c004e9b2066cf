// SPDX-License-Identifier: Apache-2.0
//
// From the text of a filter expression to its program, by the grammar of Apache's broker
// (docs/filtering.md). Runs on: any agent.  Owns: nothing.  Invariant: bounded recursion.
#pragma once

#include "base/result.h"
#include "broker/filter/sql_program.h"

#include <memory>
#include <string_view>

namespace bolide::broker {

// Errors: subscription_invalid; the context says what was expected at which character, counted
// from 1. What stands behind a complete expression is passed over, as by Apache's parser.
Result<std::shared_ptr<const SqlProgram>> compile_sql(std::string_view expression);

}  // namespace bolide::broker
