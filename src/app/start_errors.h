// SPDX-License-Identifier: Apache-2.0
//
// Why a server cannot start, told with the setting that would help.
// Runs on: the main thread at start.  Owns: nothing.  Invariant: the code of the error stays.
#pragma once

#include "base/result.h"
#include "table/options.h"

#include <string>

namespace bolide::app {

// `error` is that of listening where `option` says.
Error listen_error(Error error, table::Opt option);

// `error` is that of opening the store in `directory`. Names the process that has it where that can
// be known.
Error store_error(Error error, const std::string& directory);

}  // namespace bolide::app
