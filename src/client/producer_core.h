// SPDX-License-Identifier: Apache-2.0
//
// ProducerCore: the state of a Producer: what waits to be sent, what is on its way, and the retries
// (rocketmq 3.2).
// Runs on: submit() on any thread, the rest on the client's agent.
// Owns: the sends.  Invariant: each send ends once; it counts as on its way until its end was told,
// and so does every other function of the user until it has returned.
#pragma once

#include <bolide/producer.h>
#include <bolide/transaction_producer.h>

#include "client/core.h"
#include "client/publish_table.h"
#include "client/send.h"
#include "client/sequences.h"
#include "client/unique_key.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace bolide::client {

class Tracer;

// What a broker is told at the end of a transaction (rocketmq 3.10).
struct TransactionEnd {
  std::string topic;
  std::string broker;
  std::int32_t queue = 0;
  std::string address;  // empty: of the broker that has the queue
  std::int64_t queue_offset = 0;
  std::int64_t position = 0;  // in the broker's log
  std::string id;
  bool from_check = false;

  static TransactionEnd of(const SendReceipt& receipt, const std::string& topic);
};

class ProducerCore final : public Member, public std::enable_shared_from_this<ProducerCore> {
 public:
  ProducerCore(std::shared_ptr<Core> core, ProducerOptions options);

  const ProducerOptions& options() const { return options_; }
  Runtime& runtime() const { return core_->runtime(); }
  Core& core() const { return *core_; }
  void start();
  // Makes no more attempts, and leaves the group.
  void close();
  // Null: nothing is traced. It is not closed with the rest, so that it hears of their ends.
  const std::shared_ptr<Tracer>& tracer() const { return tracer_; }

  // Any thread. Waits for room, then takes the send over. Errors: busy, shutting_down; then `done`
  // is not called.
  Result<> submit(SendPtr send);
  // Any thread: the send that was counted so is over, its callback has returned.
  void release(std::size_t bytes);
  // Any thread: counts a user's function beside those of sends, until it has returned.
  void hold();
  // Runs a user's function that was counted so, on a worker.
  template <class Function>
  void run_held(Function&& function, std::size_t bytes = 0) {
    {
      const WorkerPool::Running running(this);
      std::forward<Function>(function)();
    }
    release(bytes);
  }
  // Waits until nothing is on its way, but for the callback that calls this; false when the time is
  // over.
  bool wait_idle(std::chrono::milliseconds timeout);
  std::string next_id();

  // producer_calls.cc; any thread. `done` comes on the agent.
  void set_check(TransactionCheck check, const std::vector<std::string>& topics);
  void end_transaction(const TransactionEnd& end, TransactionState state,
                       std::move_only_function<void(Result<>)> done);
  using OnAnswer = std::move_only_function<void(Result<ReceivedMessage>)>;
  void request(SendPtr send, const std::string& correlation, std::int64_t timeout_ms,
               OnAnswer done);

  const std::string& group() const override { return options_.group; }
  bool consumes() const override { return false; }
  std::vector<std::string> topics() const override;
  bool on_check_transaction(const std::string& address, const remoting::Header& header,
                            std::string_view body) override;
  bool on_answer(const remoting::Header& header, std::string_view body) override;

 private:
  // One that has no answer yet, and the task that ends it when its time is over.
  struct Request {
    OnAnswer done;
    Core::LaterId late;
  };
  bool reserve(const Send& send, std::unique_lock<std::mutex>& lock);
  void take_submitted();
  void begin(SendPtr send);
  Result<> prepare(const std::string& topic, const RoutePtr& route, std::int32_t queues_max);
  using OnSendRoute = std::move_only_function<void(SendPtr send, Result<RoutePtr> route)>;
  void ask_route(SendPtr send, const std::string& topic, OnSendRoute then);
  void find_route(SendPtr send);
  void on_route_found(SendPtr send, Result<RoutePtr> route);
  void use_default_route(SendPtr send, Error missing);
  Result<const PublishTable::Target*> choose(const Send& send);
  void transmit(SendPtr send);
  void transmit_one_way(SendPtr send, const std::string& address, const Call& call);
  Error lost(const Send& send, Error error);
  void on_reply(SendPtr send, Result<Reply> reply);
  Result<SendReceipt> receipt_of(const Send& send, const Reply& reply) const;
  void retry_or_end(SendPtr send, Error error);
  // producer_sequences.cc
  bool is_numbered(const Send& send) const;
  Result<const PublishTable::Target*> same_queue(const Send& send);
  SendPtr number(SendPtr send, const QueueId& queue);
  std::int64_t attempt_ms(const Send& send, std::int64_t left_ms) const;
  bool repeat_later(SendPtr& send, Error& error);
  void release_waiting(const QueueId& queue);
  void end(SendPtr send, Result<SendReceipt> result);
  void end_request(const std::string& correlation, Result<ReceivedMessage> answer);
  void trace(const Send& send, const SendReceipt& receipt, const Reply& reply);
  void trace_end(const TransactionEnd& end, TransactionState state, const std::string& address);

  const std::shared_ptr<Core> core_;
  const ProducerOptions options_;

  std::mutex mutex_;
  std::condition_variable room_;
  std::vector<SendPtr> submitted_;
  std::size_t in_flight_ = 0;
  std::size_t in_flight_bytes_ = 0;
  bool stopping_ = false;
  UniqueKeys ids_;

  // On the agent.
  bool closed_ = false;
  StringMap<PublishTable> tables_;
  FaultTable faults_;
  std::shared_ptr<TransactionCheck> check_;  // null: no transactions
  std::set<std::string> check_topics_;  // whose brokers may ask, whether we send to them or not
  StringMap<Request> requests_;         // by correlation id
  std::shared_ptr<Tracer> tracer_;
  Sequences sequences_;
  bool releasing_ = false;
};

}  // namespace bolide::client
