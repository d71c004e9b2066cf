// SPDX-License-Identifier: Apache-2.0
//
// The broker core: the implementation of Api over topics, groups, offsets, clients, sending and
// pulling. No I/O of its own: bytes go to the store, answers to the front ends' sinks. Runs on:
// core agent.  Owns: everything of the broker but the store. Invariant: whatever a call appended is
// written by end_of_turn() of the same turn.
#pragma once

#include "base/time.h"
#include "broker/api.h"
#include "broker/clients.h"
#include "broker/compaction/compactor.h"
#include "broker/dedupe/dedupe.h"
#include "broker/delivery/popper.h"
#include "broker/delivery/puller.h"
#include "broker/delivery/visible.h"
#include "broker/groups.h"
#include "broker/leases/lease_table.h"
#include "broker/lite/lite_topics.h"
#include "broker/metadata.h"
#include "broker/offsets.h"
#include "broker/own_sends.h"
#include "broker/queue_locks.h"
#include "broker/request_modes.h"
#include "broker/retry/send_back.h"
#include "broker/sender.h"
#include "broker/static_topics/static_topics.h"
#include "broker/timers/timers.h"
#include "broker/topics.h"
#include "broker/transactions/transactions.h"
#include "store/message_store.h"
#include "table/metrics.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace bolide::broker {

struct CoreSettings {
  std::string name = "broker-a";
  std::string cluster = "DefaultCluster";
  std::string region = "DefaultRegion";
  Host store_host;
  std::int64_t broker_id = 0;
  std::int32_t permission = perm::read | perm::write;
  bool auto_create_topics = true;
  bool auto_create_groups = true;
  std::int32_t default_queues = 8;
  std::int64_t message_bytes_max = 4 << 20;
  std::int32_t pull_messages_max = 32;
  std::int64_t pull_bytes_max = 256 << 10;
  std::int64_t long_poll_ms_max = 60'000;
  std::int64_t offset_flush_interval_ms = 200;
  bool trace_on = true;     // clients are told to trace
  std::string trace_topic;  // offered to all; empty: none
  std::int64_t client_timeout_ms = 120'000;
  std::string version_text;
  std::int32_t version_number = 0;
  std::uint64_t seed = 1;
  DelayLevels delay_levels = DelayLevels::parse(DelayLevels::usual).value();
  std::size_t light_queues_max = 2'000'000;
  std::int64_t timer_horizon_ms = 1095LL * 24 * 3600 * 1000;
  bool recall_enabled = true;
  TransactionSettings transactions = {};
  DedupeSettings dedupe = {};
  LiteSettings lite = {};
};

// What was on the disk when the broker started.
struct CoreState {
  Metadata::Opened metadata;
  TimerLog::Opened timers;
  LeaseLog::Opened leases;
  DedupeLog::Opened dedupe;
  KeptPlace kept = {};
};

// What the metrics page and runtime_info are made from.
struct CoreStats {
  SendStats send;
  PullStats pull;
  PopStats pop;
  LeaseStats leases;
  CompactionStats compaction;
  TimerStats timers;
  TransactionStats transactions;
  DedupeStats dedupe;
  std::size_t topics = 0;
  std::size_t groups = 0;
  std::size_t clients = 0;
  std::size_t queue_locks = 0;
  std::size_t lite_subscriptions = 0;
  std::size_t lite_clients = 0;
};

class Core final : public Api {
 public:
  // `clock` gives the time of the turn. The references must outlive the core.
  Core(CoreSettings settings, store::MessageStore& store, CoreState state,
       store::Background background, const Clock& clock);

  // Called after each change of the topic table: with the changed topic, or null when one went.
  void announce_topics_to(Topics::Announce announce) { topics_.announce_to(std::move(announce)); }

  // How earlier generations of logical queues are reached that lie on other brokers.
  void reach_by(Peers& peers) { static_topics_->reach_by(peers); }

  // End of turn: writes what was appended, answers and wakes. Returns whether more work came of it.
  bool end_of_turn();
  // When the next message for later is due, as wall time: a turn should run then.
  std::int64_t next_due_ms() const { return timers_->next_due_ms(); }
  // Every ~100 ms: deadlines, silent clients, metadata.
  void tick();
  // The server stops, and takes nothing in any more. Writes what was appended and answers all pulls
  // that wait; sends that wait for a sync are answered when it has run.
  void drain();
  // Whether every send was answered.
  bool answered() const { return sender_.idle(); }
  // Drains, if that was not done, and saves everything. Returns what was saved.
  Result<StoredMetadata> shut_down();
  // Nothing touches the files of timers from elsewhere afterwards: before the directory is left.
  void stop_timers() { timers_->stop(); }
  CoreStats core_stats() const;
  // Takes time in proportion to the topics and offsets there are.
  void write_metrics(table::MetricsText& out) const;
  // Why nothing can be stored now; empty: it can.
  std::string trouble() const;
  const Topics& topics() const { return topics_; }
  const Groups& groups() const { return groups_; }
  const Offsets& offsets() const { return offsets_; }

  void send(const SendRequest& request) override;
  void pull(const PullRequest& request) override;
  void commit_offset(const Identity& who, std::string_view group, const QueueTarget& queue,
                     std::int64_t offset, Reply<void> reply) override;

  void pop(const PopRequest& request) override;
  void ack(const Identity& who, const LeaseRef& lease, Reply<Settled> reply) override;
  void change_lease(const Identity& who, const LeaseRef& lease, std::int64_t invisible_ms,
                    Reply<LeaseChange> reply) override;
  void waiting_pops(const Identity& who, std::string_view group, std::string_view topic,
                    std::int32_t queue_id, Reply<std::size_t> reply) override;

  void ack_lite(const Identity& who, const LiteLease& lease, Reply<Settled> reply) override;
  void change_lite(const Identity& who, const LiteLease& lease, const LiteChange& change,
                   Reply<LeaseChange> reply) override;
  void subscribe_lite(const Identity& who, const ClientPlace& place,
                      const LiteSubscription& subscription, Reply<void> reply) override;
  void lite_broker(const Identity& who, Reply<LiteBrokerFacts> reply) override;
  void lite_parent(const Identity& who, std::string_view parent,
                   Reply<LiteParentFacts> reply) override;
  void lite_topic(const Identity& who, std::string_view parent, std::string_view lite_topic,
                  Reply<LiteTopicFacts> reply) override;
  void lite_client(const Identity& who, const LiteClientQuestion& question,
                   Reply<LiteClientFacts> reply) override;
  void lite_group(const Identity& who, const LiteGroupQuestion& question,
                  Reply<LiteGroupFacts> reply) override;
  void trigger_lite(const Identity& who, std::string_view group, std::string_view client,
                    Reply<void> reply) override;

  void heartbeat(const Identity& who, const ClientPlace& place, const Heartbeat& heartbeat,
                 Reply<HeartbeatReply> reply) override;
  void unregister_client(const ClientPlace& place, std::string_view client_id,
                         std::string_view producer_group, std::string_view consumer_group) override;
  void session_closed(SessionId session) override;
  Result<> check_subscription(const Identity& who, const Subscription& subscription) override;
  void consumer_members(const Identity& who, std::string_view group,
                        Reply<GroupMembers> reply) override;
  void producer_members(const Identity& who, std::string_view group,
                        Reply<std::vector<Member>> reply) override;
  void producer_client(const Identity& who, std::string_view client_id,
                       Reply<Member> reply) override;
  void all_producers(const Identity& who,
                     Reply<std::map<std::string, std::vector<Member>>> reply) override;

  void assign(const Identity& who, const AssignRequest& request,
              Reply<std::optional<Assignment>> reply) override;
  void put_request_mode(const Identity& who, const RequestMode& mode, Reply<void> reply) override;
  void request_modes(const Identity& who, Reply<std::vector<RequestMode>> reply) override;

  void lock_queues(const Identity& who, std::string_view group, std::string_view client_id,
                   const std::vector<QueueRef>& queues,
                   Reply<std::vector<QueueRef>> reply) override;
  void unlock_queues(const Identity& who, std::string_view group, std::string_view client_id,
                     const std::vector<QueueRef>& queues) override;

  void consumer_offset(const Identity& who, std::string_view group, const QueueTarget& queue,
                       bool zero_if_absent, Reply<std::int64_t> reply) override;
  void all_offsets(const Identity& who, Reply<std::vector<OffsetEntry>> reply) override;
  void min_offset(const Identity& who, const QueueTarget& queue,
                  Reply<std::int64_t> reply) override;
  void max_offset(const Identity& who, const QueueTarget& queue,
                  Reply<std::int64_t> reply) override;
  void offset_by_time(const Identity& who, const QueueTarget& queue, std::int64_t time_ms,
                      bool upper, Reply<std::int64_t> reply) override;
  void earliest_store_time(const Identity& who, const QueueTarget& queue,
                           Reply<std::int64_t> reply) override;
  void reset_offsets(const Identity& who, const ResetRequest& request,
                     Reply<std::map<std::int32_t, std::int64_t>> reply) override;
  void clone_offsets(const Identity& who, std::string_view from_group, std::string_view to_group,
                     std::string_view topic, Reply<void> reply) override;

  void find_messages(const Identity& who, std::string_view topic, std::string_view key,
                     bool unique_key, std::size_t count_max, std::int64_t from_ms,
                     std::int64_t to_ms, Reply<Slices> reply) override;
  void message_at(const Identity& who, std::int64_t position, Reply<Slices> reply) override;
  void recall(const Identity& who, std::string_view topic, std::string_view handle,
              Reply<std::string> reply) override;
  void end_transaction(const Identity& who, const EndTransaction& request,
                       Reply<void> reply) override;
  void resume_transaction(const Identity& who, std::int64_t position, Reply<void> reply) override;
  void send_back(const Identity& who, const SendBackRequest& request, Reply<void> reply) override;

  void put_topic(const Identity& who, const TopicConfig& config, std::string_view attribute_changes,
                 Reply<void> reply) override;
  void put_static_topic(const Identity& who, const TopicConfig& config, const TopicMapping& mapping,
                        bool force, Reply<void> reply) override;
  void delete_topic(const Identity& who, std::string_view topic, Reply<void> reply) override;
  void topic(const Identity& who, std::string_view topic, Reply<TopicConfig> reply) override;
  void topic_mapping(const Identity& who, std::string_view topic,
                     Reply<std::optional<TopicMapping>> reply) override;
  void all_topics(const Identity& who, Reply<TopicTable> reply) override;
  void topic_ranges(const Identity& who, std::string_view topic,
                    Reply<std::map<std::int32_t, QueueRange>> reply) override;
  void put_group(const Identity& who, const GroupConfig& config, Reply<void> reply) override;
  void delete_group(const Identity& who, std::string_view group, bool clean_offsets,
                    Reply<void> reply) override;
  void group(const Identity& who, std::string_view group, Reply<GroupConfig> reply) override;
  void all_groups(const Identity& who, Reply<GroupTable> reply) override;
  void group_progress(const Identity& who, std::string_view group,
                      const std::vector<std::string>& topics, Reply<GroupProgress> reply) override;
  void groups_of_topic(const Identity& who, std::string_view topic,
                       Reply<std::vector<std::string>> reply) override;
  void topics_of_group(const Identity& who, std::string_view group,
                       Reply<std::vector<std::string>> reply) override;
  void consume_spans(const Identity& who, std::string_view topic, std::string_view group,
                     Reply<std::vector<ConsumeSpan>> reply) override;
  void runtime_info(const Identity& who, Reply<std::map<std::string, std::string>> reply) override;

 private:
  Result<store::QueueNo> queue_of(std::string_view topic, std::int32_t queue_id) const;
  // All messages that consumers can have.
  QueueReader reader() const { return QueueReader(store_, compactor_.get()); }
  bool can_lock(std::string_view topic, std::int32_t queue_id) const;
  void pull_here(const PullRequest& request);
  // core_offsets.cc: of logical queues and of this broker's own.
  void ask_queue(const QueueQuestion& question, bool physical, Reply<std::int64_t> reply);
  Result<std::int64_t> answer_here(const QueueQuestion& question);
  Result<std::int64_t> committed_here(const QueueQuestion& question);
  Result<std::int64_t> commit_here(const QueueQuestion& question);
  std::int64_t earliest_store_ms(store::QueueNo queue) const;
  void open_static_topics();
  void reply_when_safe();
  Result<Slices> record_at(std::int64_t position);
  void add_progress(std::string_view group, const Topic& topic, GroupProgress* progress);
  Result<std::optional<Detour>> detour(const SendRequest& request, std::int32_t queue_id,
                                       const SendProperties& known, const Now& now);
  void connect();
  void load(const StoredMetadata& stored);
  void cut_offsets();
  void open_detours(TimerLog::Opened timers, const std::vector<CheckEntry>& checks,
                    store::Background background);
  void open_leases(LeaseLog::Opened leases, store::Background background);
  void open_dedupe(DedupeLog::Opened dedupe);
  void open_lite();
  void offset_moved(std::string_view group, std::string_view topic, std::int32_t queue_id,
                    std::int64_t offset);
  void save_places(std::int64_t synced_position);
  void write_lags(table::MetricsText& out) const;
  void sample_rates(const Now& now);
  StoredMetadata everything() const;
  Now now() const { return clock_.now(); }

  CoreSettings settings_;
  store::MessageStore& store_;
  const Clock& clock_;
  std::unique_ptr<Metadata> metadata_;
  Topics topics_;
  Groups groups_;
  Offsets offsets_;
  RequestModes modes_;
  Clients clients_;
  QueueLocks locks_;
  Visible visible_;
  Sender sender_;
  OwnSends own_sends_;
  SendBack send_back_;
  Puller puller_;
  std::unique_ptr<Compactor> compactor_;
  std::unique_ptr<LeaseTable> leases_;
  std::unique_ptr<Popper> popper_;
  std::unique_ptr<LiteTopics> lite_;
  std::unique_ptr<Timers> timers_;
  std::unique_ptr<Transactions> transactions_;
  std::unique_ptr<Dedupe> dedupe_;
  std::unique_ptr<StaticTopics> static_topics_;
  // Whoever changed a mapping: answered when what the log held then is safe.
  struct Settling {
    std::int64_t position = 0;
    Reply<void> reply;
  };
  std::vector<Settling> settling_;

  struct Rates {  // messages per second over the last sampled second
    std::int64_t sampled_ms = 0;
    std::uint64_t in = 0;
    std::uint64_t out = 0;
    double in_per_s = 0;
    double out_per_s = 0;
  };
  Rates rates_;
  std::int64_t started_ms_;
  std::int64_t expired_ms_ = 0;
  std::int64_t saved_ms_ = 0;
};

}  // namespace bolide::broker
