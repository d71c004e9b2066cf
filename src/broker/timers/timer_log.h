// SPDX-License-Identifier: Apache-2.0
//
// Which timed messages still wait, on the disk: a journal beside the log, so that a start need not
// read what has waited for years. Format: docs/disk/timers.md.
// Runs on: core agent.  Owns: the journal.  Invariant: the log of messages is the truth; what this
// misses after a kill is read again: what waits in the timer topic, what was delivered in the log
// behind settled_position.
#pragma once

#include "base/result.h"
#include "broker/disk_retry.h"
#include "os/file_system.h"
#include "store/journal.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace bolide::broker {

// A message that waits for its time. `offset` is its place in the timer topic's queue.
struct TimerEntry {
  std::int64_t due_ms = 0;
  std::int64_t offset = 0;
  std::int64_t position = 0;   // in the log
  std::uint64_t key_hash = 0;  // of topic and unique key, for recalls
};

// A message that must not be delivered any more.
struct Recalled {
  std::uint64_t key_hash = 0;
  std::int64_t due_ms = 0;
};

class TimerLog {
 public:
  struct Opened {
    std::unique_ptr<TimerLog> log;
    std::vector<TimerEntry> waiting;
    std::vector<Recalled> recalled;
    std::int64_t next_offset = 0;  // of the timer topic's queue: everything before is known here
    // What was delivered below this position of the log is known here.
    std::int64_t settled_position = 0;
    // Another broker has delivered all that was due up to then.
    std::int64_t delivered_up_to_ms = 0;
  };
  // The files are merged on `background`. Errors: as open_journal.
  static Result<Opened> open(os::FileSystem& fs, const std::string& directory,
                             store::Background background);

  void add(const TimerEntry& entry);
  void remove(std::int64_t offset);
  void add(const Recalled& recalled);
  void remove(const Recalled& recalled);
  void read_up_to(std::int64_t next_offset);
  void settled_below(std::int64_t position);

  Result<> flush();
  // Once there is more past than present in the files, has them merged: returns at once.
  void compact_if_due(std::size_t waiting, std::int64_t now_ms);
  // Nothing touches the files from elsewhere afterwards.
  void stop_compacting() { journal_->stop_compacting(); }

 private:
  TimerLog(std::unique_ptr<store::Journal> journal, store::Background background)
      : journal_(std::move(journal)), background_(std::move(background)) {}

  std::unique_ptr<store::Journal> journal_;
  store::Background background_;
  DiskRetry compacting_{"the snapshot of timed messages"};
  std::int64_t now_ms_ = 0;
};

}  // namespace bolide::broker
