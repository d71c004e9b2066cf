// SPDX-License-Identifier: Apache-2.0
//
// Messages that wait for any time up to years ahead: 32 bytes each, in a heap by time, however long
// they wait.
// Runs on: core agent.  Owns: what waits, and its journal.  Invariant: what was read from the timer
// topic is in the journal until its copy is on the disk.
#pragma once

#include "broker/queue_tail.h"
#include "broker/timers/copies.h"
#include "broker/timers/level_queue.h"
#include "broker/timers/timer_log.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace bolide::broker {

class Wheel {
 public:
  // `tail` stands at the end of what `opened` knows.
  Wheel(QueueTail tail, TimerLog::Opened opened, LevelQueue::Deliver deliver, OwnSends& sends);

  store::QueueNo queue() const { return tail_.queue(); }
  void published() { arrived_ = true; }
  // Takes in what has arrived, and gives out what is due, but not more than `count_max`. Returns
  // how many it gave out.
  std::int32_t run(const Now& now, std::int32_t count_max);
  // When there is something to do; 0: now.
  std::int64_t due_ms() const;
  // Whether nothing below `position` of the log is needed any more. If something is, the next runs
  // store it again at the log's end, so that it is soon.
  bool done_below(std::int64_t position);
  // The journal follows: what is delivered and synced goes. Errors: disk_full, io.
  Result<> save(std::int64_t synced_position, const Now& now);
  // Before the directory is left.
  void stop() { log_->stop_compacting(); }
  // What was delivered below `position` of the log need not be known to a start.
  void settled_below(std::int64_t position) { log_->settled_below(position); }
  std::size_t waiting() const { return heap_.size() + moving_.size(); }
  bool idle() { return waiting() == 0 && tail_.at_end(); }
  // Messages that were due and could not be read any more.
  std::uint64_t lost() const { return lost_; }

 private:
  static constexpr std::int64_t retry_ms = 1'000;

  void take_in(const Now& now);
  void forget_recalls(WallMs now_ms);
  void choose_to_move(WallMs now_ms);
  void move_up(const Now& now);
  void move(const TimerEntry& entry, const store::Record& record, const Now& now);
  // Nothing: it is lost, which is noted, or it must be waited for (again_ms_).
  std::optional<store::ReadResult> read(const TimerEntry& entry, const Now& now,
                                        store::Record* record);
  bool arrive(const store::Record& record);
  std::uint64_t hash_of_recalled(const store::Record& record, std::string_view recalled) const;
  bool give_out(const TimerEntry& entry, const Now& now);
  void push(const TimerEntry& entry);

  QueueTail tail_;
  std::unique_ptr<TimerLog> log_;
  LevelQueue::Deliver deliver_;
  OwnSends& sends_;
  std::vector<TimerEntry> heap_;    // the earliest first
  std::vector<TimerEntry> moving_;  // to be stored again; the lowest position last
  std::unordered_map<std::int64_t, TimerEntry> in_flight_;    // by offset: given out, not settled
  std::unordered_map<std::uint64_t, std::int64_t> recalled_;  // due time by hash
  Copies copies_;
  std::int64_t recalls_seen_ms_ = 0;
  bool arrived_ = true;
  std::int64_t again_ms_ = 0;  // not before: the disk is slow, or fails
  bool changed_ = false;       // the place in the timer topic's queue, since the last save
  std::uint64_t lost_ = 0;
  std::int64_t move_below_ = 0;  // what lies below is to be stored again
  std::int64_t lowest_ = 0;      // no position in the heap is lower
  // What another broker has done: it may have stored a message in the topic several times, too.
  std::int64_t delivered_up_to_ms_;
  std::unordered_set<std::uint64_t> foreign_;
};

}  // namespace bolide::broker
