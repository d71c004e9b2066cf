// SPDX-License-Identifier: Apache-2.0
//
// The leases on the disk: a journal of their own, so that a start finds what was given, to the
// message. Format: docs/disk/leases.md.
// Runs on: core agent.  Owns: the journal.  Invariant: what was noted stands in the journal after
// the next flush() that went well, all or nothing of it; a flush that failed forgot it, and the
// caller notes it again.
#pragma once

#include "base/result.h"
#include "broker/leases/lease_set.h"
#include "os/file_system.h"
#include "store/journal.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace bolide::broker {

// Whose leases: of a group, in a queue.
struct LeaseName {
  std::string group;
  std::string topic;
  std::int32_t queue_id = 0;

  bool operator==(const LeaseName&) const = default;
};

class LeaseLog {
 public:
  struct Stored {
    std::uint32_t number = 0;  // by which the journal knows the queue
    LeaseName name;
    std::int64_t cursor = 0;
    std::vector<Lease> leases;  // in order
  };
  struct Opened {
    std::unique_ptr<LeaseLog> log;
    std::vector<Stored> queues;
    // Another broker has run on the directory: what the journal holds is out of date.
    bool stale = false;
  };
  // Errors: as open_journal.
  static Result<Opened> open(os::FileSystem& fs, const std::string& directory);

  void add(std::uint32_t number, const LeaseName& name);
  // A queue with all its leases.
  void remove(std::uint32_t number);
  void set_cursor(std::uint32_t number, std::int64_t cursor);
  void put(std::uint32_t number, const Lease& lease);
  void erase(std::uint32_t number, std::int64_t first);

  Result<> flush();
  // Whether there is more past than present in the files, with so many entries now.
  bool wants_snapshot(std::size_t entries) const;
  // Calls each(emit) to be given all queues, with their leases in order.
  struct View {
    std::uint32_t number = 0;
    const LeaseName& name;
    std::int64_t cursor = 0;
    const LeaseSet& leases;
  };
  using Emit = std::function<void(const View& queue)>;
  Result<> snapshot(const std::function<void(const Emit&)>& each);

  const std::shared_ptr<store::Journal>& journal() const { return journal_; }

 private:
  explicit LeaseLog(std::shared_ptr<store::Journal> journal) : journal_(std::move(journal)) {}

  std::shared_ptr<store::Journal> journal_;
};

}  // namespace bolide::broker
