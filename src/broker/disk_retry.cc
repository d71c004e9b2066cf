// SPDX-License-Identifier: Apache-2.0
//
// When to try again.
// Runs on: core agent.  Owns: the error.  Invariant: see disk_retry.h.
#include "broker/disk_retry.h"

#include "base/log.h"

#include <algorithm>

namespace bolide::broker {
namespace {

constexpr std::int64_t retry_ms_min = 100;
constexpr std::int64_t retry_ms_max = 10'000;

}  // namespace

void DiskRetry::note(const Result<>& done, std::int64_t now_ms) {
  if (done) {
    if (failed_) BOLIDE_LOG(warning, "{} can be written again", what_);
    failed_.reset();
    wait_ms_ = 0;
    return;
  }
  if (!failed_) BOLIDE_LOG(error, "{} cannot be written: {}", what_, done.error().message());
  failed_ = done.error();
  wait_ms_ = std::clamp(2 * wait_ms_, retry_ms_min, retry_ms_max);
  next_ms_ = now_ms + wait_ms_;
}

}  // namespace bolide::broker
