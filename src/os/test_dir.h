// SPDX-License-Identifier: Apache-2.0
//
// A directory of its own for a test. Included by tests only.
// Runs on: the test's thread.  Owns: the directory.  Invariant: it is gone after the object.
#pragma once

#include "base/assert.h"
#include "os/file_system.h"

#include <cstdlib>
#include <string>

namespace bolide::os {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    const char* base = std::getenv("TMPDIR");
    path_ = std::string(base != nullptr ? base : "/tmp") + "/bolide_test_XXXXXX";
    BOLIDE_ASSERT(::mkdtemp(path_.data()) != nullptr);
  }
  // What cannot be removed stays: a test must not fail for it.
  ~TemporaryDirectory() { (void)posix_file_system().remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }
  // "<path>/<name>".
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  std::string path_;
};

}  // namespace bolide::os
