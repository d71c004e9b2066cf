// SPDX-License-Identifier: Apache-2.0
//
// Acknowledging messages, and changing how long they are ours (rocketmq wire 2.7).
// Runs on: any thread; answers come on the client's agent.  Owns: nothing.
// Invariant: see simple_core.h.
#include "client/simple_core.h"

#include "client/names.h"
#include "protocols/remoting/wire/request_codes.h"

namespace bolide::client {
namespace {

namespace request_code = remoting::request_code;

std::vector<Arg> ack_args(const std::string& group, const Acked& acked) {
  const PopReceipt& receipt = acked.receipt;
  return {{"consumerGroup", group},
          {"topic", popped_topic(group, acked.topic, receipt.mark)},
          {"queueId", std::to_string(receipt.queue)},
          {"offset", std::to_string(receipt.offset)},
          {"extraInfo", receipt.text()}};
}

Result<> end_of(const std::string& what, const std::string& broker, const Result<Reply>& reply) {
  if (!reply) return Failure(reply.error());
  if (reply->code() != remoting::response_code::success)
    return server_failure(what, broker, *reply);
  return {};
}

Result<Acked> acked_of(std::string topic, const std::string& receipt) {
  auto parsed = PopReceipt::parse(receipt);
  if (!parsed) return fail(Errc::invalid_argument, parsed.error().context);
  return Acked{std::move(topic), std::move(*parsed)};
}

}  // namespace

// Ends when all parts of it have ended, with the first error of them.
struct SimpleCore::BatchAck {
  explicit BatchAck(OnDone then) : done(std::move(then)) {}
  ~BatchAck() { done(std::move(result)); }
  BatchAck(const BatchAck&) = delete;
  BatchAck& operator=(const BatchAck&) = delete;
  void note(const Result<>& part) {
    if (!part && result) result = Failure(part.error());
  }

  OnDone done;
  Result<> result;
};

void SimpleCore::ack(const std::string& topic, const std::string& receipt, OnDone done) {
  auto acked = acked_of(wrap(core_->settings().name_space, topic), receipt);
  runtime().post(
      [self = shared_from_this(), acked = std::move(acked), done = std::move(done)]() mutable {
        if (!acked) return done(Failure(acked.error()));
        const std::string& broker = acked->receipt.broker;
        self->core_->call(self->core_->broker_address(broker, false), request_code::ack_message,
                          ack_args(self->options_.group, *acked),
                          [done = std::move(done), broker](const Result<Reply>& reply) mutable {
                            done(end_of("acknowledge a message", broker, reply));
                          });
      });
}

void SimpleCore::ack_all(std::span<const PoppedMessage> messages, OnDone done) {
  std::map<std::string, std::vector<Acked>> by_broker;
  for (const PoppedMessage& message : messages) {
    auto acked = acked_of(wrap(core_->settings().name_space, message.topic), message.receipt);
    if (!acked) {
      return runtime().post([error = acked.error(), done = std::move(done)]() mutable {
        done(Failure(std::move(error)));
      });
    }
    const std::string broker = acked->receipt.broker;
    by_broker[broker].push_back(std::move(*acked));
  }
  const auto all = std::make_shared<BatchAck>(std::move(done));
  runtime().post([self = shared_from_this(), by_broker = std::move(by_broker), all] {
    for (const auto& [broker, acks] : by_broker) self->ack_together(broker, acks, all);
  });
}

void SimpleCore::ack_together(const std::string& broker, const std::vector<Acked>& acks,
                              const std::shared_ptr<BatchAck>& all) {
  const std::string address = core_->broker_address(broker, false);
  const auto note = [all, broker](const Result<Reply>& reply) {
    all->note(end_of("acknowledge messages", broker, reply));
  };
  std::vector<std::size_t> alone;
  const std::string body = batch_ack_body(broker, options_.group, acks, &alone);
  if (!body.empty())
    core_->call(address, Call{.code = request_code::batch_ack_message, .fields = {}, .body = body},
                note);
  for (const std::size_t place : alone)
    core_->call(address, request_code::ack_message, ack_args(options_.group, acks[place]), note);
}

void SimpleCore::change(const std::string& topic, const std::string& receipt,
                        std::int64_t invisible_ms, OnReceipt done) {
  auto acked = acked_of(wrap(core_->settings().name_space, topic), receipt);
  runtime().post([self = shared_from_this(), acked = std::move(acked), invisible_ms,
                  done = std::move(done)]() mutable {
    if (!acked) return done(Failure(acked.error()));
    auto args = ack_args(self->options_.group, *acked);
    args.push_back({"invisibleTime", std::to_string(invisible_ms)});
    PopReceipt changed = acked->receipt;
    const std::string address = self->core_->broker_address(changed.broker, false);
    self->core_->call(
        address, request_code::change_invisible_time, args,
        [done = std::move(done), changed = std::move(changed)](const Result<Reply>& reply) mutable {
          done(changed_by(std::move(changed), reply));
        });
  });
}

Result<PopReceipt> SimpleCore::changed_by(PopReceipt receipt, const Result<Reply>& reply) {
  BOLIDE_CHECK(end_of("change how long a message is ours", receipt.broker, reply));
  BOLIDE_TRY(receipt.popped_ms, reply->number("popTime"));
  BOLIDE_TRY(receipt.invisible_ms, reply->number("invisibleTime"));
  BOLIDE_TRY(const std::int64_t revive, reply->number("reviveQid"));
  receipt.revive_queue = static_cast<std::int32_t>(revive);
  // From here on it is for itself.
  receipt.start_offset = receipt.offset;
  return receipt;
}

}  // namespace bolide::client
