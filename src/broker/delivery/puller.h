// SPDX-License-Identifier: Apache-2.0
//
// Pulling: answers a request for messages at once, or parks it until one arrives or its time is
// over. Cold reads wait for the background agent to bring the bytes into memory. Runs on: core
// agent.  Owns: the parked pulls. Invariant: every pull is answered exactly once: with messages, or
// at its deadline; none waits beyond, nor longer than its session lives.
#pragma once

#include "base/strings.h"
#include "base/time.h"
#include "broker/api.h"
#include "broker/clients.h"
#include "broker/delivery/queue_reader.h"
#include "broker/delivery/visible.h"
#include "broker/delivery/waiting_room.h"
#include "broker/groups.h"
#include "broker/offsets.h"
#include "broker/subscription.h"
#include "broker/topics.h"
#include "store/message_store.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace bolide::broker {

struct PullSettings {
  std::string broker;
  std::int32_t permission = perm::read | perm::write;
  std::int32_t messages_max = 32;  // most that one answer holds, whatever is asked
  std::int64_t bytes_max = 256 << 10;
  std::int64_t suspend_ms_max = 30'000;
  std::size_t waiting_max = 16'384;  // pulls of one session that wait; more are refused as busy
};

struct PullStats {
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
  std::uint64_t requests = 0;
  std::uint64_t parked = 0;     // waiting now
  std::uint64_t cold = 0;       // waited for the disk
  std::uint64_t looked_at = 0;  // by ticks, of those that waited
};

class Puller {
 public:
  struct Parts {
    Topics& topics;
    Groups& groups;
    Clients& clients;
    Offsets& offsets;
    Visible& visible;
    store::MessageStore& store;
    store::Background background;
  };

  Puller(PullSettings settings, Parts parts);

  // What the log has no more of compacted topics comes from there. It must outlive this.
  void read_kept_from(const Compactor& kept) { reader_ = QueueReader(parts_.store, &kept); }

  // Called for each pull whose commit_offset was taken, before it is answered.
  void on_committed(std::function<void(const PullRequest& request)> callback) {
    committed_ = std::move(callback);
  }

  void pull(const PullRequest& request, const Now& now);
  // Messages of `queue` became visible.
  void wake(store::QueueNo queue);
  // The light queue was made: who waits for it waits in it from now on.
  void light_made(std::string_view name, store::QueueNo queue);
  // Answers all that waits in `queue`, as if its time were over.
  void answer_waiting(store::QueueNo queue);
  // Answers what has waited long enough.
  void tick(const Now& now);
  // Forgets all that `session` waits for: nobody would get the messages.
  void session_closed(SessionId session);
  // Answers everything that waits: the server stops.
  void drain();

  PullStats stats() const;

 private:
  struct Pending {
    Ticket ticket;
    std::string group;
    store::QueueNo queue = 0;
    std::string awaited;  // the light queue, if it is not there
    std::int64_t offset = 0;
    store::ReadLimits limits;
    Matcher matcher;
    std::int64_t deadline_ms = 0;  // steady
    int cold_tries = 0;
  };

  // Pulls that wait in a queue or, by name, in a light queue that is not there.
  struct Line : WaitingLine {
    store::QueueNo queue = 0;
    std::string awaited;
  };

  struct Checked {
    store::QueueNo queue = 0;
    Matcher matcher;
  };

  Result<Checked> check(const PullRequest& request, WallMs now_ms);
  Result<Matcher> subscription_of(const PullRequest& request, const GroupConfig& group) const;
  Result<Matcher> carried_by(const PullRequest& request) const;
  // Answers `pending` and returns true, or returns false: it must wait for messages.
  bool serve(Pending& pending);
  PullResult describe(const Pending& pending, PullStatus status, std::int64_t next_offset);
  void answer(const Pending& pending, PullResult result);
  void park(Pending pending);
  Line& line_of(const Pending& pending);
  // Answers them, as if their time were over.
  void give_up(std::vector<Pending> all);
  void wait_for_disk(Pending pending, store::ColdRange range);
  void answer_read(const Pending& pending, store::ReadResult read);
  void refuse_waiting(const Pending& pending) const;
  void refuse(const Ticket& ticket, Error error) const;

  PullSettings settings_;
  Parts parts_;
  QueueReader reader_;
  std::function<void(const PullRequest&)> committed_;
  WaitingRoom<Pending, Line> room_;
  std::unordered_map<store::QueueNo, Line> lines_;
  StringMap<Line> awaited_;     // of light queues that are not there, by name
  std::vector<Pending> woken_;  // scratch of wake()
  PullStats stats_;
};

}  // namespace bolide::broker
