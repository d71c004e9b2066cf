// SPDX-License-Identifier: Apache-2.0
//
// SimpleConsumer: is lent messages one by one (RocketMQ's pop): each is ours for a time, and comes
// again, perhaps to another member, unless it was acknowledged by then. Members share messages, not
// queues: any number of them may work on one queue.
// Any thread, many at once.  Owns: what it waits for.
// Invariant: at least once: what was not acknowledged comes again.
#pragma once

#include <bolide/client.h>
#include <bolide/filter.h>
#include <bolide/message.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace bolide {

namespace client {
class SimpleCore;
}

// Where a group begins in a queue that it has never read. A queue that was never trimmed is read
// from its start whatever this says, as servers do it.
enum class PopFrom : std::uint8_t { first, last };

// What to receive, and how.
struct SimpleConsumerOptions {
  std::string group;
  // topic: "*", "tag || tag" or Filter::sql(condition)
  std::map<std::string, Filter> subscriptions;
  std::chrono::milliseconds await{20'000};      // how long a receive waits for its first message
  std::chrono::milliseconds invisible{60'000};  // how long a message is ours
  int messages_max = 32;                        // that one receive returns
  // In order: of a queue nothing more comes, to any member, until all that came of it is
  // acknowledged or its time is over; then it comes again.
  bool ordered = false;
  PopFrom from = PopFrom::first;
};

// A message that is ours for a time.
struct BOLIDE_API PoppedMessage : ReceivedMessage {
  std::string receipt;                  // names this delivery of the message
  std::int64_t invisible_until_ms = 0;  // since the epoch, by the broker's clock

  // 1: it was never delivered before.
  int attempt() const { return reconsume_times + 1; }
};

// Gets what a receive ended with. Callbacks must not throw: that ends the program.
using ReceiveCallback = std::function<void(StatusOr<std::vector<PoppedMessage>> result)>;
// Gets what an acknowledgement ended with.
using AckCallback = std::function<void(Status result)>;

// A consumer that is lent messages.
class BOLIDE_API SimpleConsumer {
 public:
  // Joins the group. Errors: invalid_argument, in_use (the client has a consumer of this group),
  // subscription_invalid (an SQL condition; asks a broker). topic_not_found is none: a topic may
  // come later.
  static StatusOr<SimpleConsumer> start(const Client& client, SimpleConsumerOptions options);
  // As close().
  ~SimpleConsumer();
  SimpleConsumer(SimpleConsumer&&) noexcept;
  SimpleConsumer& operator=(SimpleConsumer&&) noexcept;

  // Waits for messages, at most `await`: as soon as there is one, those that are there, up to
  // `messages_max`, of any of the topics and brokers, in turn. Each is ours for `invisible`. Empty:
  // none came.
  // Errors: invalid_argument; when `await` is over: topic_not_found, connection_failed, timeout;
  // at once: what a broker refuses for good; shutting_down.
  StatusOr<std::vector<PoppedMessage>> receive();
  // The same with other bounds than the options'.
  StatusOr<std::vector<PoppedMessage>> receive(int messages_max,
                                               std::chrono::milliseconds invisible);
  // Calls `done` on a thread of the library, once.
  void receive_async(int messages_max, std::chrono::milliseconds invisible, ReceiveCallback done);

  // The message is consumed: it does not come again. Where its time was over before, a server may
  // say so (not_found) or not; then it may have gone to somebody else.
  // Errors: invalid_argument (the receipt is none), connection_failed, timeout, what a broker
  // answers.
  Status ack(const PoppedMessage& message);
  // Calls `done` on a thread of the library, once.
  void ack_async(const PoppedMessage& message, AckCallback done);
  // All of these, with one request for each broker. On an error some may be acknowledged.
  Status ack(std::span<const PoppedMessage> messages);

  // The message is ours for `invisible` from now on; it gets a new receipt. A short time hands it
  // back. Errors: as ack().
  Status change_invisible(PoppedMessage& message, std::chrono::milliseconds invisible);

  // Leaves the group. Receives that wait end with shutting_down; what they would have got is handed
  // back. Waits for callbacks, but for the one that calls this. ack() and change_invisible() go on
  // working.
  void close();

 private:
  explicit SimpleConsumer(std::shared_ptr<client::SimpleCore> core);

  std::shared_ptr<client::SimpleCore> core_;
};

}  // namespace bolide
