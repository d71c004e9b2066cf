// SPDX-License-Identifier: Apache-2.0
//
// ConsumerCore: what every consumer of a group does: it finds out which queues it has, pulls them,
// and commits what was consumed (rocketmq 3.3, 3.4, 3.6). What becomes of the messages, its heirs
// say.
// Runs on: the client's agent, but for what says otherwise.  Owns: its queues.
// Invariant: a message is committed only after its heir has called it consumed.
#pragma once

#include <bolide/push_consumer.h>

#include "client/consume_stats.h"
#include "client/core.h"
#include "client/offset_file.h"
#include "client/process_queue.h"

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace bolide::client {

using QueuePtr = std::shared_ptr<ProcessQueue>;

struct ConsumerSettings {
  std::string group;
  std::map<std::string, Filter> subscriptions;
  ConsumeModel model = ConsumeModel::clustering;
  ConsumeFrom from = ConsumeFrom::last;
  std::int64_t from_time_ms = 0;
  bool from_in_young_topics = false;
  AllocateStrategy strategy;
  int pull_messages_max = 32;
  std::size_t queue_messages_max = 1000;
  std::size_t queue_bytes_max = std::size_t{100} << 20;
  std::int64_t queue_span_max = 2000;
  std::int64_t commit_interval_ms = 5000;
  std::string offset_directory;
  // The consumer takes its messages when it wants to: its pulls carry their subscription, and it
  // has no retry topic.
  bool active = false;
};

class ConsumerCore : public Member, public std::enable_shared_from_this<ConsumerCore> {
 public:
  ConsumerCore(std::shared_ptr<Core> core, ConsumerSettings settings);

  Core& core() const { return *core_; }
  Runtime& runtime() const { return core_->runtime(); }
  // Any thread: the queues that it has, sorted, but those of its retry topic.
  std::vector<QueueId> queues();

  const std::string& group() const override { return settings_.group; }
  bool consumes() const override { return true; }
  std::vector<std::string> topics() const override;
  void write_heartbeat(JsonWriter& out) const override;
  void on_route(const std::string& topic, const RoutePtr& route) override;
  void on_members_changed() override;
  void on_reset_offsets(const std::string& topic,
                        const std::map<QueueKey, std::int64_t>& offsets) override;
  std::string running_info() override;
  std::string offsets_info(const std::string& topic) override;

 protected:
  // A queue holds messages that it did not hold before.
  virtual void on_messages() = 0;
  virtual void on_tick(std::int64_t /*now_ms*/) {}
  // Whether a queue of ours may be pulled.
  virtual bool may_pull(const ProcessQueue& /*queue*/) const { return true; }
  // Makes a queue ours: find_start(), or give_up_start() where it may not be had.
  virtual void acquire(const QueueId& id) { find_start(id); }
  // A queue that acquire() was to make ours did not become it.
  virtual void on_not_acquired(const QueueId& /*id*/) {}
  // Whether what was consumed of a queue may be told to its broker now.
  virtual bool may_commit(const ProcessQueue& /*queue*/) const { return true; }
  // What running_info() tells beyond what all consumers know.
  virtual bool is_ordered() const { return false; }
  virtual int listeners() const { return 0; }
  virtual bool holds_lock(const QueueId& /*queue*/) const { return false; }
  // A queue that was ours, and was committed, is not in queues_ any more.
  virtual void on_dropped(const QueuePtr& /*queue*/) {}

  bool clustering() const { return settings_.model == ConsumeModel::clustering; }
  std::string retry_topic() const;
  static bool is_retry(const std::string& topic);
  // From a topic's name on the wire to the user's, and back.
  std::string unwrapped(const std::string& topic) const;
  std::string wrapped(const std::string& topic) const;
  // Gives a message of the retry topic the topic that it was sent to, as the user calls it.
  void name_for_user(ReceivedMessage& message) const;
  template <class Self>
  std::weak_ptr<Self> weak_as(Self*) {
    return std::static_pointer_cast<Self>(shared_from_this());
  }

  // consumer_core.cc
  // Any thread. Errors: in_use; of a broadcasting consumer's file: io, malformed.
  Result<> join();
  void leave(FarewellPtr farewell);
  // Any thread but the agent: writes a broadcasting consumer's offsets as they are now.
  // Errors: io, no_permission, disk_full.
  Result<> save_offsets();
  void commit_all();
  void commit(const QueuePtr& queue);
  void send_offset(const QueueId& id, std::int64_t offset, OnReply done);
  // These are consumed, or were handed to the broker.
  void settle(const QueuePtr& queue, std::span<const ReceivedMessage> messages);

  // consumer_info.cc: of a topic, as on the wire.
  ConsumeStats& stats_of(const std::string& topic) { return stats_[topic]; }

  // consumer_rebalance.cc: which queues are ours, and where they begin.
  void rebalance_later(std::int64_t delay_ms);
  void take_queues(const std::string& topic, const std::set<QueueId>& own);
  void find_start(const QueueId& id);
  void give_up_start(const QueueId& id);
  // What is pulled next of a queue is at `offset`. False if it is not ours.
  bool restart_at(const QueueId& id, std::int64_t offset);
  void drop(const QueuePtr& queue);
  // Null if it is not ours.
  QueuePtr queue_of(const QueueId& id) const;
  // Of a broadcasting consumer: as in its file.
  std::optional<std::int64_t> stored_offset(const QueueId& id) const;

  // consumer_pull.cc: what they hold.
  void pull(const QueuePtr& queue);

  const std::shared_ptr<Core> core_;
  const ConsumerSettings settings_;
  std::map<QueueId, QueuePtr> queues_;
  bool assigned_by_hand_ = false;  // then the queues are these, by topic
  std::map<std::string, std::set<QueueId>> by_hand_;
  bool commits_by_itself_ = true;
  bool suspended_ = false;
  bool stopping_ = false;
  FarewellPtr farewell_;  // null, but while it leaves

 private:
  const Filter& filter_of(const std::string& topic) const;
  void write_subscription(JsonWriter& out, const std::string& topic) const;
  void write_queues(JsonWriter& out) const;
  void write_stats(JsonWriter& out) const;
  void rebalance();
  void rebalance_topic(const std::string& topic);
  void allocate_queues(const std::string& topic, const std::vector<std::string>& members);
  std::vector<QueueId> share_of(const std::vector<QueueId>& queues,
                                const std::vector<std::string>& members) const;
  void start_where_told(const QueueId& id, const std::string& address);
  void begin_queue(const QueueId& id, std::int64_t offset);
  void pull_later(const QueuePtr& queue, std::int64_t delay_ms);
  bool is_full(const ProcessQueue& queue) const;
  void on_pulled(const QueuePtr& queue, std::int64_t asked_ms, Result<Reply> reply);
  void move_to(const QueuePtr& queue, std::int64_t offset, bool by_operator);
  Result<> take_messages(const QueuePtr& queue, const Reply& reply, std::int64_t next_offset,
                         std::int64_t took_ms);
  void store_offset(const ProcessQueue& queue);
  void save_offsets_later();
  Result<> write_offsets(const Offsets& offsets, std::uint64_t version);
  void find_retry_topic(std::int64_t now_ms);
  void tick();

  const std::int64_t sub_version_;
  std::int32_t pull_code_;
  OffsetFile file_;
  std::set<QueueId> starting_;  // ours, but where to begin is being asked
  Offsets stored_;              // broadcasting: as in the file, or about to be written
  std::uint64_t version_ = 0;   // of stored_
  std::uint64_t saved_ = 0;     // the version that is in the file
  bool saving_ = false;         // a worker writes
  std::mutex file_mutex_;       // of the file, and
  std::uint64_t written_ = 0;   // the version that was written last
  bool rebalance_waits_ = false;
  std::size_t members_broker_ = 0;  // whose list of members is asked for, of a topic's route
  std::unique_ptr<net::Agent::Timer> timer_;
  std::int64_t commit_at_ms_ = 0;
  std::map<std::string, ConsumeStats> stats_;  // by topic
  std::int64_t sample_at_ms_ = 0;
  std::int64_t retry_route_at_ms_ = 0;
  std::int64_t started_ms_ = 0;  // wall time
  std::int64_t rebalance_at_ms_ = 0;
};

// The queues of a topic that may be read, sorted.
std::vector<QueueId> readable_queues(const TopicRoute& route, const std::string& topic);

}  // namespace bolide::client
