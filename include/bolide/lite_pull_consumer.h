// SPDX-License-Identifier: Apache-2.0
//
// LitePullConsumer: hands out messages when it is asked for them, as a member of a group that
// shares the queues (subscriptions) or of queues that the user chooses (assign).
// Any thread; poll(), seek() and commit() from one at a time.  Owns: what was pulled and not yet
// polled.
// Invariant: at least once: what poll() returned counts as consumed at the next poll() or commit().
#pragma once

#include <bolide/client.h>
#include <bolide/message.h>
#include <bolide/push_consumer.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace bolide {

namespace client {
class LiteCore;
}

// What to consume, and how much to hold.
struct LitePullConsumerOptions {
  std::string group;
  // topic: "*", "tag || tag" or Filter::sql(condition). Empty: queues are given by assign().
  std::map<std::string, Filter> subscriptions = {};
  ConsumeModel model = ConsumeModel::clustering;
  ConsumeFrom from = ConsumeFrom::last;
  std::int64_t from_time_ms = 0;   // with ConsumeFrom::time, since the epoch
  AllocateStrategy strategy = {};  // empty: averagely()
  int poll_messages_max = 10;      // that one poll() returns
  int pull_messages_max = 32;
  // A queue is not pulled while it holds more than this.
  std::size_t queue_messages_max = 1000;
  std::size_t queue_bytes_max = std::size_t{100} << 20;
  std::int64_t queue_span_max = 2000;  // between its first and last offset that is not consumed
  // Commits what was consumed by itself, at a poll() and at the end. Otherwise commit() does.
  bool auto_commit = true;
  std::chrono::milliseconds auto_commit_interval{5000};
  std::string offset_directory = {};  // broadcasting; empty: ~/.rocketmq_offsets
};

// A consumer that hands out messages when it is asked for them.
class BOLIDE_API LitePullConsumer {
 public:
  // Joins the group; pulling begins in the background.
  // Errors: invalid_argument, in_use (the client has a consumer of this group),
  // subscription_invalid (an SQL condition; asks a broker).
  static StatusOr<LitePullConsumer> start(const Client& client, LitePullConsumerOptions options);
  // As stop().
  ~LitePullConsumer();
  LitePullConsumer(LitePullConsumer&&) noexcept;
  LitePullConsumer& operator=(LitePullConsumer&&) noexcept;

  // Leaves the group; what was polled since the last poll() or commit() comes again. Ends a poll()
  // that waits.
  void stop();

  // Messages that have come, of one queue in the order of their offsets; waits for the first at
  // most `timeout`. Empty when none came, and after stop().
  std::vector<ReceivedMessage> poll(std::chrono::milliseconds timeout);

  // Without subscriptions: these queues, and no others. Queues that it had already go on.
  // Errors: invalid_argument (the consumer has subscriptions, or a name is not one).
  Status assign(const std::vector<QueueId>& queues);
  // The queues that it has now, sorted.
  std::vector<QueueId> assignment() const;
  // All readable queues of a topic. Errors: topic_not_found, connection_failed, timeout.
  StatusOr<std::vector<QueueId>> queues_of(const std::string& topic) const;

  // The next message of the queue is the one at `offset`; what was pulled before is forgotten.
  // Errors: not_found (the queue is not assigned), and for begin and end what a broker answers.
  Status seek(const QueueId& queue, std::int64_t offset);
  // The same, to the oldest message that is there.
  Status seek_to_begin(const QueueId& queue);
  // The same, behind the newest message.
  Status seek_to_end(const QueueId& queue);
  // Nothing of these comes until resume(). Queues that are not assigned are passed over.
  void pause(const std::vector<QueueId>& queues);
  // Ends pause().
  void resume(const std::vector<QueueId>& queues);

  // Takes all that was polled for consumed, and waits until the brokers have the offsets, or the
  // file of a broadcasting consumer.
  // Errors: what a broker answers; io, no_permission, disk_full.
  Status commit();
  // The same without waiting.
  void commit_async();
  // Commits these offsets (of the next message each), whatever was polled.
  Status commit(const std::map<QueueId, std::int64_t>& offsets);
  // What the group has committed of a queue. Errors: not_found (nothing), what a broker answers.
  StatusOr<std::int64_t> committed(const QueueId& queue) const;
  // The offset of the first message that was stored at `time_ms` (since the epoch) or later.
  // Errors: what a broker answers.
  StatusOr<std::int64_t> offset_for_time(const QueueId& queue, std::int64_t time_ms) const;

 private:
  explicit LitePullConsumer(std::shared_ptr<client::LiteCore> core);

  std::shared_ptr<client::LiteCore> core_;
};

}  // namespace bolide
