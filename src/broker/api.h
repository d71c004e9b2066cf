// SPDX-License-Identifier: Apache-2.0
//
// The broker core's only door. Every protocol turns its wire into these calls. It takes and gives
// values and shared bytes and answers later, so that a remote stand-in can implement it.
//   Hot calls (send, pull) carry a Ticket and are answered through the ReplySink of the front end.
//   Control calls take a callback, called exactly once, possibly before the call returns.
// Runs on: core agent.  Owns: nothing.  Invariant: every call carries an identity; views in a
// request are read before the call returns.
#pragma once

#include <bolide/host.h>

#include "base/buffer.h"
#include "base/result.h"
#include "base/time.h"
#include "broker/config.h"
#include "broker/leases/settled.h"
#include "broker/lite/lite_facts.h"
#include "broker/static_topics/mapping.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bolide::broker {

// Who calls. Today everybody is anonymous; authorisation is one function of (identity, action,
// resource), called in the core.
struct Identity {
  std::string tenant;
  std::string user;
};

using SessionId = std::uint64_t;  // unique in the process, never used twice
class ReplySink;
struct TransactionQuestion;

// Where the answer to a hot call goes. A session that has gone by then drops it.
struct Ticket {
  ReplySink* sink = nullptr;
  SessionId session = 0;
  std::int32_t token = 0;    // the front end's own, e.g. the opaque of a remoting request
  std::uint32_t detail = 0;  // likewise
};

// Who sends a message. What the broker sends has its properties complete and goes to any topic;
// what has waited for its time takes no detour again.
enum class Origin : std::uint8_t { client, broker, waited };

struct SendRequest {
  Ticket ticket;
  const Identity* identity = nullptr;
  std::string_view topic;
  std::string_view default_topic;  // whose settings an auto-created topic inherits
  std::int32_t default_queues = 4;
  std::int32_t queue_id = -1;  // negative: the broker chooses
  std::int32_t sys_flag = 0;
  std::int32_t flag = 0;
  std::int64_t born_ms = 0;
  Host born_host;
  std::string_view properties;  // wire 1.12
  std::int32_t reconsume_times = 0;
  std::optional<std::int32_t> reconsume_times_max;  // of a retry; else the group's
  bool batch = false;                               // body is a batch (wire 1.10)
  bool unit_mode = false;                           // marks a topic that is made for it
  bool physical = false;                            // queue_id is the broker's; see QueueTarget
  std::int32_t numbered_queue = -1;  // by which its producer knows it; negative: queue_id
  Origin origin = Origin::client;
  std::int64_t prepared_position = 0;  // of the half message that is committed
  std::string_view body;
};

struct SendResult {
  std::optional<Error> error;
  std::int32_t queue_id = 0;
  std::int64_t queue_offset = 0;            // of the first message
  std::span<const std::int64_t> positions;  // of each message; lives during the call
  Host store_host;
  std::string_view unique_key;     // of a single message; lives during the call
  std::string_view recall_handle;  // of one that waits for its time; likewise
  bool inner_batch = false;        // a batch became one record, and unique_key is its
};

enum class PullStatus : std::uint8_t {  // RocketMQ's GetMessageStatus names (semantics 3.4)
  found,
  no_matched_message,
  no_message_in_queue,
  offset_overflow_one,
  offset_overflow_badly,
  offset_too_small,
  offset_reset,
};

struct PullRequest {
  Ticket ticket;
  const Identity* identity = nullptr;
  std::string_view group;
  std::string_view topic;
  std::int32_t queue_id = 0;
  std::int64_t offset = 0;
  std::int32_t messages_max = 32;
  std::int64_t bytes_max = 0;   // 0: the broker's limit
  std::int64_t suspend_ms = 0;  // how long to wait for a message; 0: answer at once
  std::optional<std::int64_t> commit_offset;
  std::optional<std::string_view> subscription;  // carried by the request; else the group's
  std::string_view expression_type = "TAG";
  std::int64_t subscription_version = 0;
  bool physical = false;  // queue and offset are the broker's; see QueueTarget
};

struct PullResult {
  std::optional<Error> error;
  PullStatus status = PullStatus::found;
  std::int64_t next_offset = 0;
  std::int64_t min_offset = 0;
  std::int64_t max_offset = 0;
  std::int32_t messages = 0;
  Slices records;
  // To be added to the offsets in the records; present for queues of static topics alone.
  std::optional<std::int64_t> offset_delta = std::nullopt;
};

// Which topic a message is popped from: RocketMQ's broker keeps what was not acknowledged in a
// retry topic for each group and topic, in two forms (semantics 3.18); ours gives it again from its
// place.
enum class PopRetry : std::uint8_t { none, v1, v2 };

enum class PopKind : std::uint8_t {
  take,    // messages, each with a lease
  look,    // messages, and everything stays as it is
  notice,  // whether there are any
};

struct PopRequest {
  Ticket ticket;
  const Identity* identity = nullptr;
  PopKind kind = PopKind::take;
  std::string_view group;
  std::string_view topic;
  std::int32_t queue_id = -1;    // negative: any
  std::string_view lite_client;  // of the lite topics that it subscribes to; empty: of the topic
  std::int32_t messages_max = 32;
  std::int64_t invisible_ms = 60'000;  // how long a message is given for
  std::int64_t suspend_ms = 0;         // how long to wait for a message; 0: answer at once
  bool from_end = false;               // where a new group begins
  bool ordered = false;                // a queue waits until all that it gave is done
  std::string_view attempt;            // in order: the same again asks for what got lost
  std::optional<std::string_view> subscription;  // absent: all messages
  std::string_view expression_type = "TAG";
};

// What was popped of one queue.
struct PopQueue {
  std::int32_t queue_id = 0;
  PopRetry retry = PopRetry::none;
  std::vector<std::int64_t> offsets;  // in order
  std::vector<std::int32_t> times;    // how often each was given before
};

enum class PopStatus : std::uint8_t {
  found,
  nothing,  // in time
  full,     // too many wait already
};

struct PopResult {
  std::optional<Error> error;
  PopStatus status = PopStatus::found;
  WallMs given_ms = 0;  // with queue and offset it names the delivery of each message
  std::int64_t invisible_ms = 0;
  std::int64_t rest = 0;  // messages that could be given now
  std::vector<PopQueue> queues;
  Slices records;  // queue by queue
};

// The delivery of a message, as its consumer names it.
struct LeaseRef {
  std::string_view group;
  std::string_view topic;
  std::int32_t queue_id = 0;
  std::int64_t offset = 0;
  WallMs given_ms = 0;
  bool ordered = false;
};

// The delivery of a message of a lite topic of lease.topic; the offset is that in the lite topic.
struct LiteLease {
  LeaseRef lease;
  std::string_view lite_topic;
};

// For how long the message is given from now on. `suspend`: all that was given with it, and the
// delivery does not count as an attempt.
struct LiteChange {
  std::int64_t invisible_ms = 0;
  bool suspend = false;
};

struct LeaseChange {
  Settled settled = Settled::done;
  WallMs given_ms = 0;  // by which the delivery is known from now on
  std::int64_t invisible_ms = 0;
};

// A client was put out of a lite topic. The views live during the call.
struct LiteNotice {
  std::string_view client;
  std::string_view group;
  std::string_view lite_topic;
};

// What a front end gives the core to be answered.
class ReplySink {
 public:
  virtual ~ReplySink() = default;
  virtual void on_send(const Ticket& ticket, const SendResult& result) = 0;
  virtual void on_pull(const Ticket& ticket, PullResult&& result) = 0;
  virtual void on_pop(const Ticket& ticket, PopResult&& result) = 0;
  // A producer is asked for the outcome of a transaction (code 39). False: it was not, its
  // connection has gone or has enough to send.
  virtual bool on_check_transaction(SessionId session, const TransactionQuestion& question) = 0;
  // The members of `group` changed: tell the client behind `session` (code 40).
  virtual void on_group_changed(SessionId session, std::string_view group) = 0;
  // The client behind `session` does not subscribe to a lite topic any more (code 200073).
  virtual void on_lite_unsubscribed(SessionId session, const LiteNotice& notice) = 0;
};

enum class ConsumeType : std::uint8_t { actively, passively, pop };
enum class MessageModel : std::uint8_t { broadcasting, clustering };
enum class ConsumeFrom : std::uint8_t { last_offset, first_offset, timestamp, other };

struct Subscription {
  std::string topic;
  std::string expression = "*";
  std::string expression_type = "TAG";
  std::int64_t version = 0;
  bool class_filter = false;

  bool operator==(const Subscription&) const = default;
};

struct ConsumerData {
  std::string group;
  ConsumeType type = ConsumeType::passively;
  MessageModel model = MessageModel::clustering;
  ConsumeFrom from = ConsumeFrom::last_offset;
  bool unit_mode = false;
  std::vector<Subscription> subscriptions;
};

struct Heartbeat {
  std::string client_id;
  std::string language;
  std::int32_t version = 0;
  std::int32_t fingerprint = 0;  // heartbeat v2; 0: v1
  bool without_subscriptions = false;
  std::vector<std::string> producer_groups;
  std::vector<ConsumerData> consumers;
};

// The client behind a heartbeat: which connection, from where.
struct ClientPlace {
  ReplySink* sink = nullptr;
  SessionId session = 0;
  Host address;
};

enum class LiteAction : std::uint8_t {
  add,
  remove,
  replace,  // the list is whole: all others are removed
  remove_all,
};

// Where a group begins in a lite topic.
struct LiteStart {
  enum class Kind : std::uint8_t { first, end, offset, tail };
  Kind kind = Kind::first;
  std::int64_t value = 0;  // an offset, or how many messages before the group's place
};

// What a client subscribes to among the lite topics of `topic`.
struct LiteSubscription {
  LiteAction action = LiteAction::add;
  std::string client_id;
  std::string group;
  std::string topic;
  std::vector<std::string> lite_topics;
  std::optional<LiteStart> start;
  std::int64_t version = 0;  // of a whole list; an older one than the last changes nothing
};

// What is asked of a client, or of a group: of one lite topic, or of all if none is named.
struct LiteClientQuestion {
  std::string_view parent;
  std::string_view group;
  std::string_view client;
  std::int64_t count_max = 0;  // lite topics to be told; 0: all
};
struct LiteGroupQuestion {
  std::string_view group;
  std::string_view lite_topic;
  std::int64_t count_max = 0;
};

struct Member {
  std::string client_id;
  Host address;
  std::string language;
  std::int32_t version = 0;
  std::int64_t last_seen_ms = 0;
  SessionId session = 0;
};

struct GroupMembers {
  ConsumeType type = ConsumeType::passively;
  MessageModel model = MessageModel::clustering;
  ConsumeFrom from = ConsumeFrom::last_offset;
  std::vector<Member> members;
  std::vector<Subscription> subscriptions;
};

struct QueueRange {
  std::int64_t min_offset = 0;
  std::int64_t max_offset = 0;
  std::int64_t last_update_ms = 0;
};

struct QueueProgress {
  std::string topic;
  std::int32_t queue_id = 0;
  std::int64_t broker_offset = 0;
  std::int64_t consumer_offset = 0;
  std::int64_t pull_offset = 0;
  std::int64_t last_timestamp_ms = 0;  // store time of the last consumed message
};

struct GroupProgress {
  double consume_tps = 0;
  std::vector<QueueProgress> queues;
};

struct ConsumeSpan {
  std::int32_t queue_id = 0;
  std::int64_t min_store_ms = 0;
  std::int64_t max_store_ms = 0;
  std::int64_t consumed_store_ms = 0;
  std::int64_t delay_ms = 0;
};

struct TopicTable {
  std::vector<TopicConfig> topics;
  DataVersion version;
  std::vector<TopicMapping> mappings = {};  // of those that are static
};

struct GroupTable {
  std::vector<GroupConfig> groups;
  DataVersion version;
};

struct OffsetEntry {
  std::string topic;
  std::string group;
  std::int32_t queue_id = 0;
  std::int64_t offset = 0;
};

struct ResetRequest {
  std::string group;
  std::string topic;
  std::int32_t queue_id = -1;          // all
  std::int64_t timestamp_ms = -1;      // -1: to the end
  std::optional<std::int64_t> offset;  // instead of the timestamp
  bool force = true;                   // also forward
};

// The queue that a request is about. Of a static topic (semantics 3.20) that is a logical queue,
// which may lie on other brokers too, unless the request is `physical`: it names the queue as this
// broker numbers it. Of other topics both are the same.
struct QueueTarget {
  std::string_view topic;
  std::int32_t queue_id = 0;
  bool physical = false;
};

// A queue as clients name it.
struct QueueRef {
  std::string topic;
  std::string broker;
  std::int32_t queue_id = 0;
};

// A client asks which queues of a topic it is to take.
struct AssignRequest {
  std::string topic;
  std::string group;
  std::string client_id;
  std::string strategy;
  MessageModel model = MessageModel::clustering;
  std::vector<QueueRef> queues;  // of the topic in all brokers; empty: those of this one
};

struct Assignment {
  std::vector<QueueRef> queues;  // of number -1: any of the broker's
  bool pop = false;
};

// A message that a group could not consume (semantics 3.7).
struct SendBackRequest {
  std::string_view group;
  std::int64_t position = 0;
  std::int32_t delay_level = 0;                     // 0: by attempts; negative: no more attempts
  std::optional<std::int32_t> reconsume_times_max;  // else the group's
};

enum class Outcome : std::uint8_t { unknown, commit, rollback };

// What a producer says about a message that is held for it (semantics 3.10).
struct EndTransaction {
  std::string_view group;
  std::int64_t half_offset = 0;  // in the queue of held messages
  std::int64_t position = 0;     // in the log
  Outcome outcome = Outcome::unknown;
  bool from_check = false;  // it was asked
};

// What a producer is asked. The views live during the call.
struct TransactionQuestion {
  std::int64_t half_offset = 0;
  std::int64_t position = 0;
  std::string_view unique_key;
  std::string_view message_id;
  std::string_view record;  // with the topic and queue to which it will go
};

struct HeartbeatReply {
  bool subscriptions_changed = true;
};

template <class T>
using Reply = std::move_only_function<void(Result<T>)>;

class Api {
 public:
  virtual ~Api() = default;

  // --- hot: answered through ticket.sink ------------------------------------------------------
  virtual void send(const SendRequest& request) = 0;
  virtual void pull(const PullRequest& request) = 0;
  // Unknown groups are an error (group_not_found).
  virtual void commit_offset(const Identity& who, std::string_view group, const QueueTarget& queue,
                             std::int64_t offset, Reply<void> reply) = 0;

  // --- single messages (semantics 3.18) --------------------------------------------------------
  // Hot: answered through ticket.sink.
  virtual void pop(const PopRequest& request) = 0;
  // The message is done. Late or twice is no error, and told. Errors: topic_not_found,
  // message_invalid for a queue that is not there, not_found for an offset that is not.
  virtual void ack(const Identity& who, const LeaseRef& lease, Reply<Settled> reply) = 0;
  // From now on the message is given for so long; 0 gives it back. Errors: as ack.
  virtual void change_lease(const Identity& who, const LeaseRef& lease, std::int64_t invisible_ms,
                            Reply<LeaseChange> reply) = 0;
  // How many pops wait; `queue_id` as they asked.
  virtual void waiting_pops(const Identity& who, std::string_view group, std::string_view topic,
                            std::int32_t queue_id, Reply<std::size_t> reply) = 0;

  // --- lite topics (semantics 3.24) ------------------------------------------------------------
  // As ack and change_lease. Errors: also invalid_argument.
  virtual void ack_lite(const Identity& who, const LiteLease& lease, Reply<Settled> reply) = 0;
  virtual void change_lite(const Identity& who, const LiteLease& lease, const LiteChange& change,
                           Reply<LeaseChange> reply) = 0;
  // Lives as long as the client's session, and is renewed. Errors: group_not_found, no_permission,
  // invalid_argument, quota_exceeded.
  virtual void subscribe_lite(const Identity& who, const ClientPlace& place,
                              const LiteSubscription& subscription, Reply<void> reply) = 0;
  // For administrators. Errors: topic_not_found, group_not_found, invalid_argument.
  virtual void lite_broker(const Identity& who, Reply<LiteBrokerFacts> reply) = 0;
  virtual void lite_parent(const Identity& who, std::string_view parent,
                           Reply<LiteParentFacts> reply) = 0;
  virtual void lite_topic(const Identity& who, std::string_view parent, std::string_view lite_topic,
                          Reply<LiteTopicFacts> reply) = 0;
  virtual void lite_client(const Identity& who, const LiteClientQuestion& question,
                           Reply<LiteClientFacts> reply) = 0;
  virtual void lite_group(const Identity& who, const LiteGroupQuestion& question,
                          Reply<LiteGroupFacts> reply) = 0;
  // Looks again for what the group's clients, or one of them, may be given.
  virtual void trigger_lite(const Identity& who, std::string_view group, std::string_view client,
                            Reply<void> reply) = 0;

  // --- clients --------------------------------------------------------------------------------
  virtual void heartbeat(const Identity& who, const ClientPlace& place, const Heartbeat& heartbeat,
                         Reply<HeartbeatReply> reply) = 0;
  virtual void unregister_client(const ClientPlace& place, std::string_view client_id,
                                 std::string_view producer_group,
                                 std::string_view consumer_group) = 0;
  virtual void session_closed(SessionId session) = 0;
  // Whether messages can be selected by the expression of `subscription`. Errors:
  // subscription_invalid.
  virtual Result<> check_subscription(const Identity& who, const Subscription& subscription) = 0;
  virtual void consumer_members(const Identity& who, std::string_view group,
                                Reply<GroupMembers> reply) = 0;
  virtual void producer_members(const Identity& who, std::string_view group,
                                Reply<std::vector<Member>> reply) = 0;
  // The producer that is known as `client_id`. Errors: not_found.
  virtual void producer_client(const Identity& who, std::string_view client_id,
                               Reply<Member> reply) = 0;
  virtual void all_producers(const Identity& who,
                             Reply<std::map<std::string, std::vector<Member>>> reply) = 0;

  // --- who takes which queues -----------------------------------------------------------------
  // Nothing: it cannot be said now, and the client keeps what it has.
  virtual void assign(const Identity& who, const AssignRequest& request,
                      Reply<std::optional<Assignment>> reply) = 0;
  // Whether the group's clients pull or pop the topic. Errors: no_permission, topic_not_valid,
  // invalid_argument.
  virtual void put_request_mode(const Identity& who, const RequestMode& mode,
                                Reply<void> reply) = 0;
  virtual void request_modes(const Identity& who, Reply<std::vector<RequestMode>> reply) = 0;

  // --- ordered consumption --------------------------------------------------------------------
  // Locks queues for one client of a group (semantics 3.5); answers those that it now holds. A lock
  // ends 60 s after it was last asked for.
  virtual void lock_queues(const Identity& who, std::string_view group, std::string_view client_id,
                           const std::vector<QueueRef>& queues,
                           Reply<std::vector<QueueRef>> reply) = 0;
  virtual void unlock_queues(const Identity& who, std::string_view group,
                             std::string_view client_id, const std::vector<QueueRef>& queues) = 0;

  // --- offsets --------------------------------------------------------------------------------
  // All that take a QueueTarget, and send and pull: not_leader_for_queue if another broker has that
  // logical queue now.
  // RocketMQ's first-time rule (semantics 3.3): no offset and a queue never trimmed answers 0,
  // else not_found; with `zero_if_absent` false a missing offset is always not_found.
  virtual void consumer_offset(const Identity& who, std::string_view group,
                               const QueueTarget& queue, bool zero_if_absent,
                               Reply<std::int64_t> reply) = 0;
  virtual void all_offsets(const Identity& who, Reply<std::vector<OffsetEntry>> reply) = 0;
  virtual void min_offset(const Identity& who, const QueueTarget& queue,
                          Reply<std::int64_t> reply) = 0;
  virtual void max_offset(const Identity& who, const QueueTarget& queue,
                          Reply<std::int64_t> reply) = 0;
  virtual void offset_by_time(const Identity& who, const QueueTarget& queue, std::int64_t time_ms,
                              bool upper, Reply<std::int64_t> reply) = 0;
  // Store time of the oldest message; -1 if there is none.
  virtual void earliest_store_time(const Identity& who, const QueueTarget& queue,
                                   Reply<std::int64_t> reply) = 0;
  virtual void reset_offsets(const Identity& who, const ResetRequest& request,
                             Reply<std::map<std::int32_t, std::int64_t>> reply) = 0;
  virtual void clone_offsets(const Identity& who, std::string_view from_group,
                             std::string_view to_group, std::string_view topic,
                             Reply<void> reply) = 0;

  // --- messages -------------------------------------------------------------------------------
  virtual void find_messages(const Identity& who, std::string_view topic, std::string_view key,
                             bool unique_key, std::size_t count_max, std::int64_t from_ms,
                             std::int64_t to_ms, Reply<Slices> reply) = 0;
  virtual void message_at(const Identity& who, std::int64_t position, Reply<Slices> reply) = 0;
  // Takes back a message that waits for its time; answers its unique key. Errors: no_permission,
  // invalid_argument, those of a send.
  virtual void recall(const Identity& who, std::string_view topic, std::string_view handle,
                      Reply<std::string> reply) = 0;
  // Commits or rolls back a message that is held. Errors: not_found, invalid_argument,
  // no_permission, those of a send.
  virtual void end_transaction(const Identity& who, const EndTransaction& request,
                               Reply<void> reply) = 0;
  // Asks the producers again about a transaction that was given up, by its place in the log.
  // Errors: not_found, invalid_argument, those of a send.
  virtual void resume_transaction(const Identity& who, std::int64_t position,
                                  Reply<void> reply) = 0;
  // Stores the message again: for the group's next attempt, or as a dead letter. Errors: not_found,
  // group_not_found, those of a send.
  virtual void send_back(const Identity& who, const SendBackRequest& request,
                         Reply<void> reply) = 0;

  // --- topics and groups ----------------------------------------------------------------------
  // `attribute_changes`: "+key=value,-key" (semantics 3.17).
  virtual void put_topic(const Identity& who, const TopicConfig& config,
                         std::string_view attribute_changes, Reply<void> reply) = 0;
  // Makes the topic static, or moves its queues; `force` takes the mapping unchecked. Answered when
  // all that was sent before can be seen: what a queue holds then is final if it moved. Errors: as
  // put_topic, as merge_mapping.
  virtual void put_static_topic(const Identity& who, const TopicConfig& config,
                                const TopicMapping& mapping, bool force, Reply<void> reply) = 0;
  virtual void delete_topic(const Identity& who, std::string_view topic, Reply<void> reply) = 0;
  virtual void topic(const Identity& who, std::string_view topic, Reply<TopicConfig> reply) = 0;
  // Nothing: the topic is not static, or not there.
  virtual void topic_mapping(const Identity& who, std::string_view topic,
                             Reply<std::optional<TopicMapping>> reply) = 0;
  virtual void all_topics(const Identity& who, Reply<TopicTable> reply) = 0;
  virtual void topic_ranges(const Identity& who, std::string_view topic,
                            Reply<std::map<std::int32_t, QueueRange>> reply) = 0;
  virtual void put_group(const Identity& who, const GroupConfig& config, Reply<void> reply) = 0;
  virtual void delete_group(const Identity& who, std::string_view group, bool clean_offsets,
                            Reply<void> reply) = 0;
  virtual void group(const Identity& who, std::string_view group, Reply<GroupConfig> reply) = 0;
  virtual void all_groups(const Identity& who, Reply<GroupTable> reply) = 0;
  // `topics` empty: all that the group subscribes to or has offsets in.
  virtual void group_progress(const Identity& who, std::string_view group,
                              const std::vector<std::string>& topics,
                              Reply<GroupProgress> reply) = 0;
  virtual void groups_of_topic(const Identity& who, std::string_view topic,
                               Reply<std::vector<std::string>> reply) = 0;
  virtual void topics_of_group(const Identity& who, std::string_view group,
                               Reply<std::vector<std::string>> reply) = 0;
  virtual void consume_spans(const Identity& who, std::string_view topic, std::string_view group,
                             Reply<std::vector<ConsumeSpan>> reply) = 0;

  // --- the broker itself ----------------------------------------------------------------------
  virtual void runtime_info(const Identity& who,
                            Reply<std::map<std::string, std::string>> reply) = 0;
};

}  // namespace bolide::broker
