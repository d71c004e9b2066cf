// SPDX-License-Identifier: Apache-2.0
//
// Looking at a store directory from outside, while no server runs on it: nothing is changed.
// Runs on: the command line.  Owns: nothing.  Invariant: opens files for reading only.
#pragma once

#include "base/result.h"
#include "os/file_system.h"
#include "store/record.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace bolide::store {

// Bytes of the log that are no valid records, with more records behind them or not.
struct Damage {
  std::int64_t from = 0;
  std::int64_t to = 0;  // where the next valid record begins; the end of the data if there is none
  std::string file;
  std::uint64_t offset = 0;  // in the file
  bool records_behind = false;
};

struct VerifyReport {
  std::uint64_t segments = 0;
  std::uint64_t segment_bytes = 0;
  std::int64_t first_position = 0;
  std::int64_t end_position = 0;  // behind the last valid record
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;  // of the records
  std::uint64_t queues = 0;
  std::vector<Damage> damages;              // the first 100
  std::vector<std::string> queue_problems;  // offsets that do not follow; the first 100
  std::uint64_t index_runs = 0;
  std::vector<std::string> index_problems;  // repaired by the next start

  bool sound() const { return damages.empty() && queue_problems.empty(); }
};

// Reads the whole log and every index run, and compares them. Errors: not_a_store, in_use (a server
// runs on it), storage_corrupt when segments are missing, no_permission, io.
Result<VerifyReport> verify_store(os::FileSystem& fs, const std::string& directory);

// Calls `each` for up to `count` valid records from log position `from` on, until it says false;
// views are valid during the call. Gives the position to go on from. Errors: as verify_store.
Result<std::int64_t> dump_store(os::FileSystem& fs, const std::string& directory, std::int64_t from,
                                std::uint64_t count,
                                const std::function<bool(const Record& record)>& each);

}  // namespace bolide::store
