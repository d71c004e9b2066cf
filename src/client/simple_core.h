// SPDX-License-Identifier: Apache-2.0
//
// SimpleCore: the state of a SimpleConsumer: which brokers have something for it, receives that
// wait, acknowledgements (rocketmq 3.18).
// Runs on: the client's agent, but for what says otherwise.
// Owns: the receives.  Invariant: each receive ends once, and has at most one pop on its way; what
// is popped for one that has ended is handed back.
//
// With one broker a receive waits there, in its pop. With several it asks one after the other
// without waiting, and where there was nothing, a notification is waited for, which takes nothing
// from anybody.
#pragma once

#include <bolide/simple_consumer.h>

#include "client/callback_gate.h"
#include "client/core.h"
#include "client/pop_receipt.h"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace bolide::client {

class SimpleCore final : public Member, public std::enable_shared_from_this<SimpleCore> {
 public:
  SimpleCore(std::shared_ptr<Core> core, SimpleConsumerOptions options);

  const SimpleConsumerOptions& options() const { return options_; }
  Core& core() const { return *core_; }
  Runtime& runtime() const { return core_->runtime(); }
  CallbackGate& gate() { return gate_; }

  // --- any thread; what is called back comes on the agent ---
  // Errors: in_use.
  Result<> start();
  void close();
  using Messages = std::vector<PoppedMessage>;
  using OnMessages = std::move_only_function<void(Result<Messages>)>;
  void receive(int messages_max, std::int64_t invisible_ms, OnMessages done);
  using OnDone = std::move_only_function<void(Result<>)>;
  // Topics are the user's. Errors: see SimpleConsumer::ack.
  void ack(const std::string& topic, const std::string& receipt, OnDone done);
  void ack_all(std::span<const PoppedMessage> messages, OnDone done);
  using OnReceipt = std::move_only_function<void(Result<PopReceipt>)>;
  void change(const std::string& topic, const std::string& receipt, std::int64_t invisible_ms,
              OnReceipt done);

  const std::string& group() const override { return options_.group; }
  bool consumes() const override { return true; }
  std::vector<std::string> topics() const override;
  void write_heartbeat(JsonWriter& out) const override;
  void on_route(const std::string& topic, const RoutePtr& route) override;
  void on_members_changed() override { assign_at_ms_ = 0; }
  std::string running_info() override;

 private:
  // One receive, until its end.
  struct Receive {
    int messages_max = 0;
    std::int64_t invisible_ms = 0;
    std::int64_t deadline_ms = 0;
    std::string attempt;  // the same when it is tried again, so that what got lost comes again
    Messages messages;
    std::optional<Error> error;  // what it ends with when nothing comes
    bool popping = false;
    bool over = false;
    OnMessages done;
  };
  using ReceivePtr = std::shared_ptr<Receive>;
  // Where messages come from: a broker's queues of a topic together (-1), or one of them.
  struct Source {
    // It may have messages; it has none and will say when; it is left alone for a while.
    enum class State : std::uint8_t { may_have, watched, resting };
    State state = State::may_have;
    bool told = false;  // that it has messages
  };
  struct Popping {
    ReceivePtr receive;
    QueueId source;
    std::int64_t asked_ms = 0;
    std::int64_t poll_ms = 0;
    int asked_for = 0;
  };
  struct BatchAck;

  // simple_core.cc
  void tick();
  void advance(const ReceivePtr& receive);
  void wake();
  std::optional<QueueId> next_source();
  void pop(const ReceivePtr& receive, const QueueId& source);
  void on_popped(const Popping& popping, Result<Reply> reply);
  void on_failure(const Popping& popping, Error error);
  void on_nothing(const Popping& popping, std::int32_t code);
  Result<Messages> take(const Popping& popping, const Reply& reply);
  void hand_back(const Messages& messages);
  void rest(const QueueId& source, std::int64_t pause_ms);
  void watch(const QueueId& source);
  void on_watched(const QueueId& source, Result<Reply> reply);
  void finish(const ReceivePtr& receive, std::optional<Error> error = {});
  const Filter& filter_of(const std::string& topic) const;

  // simple_acks.cc; the topics are those on the wire.
  void ack_together(const std::string& broker, const std::vector<Acked>& acks,
                    const std::shared_ptr<BatchAck>& all);
  static Result<PopReceipt> changed_by(PopReceipt receipt, const Result<Reply>& reply);

  // simple_sources.cc: which brokers there are, and what operators see of us.
  void find_routes();
  void find_sources();
  void add_sources(const std::string& topic, std::map<QueueId, Source>* sources);
  void ask_assignments();
  void on_assigned(const std::string& topic, const Result<Reply>& reply);
  Error without_source() const;

  const std::shared_ptr<Core> core_;
  const SimpleConsumerOptions options_;
  const std::int64_t sub_version_;
  CallbackGate gate_;
  bool closed_ = false;
  std::int64_t started_ms_ = 0;
  std::uint64_t attempts_ = 0;
  std::map<QueueId, Source> sources_;
  QueueId turn_;  // whose turn it was last
  std::vector<ReceivePtr> receives_;
  std::map<std::string, std::set<QueueId>> assigned_;  // by topic, where the broker decides it
  std::int64_t assign_at_ms_ = 0;
  std::int64_t routes_at_ms_ = 0;
  std::unique_ptr<net::Agent::Timer> timer_;
};

}  // namespace bolide::client
