// SPDX-License-Identifier: Apache-2.0
//
// errno as an Error: the one place that maps the system's codes to rows of the error table.
// Runs on: any agent.  Owns: nothing.  Invariant: none.
#pragma once

#include "base/result.h"

#include <string_view>

namespace bolide::os {

// not_found (ENOENT), no_permission (EACCES, EPERM, EROFS), disk_full (ENOSPC, EDQUOT, EFBIG),
// else io.
Errc errc_of(int system_error);

// The failing Result "open /path: Permission denied" for an errno value. `path` may be empty.
Failure system_failure(std::string_view operation, std::string_view path, int system_error);

}  // namespace bolide::os
