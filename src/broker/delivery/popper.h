// SPDX-License-Identifier: Apache-2.0
//
// Popping: gives messages to a group one by one, each with a lease, or lets the request wait until
// one arrives, a lease ends, or its time is over (rocketmq semantics 3.18). The face of the leases
// for requests; what was given is acknowledged here too.
// Runs on: core agent.  Owns: the pops that wait.  Invariant: every pop is answered exactly once;
// none waits beyond its time, nor longer than its session lives.
#pragma once

#include "base/strings.h"
#include "base/time.h"
#include "broker/api.h"
#include "broker/delivery/lite_source.h"
#include "broker/delivery/pop_taker.h"
#include "broker/delivery/waiting_room.h"
#include "broker/topics.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bolide::broker {

struct PopSettings {
  std::string broker;
  std::int32_t permission = perm::read | perm::write;
  std::int32_t messages_max = 32;  // more are refused, as RocketMQ does
  std::int64_t bytes_max = 256 << 10;
  std::int64_t suspend_ms_max = 60'000;
  std::size_t waiting_max = 100'000;     // pops that wait, of all
  std::size_t line_waiting_max = 1'024;  // of one group in one topic
};

class Popper {
 public:
  struct Parts {
    Topics& topics;
    Groups& groups;
    LeaseTable& leases;
    Visible& visible;
    store::MessageStore& store;
    store::Background background;
    PopTaker::Parts taking;
  };
  Popper(PopSettings settings, Parts parts);
  // Pops of lite topics take from there, which must outlive this.
  void take_lite_from(LiteSource& lite) { lite_ = &lite; }

  void pop(const PopRequest& request, const Now& now);
  // A lease is not longer than this.
  static std::int64_t invisible_at_most(std::int64_t invisible_ms);
  // Errors of both: topic_not_found, message_invalid, not_found.
  Result<Settled> ack(const LeaseRef& lease, const Now& now);
  Result<LeaseChange> change(const LeaseRef& lease, std::int64_t invisible_ms, const Now& now);
  std::size_t waiting(std::string_view group, std::string_view topic, std::int32_t queue_id) const;

  // The group may be given messages of the topic again.
  void wake(std::string_view group, std::string_view topic);
  // The client of the group may be given something of its lite topics.
  void wake_lite(std::string_view group, std::string_view client);
  bool waits_lite(std::string_view group, std::string_view client);
  // Messages of `queue` became visible. Who waits for them is served by run().
  void published(store::QueueNo queue);
  // Serves who waits for what was published or given back since the last call. Returns whether
  // messages are to be stored because of it.
  bool run(const Now& now);
  // Answers what has waited long enough, and finds leases that have ended.
  void tick(const Now& now);
  void session_closed(SessionId session);
  // Answers everything that waits: the server stops.
  void drain(const Now& now);

  const PopStats& stats() const { return taker_.stats(); }
  std::size_t parked() const { return room_.size(); }

 private:
  struct Pending {
    Ticket ticket;
    std::string topic;
    std::int32_t queue_id = -1;
    std::string lite_line;  // of pops of lite topics, in place of the topic
    PopWish wish;
    std::int64_t deadline_ms = 0;  // steady; 0: does not wait
    int cold_tries = 0;
  };
  // The pops of one group in one topic, or of one client in lite topics, that wait.
  struct Line : WaitingLine {
    std::string group;
    std::string topic;
    bool marked = false;  // in marked_
  };
  using Room = WaitingRoom<Pending, Line>;

  static std::string lite_line(std::string_view client);
  Result<PopWish> check(const PopRequest& request, const Now& now);
  Result<> check_lease(const LeaseRef& lease);
  // Answers `pending` and returns true, or returns false: there is nothing now.
  bool serve(Pending& pending, const Now& now);
  void collect(const Pending& pending, const Topic& topic, const Now& now, PopBatch* batch);
  void answer(const Pending& pending, PopBatch batch, const Now& now);
  void answer(const Pending& pending, PopStatus status);
  void refuse(const Ticket& ticket, Error error) const;
  void park(Pending pending);
  void wait_for_disk(Pending pending, store::ColdRange range);
  Line* find_line(std::string_view group, std::string_view topic);
  void mark(Line& line);
  void serve_line(Line& line, const Now& now);
  // Nobody waits in it any more. False: it is marked.
  bool leave(Line& line);

  PopSettings settings_;
  Parts parts_;
  LiteSource* lite_ = nullptr;
  PopTaker taker_;
  std::string key_;                         // scratch
  StringMap<std::unique_ptr<Line>> lines_;  // by topic/group; never empty for long
  StringMap<std::vector<Line*>> by_topic_;
  std::vector<Line*> marked_;
  Room room_;
  std::vector<Pending> cold_;  // what they waited for is in memory now
  std::uint64_t turn_ = 0;     // where the next pop begins among the queues
};

}  // namespace bolide::broker
