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
#include "broker/compaction/compactor.h"
#include "broker/delivery/visible.h"
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
  std::uint64_t parked = 0;  // waiting now
  std::uint64_t cold = 0;    // waited for the disk
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
  void read_kept_from(Compactor& compactor) { compactor_ = &compactor; }

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

  const PullStats& stats() const { return stats_; }

 private:
  // Where pulls wait: a queue's number or, beyond those, that of a light queue that is not there.
  using Place = std::uint64_t;
  static constexpr Place first_awaited = Place{1} << 32U;

  struct Pending {
    Ticket ticket;
    std::string group;
    store::QueueNo queue = 0;
    Place place = 0;      // of one that is parked
    std::string awaited;  // the light queue, if it is not there
    std::int64_t offset = 0;
    store::ReadLimits limits;
    Matcher matcher;
    std::int64_t deadline_ms = 0;  // steady
    int cold_tries = 0;
  };

  // What a session waits for.
  struct Waits {
    std::vector<Place> parked;  // the place of each pull
    std::size_t cold = 0;       // pulls that wait for the disk

    std::size_t count() const { return parked.size() + cold; }
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
  void unpark(const Pending& pending);
  Place place_of(const Pending& pending);
  // Nobody waits there any more.
  void leave(Place place);
  void answer_all(Place place);
  void wait_for_disk(Pending pending, store::ColdRange range);
  bool wait_in_session(const Pending& pending);
  void read_kept(Pending pending, std::int64_t end);
  void answer_read(const Pending& pending, store::ReadResult read);
  void refuse(const Ticket& ticket, Error error) const;

  PullSettings settings_;
  Parts parts_;
  Compactor* compactor_ = nullptr;
  std::function<void(const PullRequest&)> committed_;
  std::unordered_map<Place, std::vector<Pending>> parked_;
  StringMap<Place> awaited_;  // light queues that are not there, by name
  std::unordered_map<Place, std::string> awaited_names_;
  Place next_awaited_ = first_awaited;
  std::unordered_map<SessionId, Waits> sessions_;  // those that have waited; until they close
  std::vector<Pending> woken_;                     // scratch of wake()
  PullStats stats_;
};

}  // namespace bolide::broker
