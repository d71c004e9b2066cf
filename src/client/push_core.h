// SPDX-License-Identifier: Apache-2.0
//
// PushCore: the state of a PushConsumer: which queues it has, what it pulls, what is being
// consumed, what it commits (rocketmq 3.3, 3.4, 3.6, 3.7). Runs on: the client's agent, but for
// start(), stop() and what says otherwise. Owns: its queues.  Invariant: at most `concurrency`
// calls of the listener at once; a message is committed only after it was consumed or handed back
// to the broker.
#pragma once

#include <bolide/push_consumer.h>

#include "client/core.h"
#include "client/offset_file.h"
#include "client/process_queue.h"

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace bolide::client {

using QueuePtr = std::shared_ptr<ProcessQueue>;

class PushCore final : public Member, public std::enable_shared_from_this<PushCore> {
 public:
  PushCore(std::shared_ptr<Core> core, PushConsumerOptions options);

  const PushConsumerOptions& options() const { return options_; }
  // Any thread. Errors: in_use; of a broadcasting consumer's file: io, malformed.
  Result<> start();
  // Any thread; a second call waits for nothing. Errors: timeout.
  Result<> stop();
  // Any thread.
  void set_suspended(bool suspended);
  std::vector<QueueId> queues();

  const std::string& group() const override { return options_.group; }
  bool consumes() const override { return true; }
  std::vector<std::string> topics() const override;
  void write_heartbeat(JsonWriter& out) const override;
  void on_route(const std::string& topic, const RoutePtr& route) override;
  void on_members_changed() override;
  void on_reset_offsets(const std::string& topic,
                        const std::map<QueueKey, std::int64_t>& offsets) override;

 private:
  struct Batch {
    QueuePtr queue;
    std::vector<ReceivedMessage> messages;
  };

  bool clustering() const { return options_.model == ConsumeModel::clustering; }
  std::string retry_topic() const;
  bool is_retry(const std::string& topic) const;

  // push_rebalance.cc: which queues are ours.
  void rebalance_later(std::int64_t delay_ms);
  void rebalance();
  void rebalance_topic(const std::string& topic);
  void allocate_queues(const std::string& topic, const std::vector<std::string>& members);
  void take_queues(const std::string& topic, const std::set<QueueId>& own);
  void drop(const QueuePtr& queue);
  void find_start(const QueueId& id);
  void start_where_told(const QueueId& id, const std::string& address);
  void begin_queue(const QueueId& id, std::int64_t offset);
  void give_up_start(const QueueId& id);

  // push_pull.cc: what they hold.
  void pull(const QueuePtr& queue);
  void pull_later(const QueuePtr& queue, std::int64_t delay_ms);
  bool is_full(const ProcessQueue& queue) const;
  void on_pulled(const QueuePtr& queue, Result<Reply> reply);
  Result<> take_messages(const QueuePtr& queue, const Reply& reply, std::int64_t next_offset);

  // push_core.cc: consuming and committing.
  void dispatch();
  bool dispatch_from(const QueuePtr& queue);
  void consumed(Batch batch, ConsumeResult result);
  void hand_back(Batch batch);
  void hand_back_next(std::shared_ptr<Batch> batch, std::size_t place,
                      std::shared_ptr<std::vector<ReceivedMessage>> kept);
  void settle(const QueuePtr& queue, const std::vector<ReceivedMessage>& messages);
  void commit_all();
  void commit(const QueuePtr& queue);
  void tick();
  void leave();

  const std::shared_ptr<Core> core_;
  const PushConsumerOptions options_;
  const std::int64_t sub_version_;
  OffsetFile file_;

  std::map<QueueId, QueuePtr> queues_;
  std::set<QueueId> starting_;  // ours, but where to begin is being asked
  Offsets stored_;              // broadcasting: as in the file
  std::size_t consuming_ = 0;   // calls of the listener
  bool suspended_ = false;
  bool stopping_ = false;
  bool rebalance_waits_ = false;
  std::unique_ptr<net::Agent::Timer> timer_;
  std::int64_t commit_at_ms_ = 0;
  std::int64_t rebalance_at_ms_ = 0;

  std::mutex mutex_;  // of what stop() waits for
  std::condition_variable idle_;
  bool is_idle_ = true;
  bool stopped_ = false;
};

}  // namespace bolide::client
