// SPDX-License-Identifier: Apache-2.0
//
// TransactionProducer: sends messages that consumers see only when a local transaction has
// committed.
// Any thread, many at once.  Owns: what is on its way.
// Invariant: a message whose transaction neither commits nor rolls back is asked about by the
// broker, again and again, for as long as its settings say.
#pragma once

#include <bolide/client.h>
#include <bolide/message.h>
#include <bolide/producer.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace bolide {

// What became of a local transaction.
enum class TransactionState : std::uint8_t {
  unknown,  // not yet decided: the broker asks later
  commit,
  rollback,
};

// Says what became of the transaction of a message. Called on a thread of the library, when the
// broker asks: also for messages of producers of this group that are gone. To throw is to say
// `unknown`.
using TransactionCheck = std::function<TransactionState(const ReceivedMessage& message)>;

// How to send, and who knows what became of a transaction.
struct TransactionProducerOptions {
  ProducerOptions producer = {};  // its group names the producers that may be asked
  TransactionCheck check;
  // Where transactions of the group may be open: the brokers of these topics may ask from the start
  // on; those of a topic that is sent to, and those that make new topics, may ask in any case.
  std::vector<std::string> topics = {};
};

// A message that is stored and not yet seen by consumers. Copies are one, and may be used from
// several threads.
class BOLIDE_API Transaction {
 public:
  const SendReceipt& receipt() const { return receipt_; }
  // Tells the broker; once it knows, to say the same again is ok and tells nobody. Where it cannot
  // be told, it will ask. Errors: what the broker answers, connection_failed, timeout;
  // invalid_argument: the other was said, and the broker knows.
  Status commit() { return end(TransactionState::commit); }
  Status rollback() { return end(TransactionState::rollback); }

 private:
  friend class TransactionProducer;
  Transaction(std::shared_ptr<client::ProducerCore> core, SendReceipt receipt, std::string topic)
      : core_(std::move(core)), receipt_(std::move(receipt)), topic_(std::move(topic)) {}
  Status end(TransactionState state);

  std::shared_ptr<client::ProducerCore> core_;
  SendReceipt receipt_;
  std::string topic_;
  // What the broker knows; `unknown`: nothing.
  std::shared_ptr<std::atomic<TransactionState>> said_ =
      std::make_shared<std::atomic<TransactionState>>(TransactionState::unknown);
};

// Sends messages that are seen only when a local transaction has committed.
class BOLIDE_API TransactionProducer {
 public:
  // Errors: invalid_argument (the group's name, no check), topic_not_valid.
  static StatusOr<TransactionProducer> start(const Client& client,
                                             TransactionProducerOptions options);

  // Stores a message that nobody sees before commit(); how safely, its receipt says. Errors: as
  // Producer::send(); message_invalid (a delay: transactions have none).
  StatusOr<Transaction> begin(Message message);
  // begin(), then `execute`, and what it says. An answer to the broker that is lost is no error: it
  // will ask. Where the receipt's state is another than ok, nothing was executed, and the message
  // is rolled back.
  StatusOr<SendReceipt> send(Message message, const std::function<TransactionState()>& execute);

 private:
  explicit TransactionProducer(Producer producer) : producer_(std::move(producer)) {}

  Producer producer_;
};

}  // namespace bolide
