// SPDX-License-Identifier: Apache-2.0
//
// PushConsumer: hands messages to a function, as a member of a group that shares the queues
// (clustering) or as one that gets everything (broadcasting).
// Any thread, many at once.  Owns: what was pulled and not yet consumed.
// Invariant: at least once: an offset is committed when everything before it was consumed.
#pragma once

#include <bolide/client.h>
#include <bolide/filter.h>
#include <bolide/message.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace bolide {

namespace client {
class PushCore;
}

// What a listener says of its messages.
enum class ConsumeResult : std::uint8_t { success, later };
// Whether the members of a group share the messages, or each gets all.
enum class ConsumeModel : std::uint8_t { clustering, broadcasting };
// Where a group begins in a queue of which it has no offset. A new group on a queue that was never
// trimmed begins at its start whatever this says, as servers do it.
enum class ConsumeFrom : std::uint8_t { last, first, time };

// Which of the sorted queues the member `self` of the sorted `members` takes. All members of a
// group need the same one. Called on a thread that serves all clients of the program: it must not
// wait for anything.
using AllocateStrategy = std::function<std::vector<QueueId>(const std::vector<QueueId>& queues,
                                                            const std::vector<std::string>& members,
                                                            const std::string& self)>;
namespace allocate {
BOLIDE_API AllocateStrategy averagely();            // blocks; RocketMQ's default
BOLIDE_API AllocateStrategy averagely_by_circle();  // one after the other
// By a ring of hashes: few queues move when a member comes or goes.
BOLIDE_API AllocateStrategy consistent_hash(int virtual_nodes = 10);
// These, whoever else is there; what is refused the members share averagely.
BOLIDE_API AllocateStrategy fixed(std::vector<QueueId> own);
}  // namespace allocate

// Called on threads of the library, several at once, with 1 to `batch_messages_max` messages of one
// queue. `later` gives the whole batch back: it comes again after a while; so does what it throws.
// One call must not wait for another: those that come at one moment may share a thread.
using MessageListener = std::function<ConsumeResult(std::span<const ReceivedMessage> messages)>;

// What to consume, and how.
struct PushConsumerOptions {
  std::string group;
  // topic: "*", "tag || tag" or Filter::sql(condition)
  std::map<std::string, Filter> subscriptions;
  MessageListener on_messages;
  ConsumeModel model = ConsumeModel::clustering;
  ConsumeFrom from = ConsumeFrom::last;
  std::int64_t from_time_ms = 0;  // with ConsumeFrom::time, since the epoch
  // A broker lets a new group begin a topic from which nothing was dropped yet with its first
  // message, whatever `from` says. True: `from` holds there too (clustering; brokers from 5.0 on).
  bool from_in_young_topics = false;
  std::string strategy_name = "AVG";
  AllocateStrategy strategy = {};  // empty: averagely()
  int concurrency = 20;            // calls of on_messages at once; 64 for all clients together
  int batch_messages_max = 1;
  int pull_messages_max = 32;
  // A queue is not pulled while it holds more than this, unconsumed.
  std::size_t queue_messages_max = 1000;
  std::size_t queue_bytes_max = std::size_t{100} << 20;
  std::int64_t queue_span_max = 2000;  // between its first and last unconsumed offset
  // One batch of a queue at a time, in the order of the queue, by one member of the group; `later`
  // makes the queue wait for `ordered_retry_pause`. Not with broadcasting; a broker may give a
  // queue to another member when this one was away for a minute.
  bool ordered = false;
  std::chrono::milliseconds ordered_retry_pause{1000};
  // So often a message comes again, then it goes to the dead letters. -1: 16 times; ordered: for
  // ever.
  int reconsume_max = -1;
  std::chrono::milliseconds offset_commit_interval{5000};
  std::chrono::milliseconds stop_timeout{30'000};
  std::string offset_directory = {};  // broadcasting; empty: ~/.rocketmq_offsets
  // As ProducerOptions::trace: what became of each message in on_messages.
  bool trace = false;
  std::string trace_topic = {};  // empty: RMQ_SYS_TRACE_TOPIC

  // What reconsume_max stands for.
  int reconsume_max_or_default() const {
    if (reconsume_max >= 0) return reconsume_max;
    return ordered ? std::numeric_limits<int>::max() : 16;
  }
};

// A consumer that hands messages to a function.
class BOLIDE_API PushConsumer {
 public:
  // Joins the group; consuming begins in the background.
  // Errors: invalid_argument, in_use (the client has a consumer of this group),
  // subscription_invalid (an SQL condition; asks a broker). topic_not_found is none: a topic may
  // come later.
  static StatusOr<PushConsumer> start(const Client& client, PushConsumerOptions options);
  // As stop(), unless it was called.
  ~PushConsumer();
  PushConsumer(PushConsumer&&) noexcept;
  PushConsumer& operator=(PushConsumer&&) noexcept;

  // Takes no more messages, waits until those being consumed are done (at most `stop_timeout`),
  // commits, and leaves the group, so that others take over at once. In a listener of its own it
  // does not wait for that call. Errors: timeout; of a broadcasting consumer's offsets: io,
  // no_permission, disk_full.
  Status stop();
  // Pulls no more until resume(); what was pulled is still consumed.
  void suspend();
  // Ends suspend().
  void resume();
  // The queues that this member has now, sorted.
  std::vector<QueueId> queues() const;

 private:
  explicit PushConsumer(std::shared_ptr<client::PushCore> core);

  std::shared_ptr<client::PushCore> core_;
};

}  // namespace bolide
