// SPDX-License-Identifier: Apache-2.0
//
// A file system in memory, for tests: it forgets at a loss of power what was not synced, has as
// much room as it is given, and fails the calls it is told to. Runs on: any agent (one lock guards
// it all).  Owns: the simulated disk. Invariant: the same calls and the same seed give the same
// disk.
//
// What is durable: the content of a file after File::sync, a name after sync_directory of its
// directory (or make_directories). Paths count from one root; "a" and "/a" are the same.
#pragma once

#include "base/random.h"
#include "os/file_system.h"
#include "os/sim_faults.h"

namespace bolide::os {

namespace sim {
struct State;
}

class SimFileSystem final : public FileSystem {
 public:
  SimFileSystem();
  ~SimFileSystem() override;
  SimFileSystem(const SimFileSystem&) = delete;
  SimFileSystem& operator=(const SimFileSystem&) = delete;

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  Result<> make_directories(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& path) override;
  bool exists(const std::string& path) override;
  Result<> remove(const std::string& path) override;
  Result<> remove_all(const std::string& path) override;
  Result<> rename(const std::string& from, const std::string& to) override;
  Result<> sync_directory(const std::string& path) override;
  Result<SpaceInfo> space(const std::string& path) override;

  // Power is lost and comes back: only what was durable is left. Open Files give io errors for
  // ever. Faults stay planned; a power cut is over.
  void crash();
  // The same, but of the pages that were not synced some are kept, of the sizes one between old and
  // new, and of the name changes that were not synced the first few.
  void crash(Random& random);
  // The process dies: all that was written stays, open Files give io errors, locks are free.
  void kill();

  // The `nth` call of `operation` from now on (1: the next) fails with `code`; `forever`: all after
  // it too. A failed write has written the first half of its bytes; a failed sync has made nothing
  // durable and what it should have synced never will be.
  void fail_at(FileOperation operation, int nth, Errc code, bool forever = false);
  // The `nth` call from now on that changes the disk (1: the next) fails half done, and every call
  // after it fails, until crash().
  void cut_power_at(int nth);
  // True once the call that cut_power_at named was made.
  bool power_is_off() const;
  // Forgets what fail_at and cut_power_at planned.
  void clear_faults();

  // The room on the disk, in bytes, used and free; rounded down to whole pages.
  void set_capacity(std::uint64_t bytes);
  // False: read_cached finds nothing in memory.
  void set_cached(bool cached);
  // Damages a byte of the file at rest, in what is seen and in what is durable.
  // Requires: the file exists and is longer than `offset`.
  void flip_bit(const std::string& path, std::uint64_t offset, unsigned bit = 0);

  // Calls made so far, failed ones too.
  std::uint64_t count(FileOperation operation) const;
  // Calls so far that would change the disk: the range of cut_power_at.
  std::uint64_t count_of_changes() const;

 private:
  void crash_with(Random* random);

  std::shared_ptr<sim::State> state_;
};

}  // namespace bolide::os
