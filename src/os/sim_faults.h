// SPDX-License-Identifier: Apache-2.0
//
// What goes wrong on the simulated disk, and when: counts the calls and picks those that fail.
// Runs on: any agent, under the lock of SimFileSystem.  Owns: the plan.  Invariant: none.
#pragma once

#include "base/errors.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace bolide::os {

// The calls of the seam that can be counted and made to fail.
enum class FileOperation : std::uint8_t {
  open,
  read,
  read_cached,
  write,
  sync,
  start_writeback,
  truncate,
  reserve,
  lock,
  make_directories,
  list,
  remove,
  rename,
  sync_directory,
  space,
};
constexpr std::size_t file_operation_count = static_cast<std::size_t>(FileOperation::space) + 1;

namespace sim {

std::string_view name_of(FileOperation operation);

class FaultPlan {
 public:
  struct Fault {
    FileOperation operation;
    int countdown;  // 1: the next call
    Errc code;
    bool forever;
  };

  void add(const Fault& fault) { faults_.push_back(fault); }
  void clear();
  // The `nth` call from now that changes the disk, and every call after it, fails.
  void cut_power_at(int nth) { power_countdown_ = nth; }
  void restore_power();
  bool power_is_off() const { return power_is_off_; }

  // Counts the call; the error it must give, if any. `changes`: it would change the disk.
  std::optional<Errc> on_call(FileOperation operation, bool changes);
  std::uint64_t count(FileOperation operation) const {
    return counts_[static_cast<std::size_t>(operation)];
  }
  std::uint64_t count_of_changes() const { return changes_; }

 private:
  std::array<std::uint64_t, file_operation_count> counts_{};
  std::uint64_t changes_ = 0;
  std::vector<Fault> faults_;
  int power_countdown_ = 0;
  bool power_is_off_ = false;
};

}  // namespace sim
}  // namespace bolide::os
