// SPDX-License-Identifier: Apache-2.0
//
// Paths as text.
// Runs on: any agent.  Owns: nothing.  Invariant: none.
#pragma once

#include <string>
#include <string_view>

namespace bolide::os {

// The directory that holds the name `path`: "/" of "/x", "." of "x".
inline std::string parent_directory(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(slash == 0 ? "/" : path.substr(0, slash));
}

}  // namespace bolide::os
