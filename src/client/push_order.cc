// SPDX-License-Identifier: Apache-2.0
//
// Ordered consuming: queues are locked at their brokers, and one batch of each is consumed at a
// time (rocketmq 3.5).
// Runs on: see push_core.h.  Owns: see push_core.h.  Invariant: a queue is given up only when
// nothing of it is being consumed.
#include "base/fields_json.h"
#include "client/push_core.h"
#include "protocols/remoting/wire/request_codes.h"

#include <algorithm>

namespace bolide::client {
namespace {

namespace request_code = remoting::request_code;
namespace response_code = remoting::response_code;

constexpr std::int64_t renew_interval_ms = 20'000;
// Brokers hold a lock for 60 s from when they gave it; we trust it for half as long from when we
// asked.
constexpr std::int64_t held_ms = 60'000;
constexpr std::int64_t trusted_ms = 30'000;

// Bodies of LOCK_BATCH_MQ and UNLOCK_BATCH_MQ, and the former's answer (wire 2.7).
struct LockBody {
  std::string group;
  std::string client_id;
  bool only_this_broker = false;
  std::vector<QueueKey> queues;
  static constexpr auto fields = std::tuple{
      Field{"clientId", &LockBody::client_id},
      Field{"consumerGroup", &LockBody::group},
      Field{"mqSet", &LockBody::queues},
      Field{"onlyThisBroker", &LockBody::only_this_broker},
  };
};
struct LockedBody {
  std::vector<QueueKey> queues;
  static constexpr auto fields = std::tuple{Field{"lockOKMQSet", &LockedBody::queues}};
};

QueueKey key_of(const QueueId& id) {
  return {.broker = id.broker, .queue = id.queue, .topic = id.topic};
}

}  // namespace

bool PushCore::is_locked(const QueueId& id) const {
  const auto found = locked_until_ms_.find(id);
  return found != locked_until_ms_.end() && core_->now_ms() < found->second;
}

// Whether nobody else can have had it since it became ours.
bool PushCore::has_kept_lock(const QueueId& id) const {
  const auto found = locked_until_ms_.find(id);
  return found != locked_until_ms_.end() && core_->now_ms() < found->second - trusted_ms + held_ms;
}

bool PushCore::may_pull(const ProcessQueue& queue) const {
  return !is_ordered() || is_locked(queue.id());
}

// Without the lock another member may be further on: our offset would take its back.
bool PushCore::may_commit(const ProcessQueue& queue) const {
  return !is_ordered() || is_locked(queue.id());
}

// It may have been given to another member, or we stopped, while the lock or the offset was on its
// way; nobody else gets the queue while we hold its lock.
void PushCore::on_not_acquired(const QueueId& id) {
  if (is_ordered() && !queues_.contains(id) && !busy_.contains(id)) unlock(id);
}

void PushCore::lock(const std::vector<QueueId>& queues,
                    std::move_only_function<void(Result<std::set<QueueId>>)> done) {
  LockBody body{.group = options_.group, .client_id = core_->settings().id};
  for (const QueueId& id : queues) body.queues.push_back(key_of(id));
  const std::string text = to_json(body);
  core_->call(core_->broker_address(queues.front(), false),
              Call{.code = request_code::lock_batch_mq, .fields = {}, .body = text},
              [done = std::move(done)](Result<Reply> reply) mutable {
                if (!reply) return done(Failure(std::move(reply).error()));
                if (reply->code() != response_code::success)
                  return done(server_failure("lock queues", "broker", *reply));
                auto answer = from_json<LockedBody>(reply->body);
                if (!answer) return done(Failure(std::move(answer).error()));
                std::set<QueueId> locked;
                for (const QueueKey& key : answer->queues)
                  locked.insert({key.topic, key.broker, key.queue});
                done(std::move(locked));
              });
}

void PushCore::acquire(const QueueId& id) {
  if (!is_ordered()) return find_start(id);
  // First the lock, then the offset: its former owner may still commit before it unlocks.
  // The consumer lives until the answer: it would have to give the lock back.
  auto self = std::static_pointer_cast<PushCore>(shared_from_this());
  const std::int64_t until_ms = core_->now_ms() + trusted_ms;
  lock({id}, [self = std::move(self), id, until_ms](const Result<std::set<QueueId>>& locked) {
    if (!locked || !locked->contains(id)) return self->give_up_start(id);
    self->locked_until_ms_[id] = until_ms;
    if (self->stopping_) return self->on_not_acquired(id);
    self->find_start(id);
  });
}

void PushCore::on_tick(std::int64_t now_ms) {
  take_back_late(now_ms);
  if (!is_ordered() || now_ms < renew_at_ms_) return;
  renew_at_ms_ = now_ms + renew_interval_ms;
  renew_locks();
}

void PushCore::renew_locks() {
  std::map<std::string, std::vector<QueueId>> by_address;
  for (const auto& [id, queue] : queues_)
    by_address[core_->broker_address(id, false)].push_back(id);
  for (const auto& [address, ids] : by_address) {
    const Renewal renewal{.queues = ids, .until_ms = core_->now_ms() + trusted_ms};
    lock(ids, [weak = weak_as(this), renewal](const Result<std::set<QueueId>>& locked) {
      if (const auto self = weak.lock()) self->on_renewed(renewal, locked);
    });
  }
}

void PushCore::on_renewed(const Renewal& renewal, const Result<std::set<QueueId>>& locked) {
  if (!locked || stopping_) return;  // what is not renewed is over after a while
  for (const QueueId& id : renewal.queues) {
    const auto queue = queues_.find(id);
    if (queue == queues_.end()) continue;
    if (!locked->contains(id) || !has_kept_lock(id)) {
      // Another member has it, or had it: begin anew, from what that one will have committed.
      locked_until_ms_.erase(id);
      drop(QueuePtr(queue->second));
      rebalance_later(0);
      continue;
    }
    const bool was_locked = is_locked(id);
    locked_until_ms_[id] = renewal.until_ms;
    if (!was_locked) pull(queue->second);
  }
  dispatch();
}

void PushCore::unlock(const QueueId& id) {
  if (locked_until_ms_.erase(id) == 0) return;
  LockBody body{.group = options_.group, .client_id = core_->settings().id};
  body.queues.push_back(key_of(id));
  const std::string text = to_json(body);
  core_->call(core_->broker_address(id, false),
              Call{.code = request_code::unlock_batch_mq, .fields = {}, .body = text},
              [farewell = farewell_](const Result<Reply>&) {});
}

void PushCore::on_dropped(const QueuePtr& queue) {
  // While its messages are being consumed, nobody else may have it.
  if (!is_ordered() || busy_.contains(queue->id())) return;
  // It may be ours again, from another place on.
  if (queues_.contains(queue->id())) return;
  commit(queue);
  unlock(queue->id());
}

void PushCore::end_ordered(const JobPtr& job, std::vector<ReceivedMessage> refused) {
  const QueuePtr& queue = job->queue();
  auto rest = job->take_back();
  if (!rest.empty()) queue->put_back(std::move(rest));
  if (!refused.empty() && !queue->dropped) return hand_back({queue, std::move(refused)});
  busy_.erase(queue->id());
  if (queue->dropped) on_dropped(queue);
}

}  // namespace bolide::client
