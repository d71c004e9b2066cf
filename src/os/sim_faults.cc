// SPDX-License-Identifier: Apache-2.0
//
// The plan of faults of the simulated disk.
// Runs on: any agent, under the lock of SimFileSystem.  Owns: the plan.  Invariant: none.
#include "os/sim_faults.h"

#include "base/assert.h"

namespace bolide::os::sim {
namespace {

constexpr std::string_view names[] = {
    "open",    "read", "read_cached",      "write", "sync",   "start_writeback", "truncate",
    "reserve", "lock", "make_directories", "list",  "remove", "rename",          "sync_directory",
    "space",
};
static_assert(std::size(names) == file_operation_count);

}  // namespace

std::string_view name_of(FileOperation operation) {
  return names[static_cast<std::size_t>(operation)];
}

void FaultPlan::clear() {
  faults_.clear();
  restore_power();
}

void FaultPlan::restore_power() {
  power_countdown_ = 0;
  power_is_off_ = false;
}

std::optional<Errc> FaultPlan::on_call(FileOperation operation, bool changes) {
  ++counts_[static_cast<std::size_t>(operation)];
  if (power_is_off_) return Errc::io;
  if (changes) {
    ++changes_;
    if (power_countdown_ > 0 && --power_countdown_ == 0) {
      power_is_off_ = true;
      return Errc::io;
    }
  }
  for (Fault& fault : faults_) {
    if (fault.operation != operation || fault.countdown <= 0) continue;
    if (--fault.countdown > 0) continue;
    if (fault.forever) fault.countdown = 1;
    return fault.code;
  }
  return std::nullopt;
}

}  // namespace bolide::os::sim
