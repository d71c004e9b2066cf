// SPDX-License-Identifier: Apache-2.0
//
// StaticTopics: requests about logical queues of static topics (rocketmq semantics 3.20) become
// requests about queues of this broker, or of the one that holds an earlier generation, and the
// answers are translated back. Other topics never come here.
// Runs on: core agent.  Owns: what must be known to translate the answers that are due. Invariant:
// a request keeps to the mapping that stood when it came.
#pragma once

#include "broker/api.h"
#include "broker/static_topics/peers.h"
#include "broker/topics.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

namespace bolide::broker {

class StaticTopics final : public ReplySink {
 public:
  // The same about queues of this broker.
  struct Parts {
    const Topics& topics;
    std::function<void(const SendRequest&)> send;
    std::function<void(const PullRequest&)> pull;
    std::function<Result<std::int64_t>(const QueueQuestion&)> answer;
  };

  StaticTopics(std::string broker, Parts parts)
      : broker_(std::move(broker)), parts_(std::move(parts)) {}

  // Until it is called, earlier generations on other brokers are out of reach. Requires that it
  // outlives the requests.
  void reach_by(Peers& peers) { peers_ = &peers; }

  // `topic` is static, and the request's queue is a logical one; negative: any that is led here.
  void send(const SendRequest& request, const Topic& topic);
  // Whether the topic is static and the queue a logical one: it is then pulled from.
  bool pull(const PullRequest& request);
  // Likewise: it is then answered through `reply`, which else stays as it is.
  bool ask(const QueueQuestion& question, bool physical, Reply<std::int64_t>& reply);
  // Whether this broker leads the logical queue.
  bool leads(const Topic& topic, std::int32_t queue_id) const {
    return led_queue(*topic.mapping, queue_id) != nullptr;
  }
  void session_closed(SessionId session);

  void on_send(const Ticket& ticket, const SendResult& result) override;
  void on_pull(const Ticket& ticket, PullResult&& result) override;
  void on_pop(const Ticket&, PopResult&&) override {}
  void on_group_changed(SessionId, std::string_view) override {}
  void on_lite_unsubscribed(SessionId, const LiteNotice&) override {}
  bool on_check_transaction(SessionId, const TransactionQuestion&) override { return false; }

 private:
  // A logical queue with the mapping that it is part of.
  struct Place {
    std::shared_ptr<const TopicMapping> mapping;
    const Generations* queue = nullptr;
    std::int32_t queue_id = 0;
  };
  // What an answer that is due needs.
  struct Waiting {
    Ticket ticket;  // of whom it is for
    Place place;
    const QueueGeneration* generation = nullptr;
    std::int64_t physical_offset = 0;  // of a pull
    bool held = false;                 // of a send: it waits for the end of its transaction
  };
  struct Search;

  Result<Place> place_of(const Topic& topic, std::int32_t queue_id) const;
  Ticket wait(Waiting waiting);
  std::optional<Waiting> take(const Ticket& ticket);
  void translate(const Waiting& waiting, SendResult* result) const;
  void pull_from(const PullRequest& request, Waiting waiting);
  void commit_with(const PullRequest& request, const Place& place);
  void ask_placed(const QueueQuestion& question, const Place& place, Reply<std::int64_t> reply);
  // Asks whoever holds the generation.
  void ask_holder(const QueueGeneration& generation, QueueQuestion question,
                  Reply<std::int64_t> reply);
  // Asks it, and answers in logical offsets.
  void ask_translated(const QueueQuestion& question, const Place& place,
                      const QueueGeneration& generation, Reply<std::int64_t> reply);
  void find_committed(std::shared_ptr<Search> search, std::size_t left);
  void find_time(std::shared_ptr<Search> search, std::size_t left);
  void find_in(std::shared_ptr<Search> search, const QueueGeneration& generation);

  std::string broker_;
  Parts parts_;
  Peers* peers_ = nullptr;
  std::unordered_map<std::int32_t, Waiting> waiting_;  // by token
  std::uint32_t next_ = 0;
  std::size_t remote_pulls_ = 0;
};

}  // namespace bolide::broker
