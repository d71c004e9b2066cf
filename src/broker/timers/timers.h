// SPDX-License-Identifier: Apache-2.0
//
// Messages for later: by RocketMQ's delay levels and at any time (rocketmq semantics 3.8, 3.9).
// They wait in topics of the broker's own and are stored again, for their consumers, when due:
// never before. A level's messages are due in the order of its queue, so that a place in it says
// all; the others stand in the wheel.
// Runs on: core agent.  Owns: the levels, the wheel.  Invariant: a message leaves its waiting place
// when its copy is as safe as the disk makes it. The copy's record names that place, so that a
// start knows what was delivered shortly before a kill: none is lost, and none repeated.
#pragma once

#include "broker/offsets.h"
#include "broker/own_sends.h"
#include "broker/timers/delay_levels.h"
#include "broker/timers/due_message.h"
#include "broker/timers/level_queue.h"
#include "broker/timers/timer_log.h"
#include "broker/timers/wheel.h"
#include "broker/topics.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace bolide::broker {

inline constexpr std::string_view schedule_topic = "SCHEDULE_TOPIC_XXXX";
inline constexpr std::string_view wheel_topic = "rmq_sys_wheel_timer";
// Whose committed offsets are the places in the levels' queues.
inline constexpr std::string_view schedule_group = "CID_RMQ_SYS_SCHEDULE";

struct TimerSettings {
  DelayLevels levels;
  std::int64_t horizon_ms = 0;
  std::string broker;
};

struct TimerStats {
  std::uint64_t delivered = 0;
  std::uint64_t dropped = 0;  // their topic is gone, or they could not be read
  std::size_t waiting = 0;    // with a time; those of levels are not counted
};

class Timers {
 public:
  struct Parts {
    Topics& topics;
    Offsets& offsets;
    OwnSends& sends;
    QueueTail::Parts reading;
  };
  // Reads the log behind what the journal knows to be settled: takes time in proportion to it.
  // Requires both topics, with a queue for each level.
  Timers(TimerSettings settings, Parts parts, TimerLog::Opened opened);

  // Where a message waits that would go to `queue_id` of request.topic; nothing if it may go there
  // now. Errors: message_invalid.
  Result<std::optional<Detour>> defer(const SendRequest& request, std::int32_t queue_id,
                                      PropertyList properties, const Now& now);
  // By which the message of a record that waits can be recalled; empty if it cannot be.
  std::string recall_handle_of(const store::Record& held) const;
  // A message can be seen in `queue`.
  void published(store::QueueNo queue) {
    if (queue < level_of_.size() && level_of_[queue] != nullptr)
      level_of_[queue]->published();
    else if (queue == wheel_->queue())
      wheel_->published();
    else
      return;
    due_ms_ = 0;
  }
  // Stores what is due, within a turn. Returns whether more is due already.
  bool run(const Now& now);
  // When the next message is due, as wall time; INT64_MAX if none waits.
  std::int64_t next_due_ms() const { return due_ms_; }
  // Notes on the disk how far things are: what was delivered below `synced_position` of the log.
  Result<> save(std::int64_t synced_position, const Now& now);
  // After the last save, before the directory is left.
  void stop() { wheel_->stop(); }
  // Whether nothing below `position` of the log is needed any more; if not, it soon will be so.
  bool done_below(std::int64_t position);
  TimerStats stats() const;

 private:
  static void forget_what_is_gone(std::int64_t end_offset, TimerLog::Opened* opened);
  void find_copies(std::int64_t from);
  void note_settled();
  std::int64_t earliest() const;
  void deliver(const store::Record& record, const Now& now, OwnSends::Done done);

  TimerSettings settings_;
  Parts parts_;
  std::vector<std::unique_ptr<LevelQueue>> levels_;
  std::unique_ptr<Wheel> wheel_;
  // By queue number, null for queues that are not of this: each publication of the broker looks.
  std::vector<LevelQueue*> level_of_;
  std::int64_t due_ms_ = 0;  // not later than the next one is due
  // Where in the log lies what had been delivered when the broker was last up, and waits still by
  // what the disk says; sorted.
  std::vector<std::int64_t> delivered_before_;
  std::int64_t settled_ = 0;        // by the last save
  std::int64_t settled_noted_ = 0;  // by the journal
  TimerStats stats_;
};

}  // namespace bolide::broker
