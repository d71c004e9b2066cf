// SPDX-License-Identifier: Apache-2.0
//
// The public TransactionProducer (rocketmq 3.10).
// Runs on: any thread.  Owns: see transaction_producer.h.  Invariant: see transaction_producer.h.
#include <bolide/transaction_producer.h>

#include "client/names.h"
#include "client/producer_core.h"
#include "client/send_call.h"
#include "client/status.h"

#include <future>
#include <utility>

namespace bolide {
namespace {

constexpr std::int32_t prepared_flag = 4;  // of sys_flag (rocketmq wire 1.11)

}  // namespace

StatusOr<TransactionProducer> TransactionProducer::start(const Client& client,
                                                         TransactionProducerOptions options) {
  if (!options.check) return Status(Errc::invalid_argument, "a transaction producer needs a check");
  for (const std::string& topic : options.topics) {
    if (auto valid = client::check_topic(topic); !valid) return client::to_status(valid);
  }
  auto producer = Producer::start(client, std::move(options.producer));
  if (!producer) return producer.status();
  producer->core_->set_check(std::move(options.check), options.topics);
  return TransactionProducer(std::move(*producer));
}

StatusOr<Transaction> TransactionProducer::begin(Message message) {
  if (message.delay_level != 0 || message.delay.count() != 0 || message.deliver_at_ms != 0)
    return Status(Errc::message_invalid, "a message of a transaction has no delay");
  client::ProducerCore& core = *producer_.core_;
  std::string topic = message.topic;
  auto send = client::make_send(
      core, std::move(message), {},
      {.sys_flag = prepared_flag, .properties = {{"TRAN_MSG", "true"}, {"PGROUP", core.group()}}});
  if (!send) return client::to_status(send.error());
  auto receipt = client::send_and_wait(core, std::move(*send));
  if (!receipt) return client::to_status(receipt.error());
  return Transaction(producer_.core_, std::move(*receipt), std::move(topic));
}

StatusOr<SendReceipt> TransactionProducer::send(Message message,
                                                const std::function<TransactionState()>& execute) {
  auto transaction = begin(std::move(message));
  if (!transaction) return transaction.status();
  // As in Java: a message that may yet be lost is no ground for a local transaction.
  if (transaction->receipt().state != SendState::ok) {
    (void)transaction->rollback();
    return transaction->receipt();
  }
  const TransactionState state = execute();
  if (state == TransactionState::commit) (void)transaction->commit();
  if (state == TransactionState::rollback) (void)transaction->rollback();
  return transaction->receipt();
}

Status Transaction::end(TransactionState state) {
  const TransactionState said = *said_;
  if (said == state) return {};
  if (said != TransactionState::unknown) {
    const char* what = said == TransactionState::commit ? "committed" : "rolled back";
    return Status(Errc::invalid_argument,
                  "the transaction of message " + receipt_.id + " was " + what);
  }
  const auto promise = std::make_shared<std::promise<Result<>>>();
  core_->end_transaction(client::TransactionEnd::of(receipt_, topic_), state,
                         [promise](Result<> ended) { promise->set_value(std::move(ended)); });
  Status told = client::to_status(promise->get_future().get());
  if (told.ok()) *said_ = state;
  return told;
}

}  // namespace bolide
