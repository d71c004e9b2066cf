// SPDX-License-Identifier: Apache-2.0
//
// errno as an Error.
// Runs on: any agent.  Owns: nothing.  Invariant: none.
#include "os/system_error.h"

#include <cerrno>
#include <cstring>
#include <string>

namespace bolide::os {

Errc errc_of(int system_error) {
  switch (system_error) {
    case ENOENT: return Errc::not_found;
    case EACCES:
    case EPERM:
    case EROFS: return Errc::no_permission;
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return Errc::disk_full;
    default: return Errc::io;
  }
}

Failure system_failure(std::string_view operation, std::string_view path, int system_error) {
  char buffer[128];
  // The GNU strerror_r, safe on any thread: std::system_category of libstdc++ 12 is not.
  const char* reason = ::strerror_r(system_error, buffer, sizeof buffer);
  std::string context(operation);
  if (!path.empty()) {
    context += ' ';
    context += path;
  }
  context += ": ";
  context += reason;
  return fail(errc_of(system_error), std::move(context));
}

}  // namespace bolide::os
