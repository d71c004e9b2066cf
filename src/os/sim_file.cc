// SPDX-License-Identifier: Apache-2.0
//
// An open file of the simulated disk.
// Runs on: any agent.  Owns: its lock.  Invariant: every call takes the lock of the disk first.
#include "os/sim_file.h"

#include "os/system_error.h"

#include <cerrno>

namespace bolide::os::sim {
namespace {

bool changes_disk(FileOperation operation) {
  return operation == FileOperation::write || operation == FileOperation::sync ||
         operation == FileOperation::truncate || operation == FileOperation::reserve;
}

}  // namespace

SimFile::~SimFile() {
  const std::scoped_lock guard(at_.state->mutex);
  if (at_.node->lock_owner == this) at_.node->lock_owner = nullptr;
  at_.node.reset();  // may free blocks, which the lock guards
}

Result<> SimFile::check_alive(FileOperation operation) const {
  if (generation_ == at_.state->generation) return {};
  return fail(Errc::io,
              std::string(name_of(operation)) + " " + at_.path + ": opened before the crash");
}

Result<> SimFile::admit(FileOperation operation) const {
  BOLIDE_CHECK(check_alive(operation));
  const bool changes = changes_disk(operation);
  BOLIDE_CHECK(at_.state->admit(operation, at_.path, changes));
  if (changes && !at_.writable && operation != FileOperation::sync)
    return system_failure(name_of(operation), at_.path, EBADF);
  return {};
}

Result<> SimFile::write(std::uint64_t offset, std::string_view bytes) {
  const std::scoped_lock guard(at_.state->mutex);
  if (auto admitted = admit(FileOperation::write); !admitted) {
    if (at_.writable && check_alive(FileOperation::write))
      at_.node->write(offset, bytes.substr(0, bytes.size() / 2));
    return admitted;
  }
  if (at_.node->write(offset, bytes) < bytes.size())
    return system_failure("write", at_.path, ENOSPC);
  return {};
}

Result<std::size_t> SimFile::read(std::uint64_t offset, char* into, std::size_t size) const {
  const std::scoped_lock guard(at_.state->mutex);
  BOLIDE_CHECK(admit(FileOperation::read));
  return at_.node->read(offset, into, size);
}

Result<std::optional<std::size_t>> SimFile::read_cached(std::uint64_t offset, char* into,
                                                        std::size_t size) const {
  const std::scoped_lock guard(at_.state->mutex);
  BOLIDE_CHECK(admit(FileOperation::read_cached));
  if (!at_.state->cached) return std::optional<std::size_t>();
  return std::optional(at_.node->read(offset, into, size));
}

Result<> SimFile::sync() {
  const std::scoped_lock guard(at_.state->mutex);
  if (auto admitted = admit(FileOperation::sync); !admitted) {
    // Without power nobody sees what the kernel thinks; the pages may still have reached the disk.
    if (check_alive(FileOperation::sync) && !at_.state->faults.power_is_off())
      at_.node->lose_dirty();
    return admitted;
  }
  at_.node->sync();
  return {};
}

void SimFile::start_writeback(std::uint64_t /*offset*/, std::uint64_t /*size*/) {
  const std::scoped_lock guard(at_.state->mutex);
  (void)admit(FileOperation::start_writeback);
}

Result<> SimFile::truncate(std::uint64_t size) {
  const std::scoped_lock guard(at_.state->mutex);
  BOLIDE_CHECK(admit(FileOperation::truncate));
  at_.node->truncate(size);
  return {};
}

Result<> SimFile::reserve(std::uint64_t offset, std::uint64_t size) {
  const std::scoped_lock guard(at_.state->mutex);
  BOLIDE_CHECK(admit(FileOperation::reserve));
  if (!at_.node->reserve(offset, size)) return system_failure("reserve", at_.path, ENOSPC);
  return {};
}

Result<std::uint64_t> SimFile::size() const {
  const std::scoped_lock guard(at_.state->mutex);
  BOLIDE_CHECK(check_alive(FileOperation::read));
  return at_.node->size();
}

Result<> SimFile::lock() {
  const std::scoped_lock guard(at_.state->mutex);
  BOLIDE_CHECK(admit(FileOperation::lock));
  if (!at_.writable) return system_failure("lock", at_.path, EBADF);
  if (is_locked() && at_.node->lock_owner != this)
    return fail(Errc::in_use, "lock " + at_.path + ": another process holds it");
  at_.node->lock_owner = this;
  at_.node->lock_generation = generation_;
  return {};
}

}  // namespace bolide::os::sim
