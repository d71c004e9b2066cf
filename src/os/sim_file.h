// SPDX-License-Identifier: Apache-2.0
//
// An open file of the simulated disk.
// Runs on: any agent.  Owns: its lock.  Invariant: it works only in the life of the process (the
// generation of the disk) in which it was opened.
#pragma once

#include "os/file_system.h"
#include "os/sim_state.h"

namespace bolide::os::sim {

class SimFile final : public File {
 public:
  struct Parameters {
    std::shared_ptr<State> state;
    std::shared_ptr<FileNode> node;
    std::string path;
    bool writable;
  };
  // Requires: the caller holds the lock of the state.
  explicit SimFile(Parameters parameters)
      : at_(std::move(parameters)), generation_(at_.state->generation) {}
  ~SimFile() override;
  SimFile(const SimFile&) = delete;
  SimFile& operator=(const SimFile&) = delete;

  Result<> write(std::uint64_t offset, std::string_view bytes) override;
  Result<std::size_t> read(std::uint64_t offset, char* into, std::size_t size) const override;
  Result<std::optional<std::size_t>> read_cached(std::uint64_t offset, char* into,
                                                 std::size_t size) const override;
  Result<> sync() override;
  void start_writeback(std::uint64_t offset, std::uint64_t size) override;
  Result<> truncate(std::uint64_t size) override;
  Result<> reserve(std::uint64_t offset, std::uint64_t size) override;
  Result<std::uint64_t> size() const override;
  Result<> lock() override;

 private:
  // The checks before every call: alive, allowed, no fault planned.
  Result<> admit(FileOperation operation) const;
  Result<> check_alive(FileOperation operation) const;
  bool is_locked() const {
    return at_.node->lock_owner != nullptr && at_.node->lock_generation == at_.state->generation;
  }

  Parameters at_;
  std::uint64_t generation_;
};

}  // namespace bolide::os::sim
