// SPDX-License-Identifier: Apache-2.0
//
// Producer: sends messages; waits for the answer, calls back, gives a future, or is awaited.
// Any thread, many at once.  Owns: what is on its way.
// Invariant: each send ends once, with a receipt or an error, at most `send_timeout` after it
// began. Destroying a producer waits for what is on its way, which then is not retried any more,
// and for callbacks, but for the one that destroys it; requests end with shutting_down.
#pragma once

#include <bolide/client.h>
#include <bolide/message.h>

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace bolide {

namespace client {
class ProducerCore;
}

// By which method bodies are compressed.
enum class Compression : std::uint8_t { none, zlib, lz4, zstd };

// How to send.
struct ProducerOptions {
  std::string group = "DEFAULT_PRODUCER";
  std::chrono::milliseconds send_timeout{3000};  // for all attempts together
  // After the first attempt, on another broker; none with a selector or an ordering key.
  int retries = 2;
  // Bolide's broker stores each message once, however often it is sent: what gets no answer is sent
  // again, to the same queue only, until `send_timeout` is over (`retries` does not count), also
  // while the broker restarts. A send that ends with an error may be stored or not, and send()
  // again is another message: so let the timeout be longer than a restart takes. Messages with a
  // selector or an ordering key are on their way one at a time in each queue, and keep their order.
  // One-way sends are not repeated, so not numbered. Apache's broker stores repeats: with it this
  // is a producer that may repeat a message.
  bool idempotent = false;
  // Of an idempotent producer that goes on where an earlier one with this id has ended, in another
  // process too: then each message has its Message::sequence, and a selector or an ordering key
  // that takes it to the same queue each time. Used by one producer at a time. Empty: a new one.
  std::string producer_id = {};
  Compression compression = Compression::zlib;
  std::size_t compress_above_bytes = 4096;
  std::size_t message_bytes_max = std::size_t{4} << 20;
  // A send waits (up to its timeout) while so much is on its way, and then fails with busy. In
  // callbacks and listeners, which make room by returning, it fails at once; so does a one-way send
  // while so many bytes wait for the network.
  std::size_t in_flight_messages_max = 65'536;
  std::size_t in_flight_bytes_max = std::size_t{64} << 20;
  // Avoid a broker for a while that failed or answered late.
  bool latency_fault_tolerance = false;
  // Whether a message that is stored, but not as safely as asked, is sent to another broker too.
  bool retry_when_not_stored_safely = false;
  // Queues of a topic that the broker makes because of a send.
  int auto_topic_queues = 4;
  // Whether what became of each message is written into a topic of traces, for `bolide message
  // trace` and RocketMQ's tools: in batches, beside the messages; a trace that cannot be written is
  // lost and troubles no send. A broker may ask not to be traced.
  bool trace = false;
  std::string trace_topic = {};  // empty: RMQ_SYS_TRACE_TOPIC
};

// Returns the place in `queues` (never empty, sorted) to which the message goes. Called on a thread
// of the library: must not block.
using QueueSelector =
    std::function<std::size_t(const std::vector<QueueId>& queues, const Message& message)>;
// Gets the receipt or the error of one send. Callbacks and selectors must not throw: that ends the
// program.
using SendCallback = std::function<void(StatusOr<SendReceipt> result)>;
// Gets the answer to a request, or the error.
using AnswerCallback = std::function<void(StatusOr<ReceivedMessage> answer)>;

class SendAwaitable;

// Sends messages.
class BOLIDE_API Producer {
 public:
  // Errors: invalid_argument (the group's name).
  static StatusOr<Producer> start(const Client& client, ProducerOptions options = {});
  ~Producer();
  Producer(Producer&&) noexcept;
  Producer& operator=(Producer&&) noexcept;

  // Sends, and waits for the broker's answer.
  // Errors, of all sends: topic_not_found, message_invalid, message_too_large, no_permission,
  // timeout, busy (too much on its way), connection_failed, shutting_down, what a broker answers.
  StatusOr<SendReceipt> send(Message message, QueueSelector select = {});
  // Calls `done` on a thread of the library, once.
  void send_async(Message message, SendCallback done, QueueSelector select = {});
  // The future holds what send() would return.
  std::future<StatusOr<SendReceipt>> send_future(Message message, QueueSelector select = {});
  // co_await producer.send_awaitable(message): StatusOr<SendReceipt>. The coroutine continues on a
  // thread of the library. The producer must outlive the wait. GCC 12 destroys temporaries of a
  // co_await expression twice: there, give the message and the awaitable names.
  SendAwaitable send_awaitable(Message message, QueueSelector select = {});
  // Sends without an answer: returns when a connection to the broker has taken it, or with
  // connection_failed. No retries.
  Status send_one_way(Message message, QueueSelector select = {});
  // Sends messages of one topic, in as few requests as fit, each to one queue. The receipts stand
  // in the order of the messages. On an error some of them may have been stored.
  StatusOr<std::vector<SendReceipt>> send_batch(std::vector<Message> messages);

  // Sends a message and waits for its answer, which another program sends by reply(). `timeout` is
  // for both. Errors: as send(); timeout.
  StatusOr<ReceivedMessage> request(Message message, std::chrono::milliseconds timeout,
                                    QueueSelector select = {});
  // Calls `done` on a thread of the library, once.
  void request_async(Message message, std::chrono::milliseconds timeout, AnswerCallback done,
                     QueueSelector select = {});
  // Answers a message that a consumer of this program received from a request().
  // Errors: message_invalid (it is no request); as send(); what the broker answers when the one who
  // asked is gone.
  StatusOr<SendReceipt> reply(const ReceivedMessage& request, std::string body);

  // Takes back a message to `topic` that waits for its time, by the handle of its receipt; returns
  // its id. Whether it is in time nobody knows: it may be delivered still when its time is near.
  // Errors: invalid_argument (no such handle), topic_not_found, connection_failed, timeout, what a
  // broker answers: no_permission (it recalls nothing).
  StatusOr<std::string> recall(const std::string& topic, const std::string& handle);

  // Waits until nothing is on its way and no callback runs, but for the one that calls this.
  // Errors: timeout.
  Status flush(std::chrono::milliseconds timeout);

 private:
  friend class TransactionProducer;
  explicit Producer(std::shared_ptr<client::ProducerCore> core);

  std::shared_ptr<client::ProducerCore> core_;
};

// What a coroutine awaits; made by Producer::send_awaitable().
class SendAwaitable {
 public:
  // For the library.
  SendAwaitable(Producer& producer, Message message, QueueSelector select)
      : producer_(producer), message_(std::move(message)), select_(std::move(select)) {}

  // Never: nothing is sent before the coroutine waits.
  bool await_ready() const noexcept { return false; }
  // Sends; the answer resumes the coroutine.
  void await_suspend(std::coroutine_handle<> coroutine) {
    producer_.send_async(
        std::move(message_),
        [this, coroutine](StatusOr<SendReceipt> result) {
          result_.emplace(std::move(result));
          coroutine.resume();
        },
        std::move(select_));
  }
  // As send().
  StatusOr<SendReceipt> await_resume() { return std::move(*result_); }

 private:
  Producer& producer_;
  Message message_;
  QueueSelector select_;
  std::optional<StatusOr<SendReceipt>> result_;
};

inline SendAwaitable Producer::send_awaitable(Message message, QueueSelector select) {
  return SendAwaitable(*this, std::move(message), std::move(select));
}

}  // namespace bolide
