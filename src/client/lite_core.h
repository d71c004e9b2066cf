// SPDX-License-Identifier: Apache-2.0
//
// LiteCore: the state of a LitePullConsumer: what was polled and counts as consumed at the next
// poll (rocketmq 3.4).
// Runs on: its functions on any thread but the client's agent, the state on the agent.
// Owns: what was polled.  Invariant: what was polled is settled once, by the next poll or commit.
#pragma once

#include <bolide/lite_pull_consumer.h>

#include "client/consumer_core.h"

#include <condition_variable>
#include <map>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

namespace bolide::client {

class LiteCore final : public ConsumerCore {
 public:
  LiteCore(std::shared_ptr<Core> core, LitePullConsumerOptions options);

  Result<> start() { return join(); }
  void stop();
  std::vector<ReceivedMessage> poll(std::chrono::milliseconds timeout);
  Result<> assign(const std::vector<QueueId>& queues);
  Result<std::vector<QueueId>> queues_of(const std::string& topic);
  Result<> seek(const QueueId& queue, std::int64_t offset);
  void set_paused(std::span<const QueueId> queues, bool paused);
  // Commits what was polled; `wait`: and returns when the brokers have it.
  Result<> commit_polled(bool wait);
  Result<> commit(const std::map<QueueId, std::int64_t>& offsets);
  // Asks the queue's broker for a number. Errors: as it answers, not_found.
  Result<std::int64_t> ask(const QueueId& queue, std::int32_t code, std::vector<Arg> args);

  Result<std::int64_t> committed(const QueueId& queue);

  const LitePullConsumerOptions& options() const { return options_; }

 private:
  void on_messages() override;
  void on_dropped(const QueuePtr& queue) override;
  std::vector<ReceivedMessage> take();
  void settle_polled();
  // `all`: also those that their brokers have.
  std::map<QueueId, std::int64_t> consumed_offsets(bool all);
  Result<> send_offsets(const std::map<QueueId, std::int64_t>& offsets, bool wait);
  QueueId inner(const QueueId& id) const { return {wrapped(id.topic), id.broker, id.queue}; }

  const LitePullConsumerOptions options_;
  std::vector<std::pair<QueuePtr, std::vector<ReceivedMessage>>> polled_;  // without bodies
  QueueId last_;                                                           // whose turn it was

  std::mutex mutex_;  // of what poll() waits for
  std::condition_variable news_;
  std::uint64_t version_ = 0;
  bool stopped_ = false;
};

}  // namespace bolide::client
