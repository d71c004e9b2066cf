// SPDX-License-Identifier: Apache-2.0
//
// Something on the disk that failed: tried again ever more rarely, and told once.
// Runs on: core agent.  Owns: the error.  Invariant: none.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace bolide::broker {

class DiskRetry {
 public:
  // `what` is named in the log, and lives as long as the program.
  explicit DiskRetry(std::string_view what) : what_(what) {}

  bool due(std::int64_t now_ms) const { return !failed_ || now_ms >= next_ms_; }
  // Requires: it failed last.
  const Error& error() const { return *failed_; }
  void note(const Result<>& done, std::int64_t now_ms);

 private:
  std::string_view what_;
  std::optional<Error> failed_;
  std::int64_t next_ms_ = 0;
  std::int64_t wait_ms_ = 0;
};

}  // namespace bolide::broker
