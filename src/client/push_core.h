// SPDX-License-Identifier: Apache-2.0
//
// PushCore: the state of a PushConsumer beyond its queues: what is being consumed, what was refused
// (rocketmq 3.7), and in ordered consuming which queues are locked (3.5).
// Runs on: the client's agent, but for start(), stop() and what says otherwise.
// Owns: what is being consumed.  Invariant: at most `concurrency` calls of the listener at once; in
// ordered consuming one per queue, and only while its lock is ours.
#pragma once

#include "client/consume_job.h"
#include "client/consumer_core.h"
#include "client/trace_record.h"

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace bolide::client {

class Tracer;

class PushCore final : public ConsumerCore {
 public:
  PushCore(std::shared_ptr<Core> core, PushConsumerOptions options);

  const PushConsumerOptions& options() const { return options_; }
  // Any thread. Errors: in_use; of a broadcasting consumer's file: io, malformed.
  Result<> start();
  // Any thread; a second call waits for nothing. Errors: timeout; of a broadcasting consumer's
  // file: io, no_permission, disk_full.
  Result<> stop();
  // Any thread.
  void set_suspended(bool suspended);

 private:
  struct Batch {
    QueuePtr queue;
    std::vector<ReceivedMessage> messages;
  };
  // A refused batch on its way back: what no broker took is in `kept`.
  struct HandingBack {
    Batch batch;
    std::size_t place = 0;
    std::vector<ReceivedMessage> given;
    std::vector<ReceivedMessage> kept;
  };

  // Messages of a job, one after the other, that the listener took, or refused.
  struct Run {
    std::span<ReceivedMessage> messages;
    bool success = false;
  };
  // What a worker did of a job, and how long it took.
  struct Consumed {
    std::vector<Run> runs;
    std::size_t pieces = 0;
    std::int64_t took_ns = 0;
  };
  using JobPtr = std::shared_ptr<ConsumeJob>;

  bool is_ordered() const override { return options_.ordered; }
  int listeners() const override { return options_.concurrency; }
  bool holds_lock(const QueueId& queue) const override { return is_ordered() && is_locked(queue); }

  // push_direct.cc
  void consume_directly(std::string_view record, Respond respond) override;

  // push_core.cc
  void on_messages() override { dispatch(); }
  void dispatch();
  bool dispatch_from(const QueuePtr& queue);
  ConsumeResult listen(std::span<const ReceivedMessage> messages);
  TraceRecord::Code call_listener(std::span<const ReceivedMessage> messages);
  Consumed consume(ConsumeJob& job);
  void consumed(const JobPtr& job, const Consumed& result);
  void refuse(const QueuePtr& queue, std::vector<ReceivedMessage> messages);
  void end_ordered(const JobPtr& job, std::vector<ReceivedMessage> refused);
  void take_back_late(std::int64_t now_ms);
  void end_consuming();

  // push_retry.cc
  void hand_back(Batch batch);
  void hand_back_next(const std::shared_ptr<HandingBack>& back);
  void end_hand_back(const std::shared_ptr<HandingBack>& back);
  void send_back(const ReceivedMessage& message, OnReply done);
  void send_to_retry_topic(const ReceivedMessage& message, OnReply done);

  // push_order.cc
  void on_tick(std::int64_t now_ms) override;
  bool may_pull(const ProcessQueue& queue) const override;
  bool may_commit(const ProcessQueue& queue) const override;
  void acquire(const QueueId& id) override;
  void on_not_acquired(const QueueId& id) override;
  void on_dropped(const QueuePtr& queue) override;
  bool is_locked(const QueueId& id) const;
  bool has_kept_lock(const QueueId& id) const;
  // All on one broker; not none.
  void lock(const std::vector<QueueId>& queues,
            std::move_only_function<void(Result<std::set<QueueId>>)> done);
  void renew_locks();
  // Locks that are asked for again, and until when they will be trusted.
  struct Renewal {
    std::vector<QueueId> queues;
    std::int64_t until_ms = 0;
  };
  void on_renewed(const Renewal& renewal, const Result<std::set<QueueId>>& locked);
  void unlock(const QueueId& id);

  const PushConsumerOptions options_;
  std::shared_ptr<Tracer> tracer_;  // null: nothing is traced
  std::size_t consuming_ = 0;       // jobs with workers, calls of the listener
  std::vector<JobPtr> jobs_;        // those that workers have
  PieceClock pieces_;
  QueueId turn_;                    // whose turn it was last
  std::atomic<bool> quits_{false};  // no further piece is to be consumed
  std::set<QueueId> busy_;          // in ordered consuming: a batch of these is being consumed
  std::map<QueueId, std::int64_t> locked_until_ms_;
  std::int64_t renew_at_ms_ = 0;

  std::mutex mutex_;  // of what stop() waits for
  std::condition_variable idle_;
  std::size_t left_ = 0;  // of consuming_, once it stops
  bool stopped_ = false;
};

}  // namespace bolide::client
