// SPDX-License-Identifier: Apache-2.0
//
// Which timed messages still wait, on the disk: a journal beside the log, so that a start need not
// read what has waited for years. Format: docs/disk/timers.md.
// Runs on: core agent.  Owns: the journal.  Invariant: the log of messages is the truth; what this
// misses after a kill is read again: what waits in the timer topic, what was delivered in the log
// behind settled_position.
#pragma once

#include "base/result.h"
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
  // Errors: as open_journal.
  static Result<Opened> open(os::FileSystem& fs, const std::string& directory);

  void add(const TimerEntry& entry);
  void remove(std::int64_t offset);
  void add(const Recalled& recalled);
  void remove(const Recalled& recalled);
  void read_up_to(std::int64_t next_offset);
  void settled_below(std::int64_t position);

  Result<> flush();
  // Whether there is more past than present in the files.
  bool wants_snapshot(std::size_t waiting) const;
  Result<> snapshot(const std::vector<TimerEntry>& waiting, const std::vector<Recalled>& recalled,
                    std::int64_t next_offset);

 private:
  TimerLog(std::unique_ptr<store::Journal> journal, std::int64_t settled_position)
      : journal_(std::move(journal)), settled_position_(settled_position) {}

  std::unique_ptr<store::Journal> journal_;
  std::int64_t settled_position_;
};

}  // namespace bolide::broker
