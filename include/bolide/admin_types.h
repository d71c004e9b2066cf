// SPDX-License-Identifier: Apache-2.0
//
// What an Admin asks for and gets. Times are milliseconds since the epoch; 0 is never.
// Any thread, one at a time.  Owns: its values.  Invariant: none.
#pragma once

#include <bolide/message.h>

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace bolide {

// A topic in a list.
struct TopicName {
  std::string name;
  bool system = false;  // made by servers for themselves
};

// What a topic shall be.
struct TopicSpec {
  std::string name;
  int queues = 4;  // per broker
  bool readable = true;
  bool writable = true;
  bool order = false;                                  // keep the order when a broker is away
  std::map<std::string, std::string> attributes = {};  // "message.type": "FIFO", ...
  std::string cluster = {};                            // empty: every cluster
  std::vector<std::string> attributes_removed = {};    // that a topic that exists has now
};

// One broker's share of a topic.
struct TopicShare {
  std::string broker;
  std::string cluster;
  std::string address;
  int read_queues = 0;
  int write_queues = 0;
  bool readable = false;
  bool writable = false;
  bool order = false;
  std::map<std::string, std::string> attributes;
};

// What is in a queue.
struct QueueRange {
  QueueId queue;
  std::int64_t first = 0;      // the oldest offset that is there
  std::int64_t next = 0;       // that of the next message
  std::int64_t stored_ms = 0;  // when the newest message was stored
};

// A topic on all brokers that have it.
struct TopicDescription {
  std::string name;
  std::vector<TopicShare> shares;
  std::vector<QueueRange> queues;
  std::vector<std::string> groups;  // that have offsets in it
};

// One broker of a topic's route, as clients get it.
struct RouteEntry {
  std::string broker;
  std::string cluster;
  std::map<std::int64_t, std::string> addresses;  // by broker id; 0 is the master
  int read_queues = 0;
  int write_queues = 0;
  bool readable = false;
  bool writable = false;
  bool is_static = false;  // the topic has logical queues: these numbers are not theirs
};

// A consumer group in a list.
struct GroupName {
  std::string name;
  bool system = false;
};

// What a consumer group shall be.
struct GroupSpec {
  std::string name;
  bool enabled = true;       // members get messages
  bool broadcasting = true;  // members may consume in broadcasting mode
  bool ordered = false;
  int retry_queues = 1;
  int retries_max = 16;      // then a message goes to the dead letters
  std::string cluster = {};  // empty: every cluster
};

// A group's settings on one broker.
struct GroupShare {
  std::string broker;
  GroupSpec settings;
};

// How far a group is in a queue.
struct QueueProgress {
  QueueId queue;
  std::int64_t next = 0;         // of the queue
  std::int64_t committed = 0;    // what the group consumes next; -1: nothing yet
  std::int64_t pulled = 0;       // what its member pulls next
  std::int64_t consumed_ms = 0;  // when the last consumed message was stored

  // Messages that are not consumed yet.
  std::int64_t lag() const { return next - (committed < 0 ? 0 : committed); }
};

// A client that is connected to a broker.
struct ClientInfo {
  std::string id;
  std::string address;
  std::string language;
  std::string version;  // of the protocol: "5.5.0"
};

// What a group takes of a topic.
struct Subscription {
  std::string topic;
  std::string expression;
  std::string type;  // TAG, SQL92
};

// Who of a group is online, and how it consumes.
struct GroupMembers {
  std::string consume_type;  // CONSUME_PASSIVELY, CONSUME_ACTIVELY, CONSUME_POP
  std::string model;         // CLUSTERING, BROADCASTING
  std::string from;          // CONSUME_FROM_LAST_OFFSET, ...
  std::vector<ClientInfo> clients;
  std::vector<Subscription> subscriptions;
};

// A group on all brokers that know it.
struct GroupDescription {
  std::string name;
  std::vector<GroupShare> shares;
  std::vector<QueueProgress> progress;
  std::optional<GroupMembers> members;  // none: nobody is online

  // Messages that are not consumed yet, of all queues.
  std::int64_t lag() const {
    std::int64_t sum = 0;
    for (const QueueProgress& queue : progress) sum += queue.lag();
    return sum;
  }
};

// A queue as its consumer sees it.
struct ConsumerQueue {
  QueueId queue;
  std::int64_t committed = 0;
  std::int64_t cached = 0;  // messages that wait in the client
  bool locked = false;
  std::int64_t pulled_ms = 0;
  std::int64_t consumed_ms = 0;
};
// What a consumer says about itself.
struct ConsumerState {
  std::map<std::string, std::string> properties;
  std::vector<ConsumerQueue> queues;
};

// Where a group shall go on.
struct OffsetReset {
  // The start, the end, the first message stored at a time or later, or an offset.
  enum class Place : std::uint8_t { first, last, time, offset };
  std::string group;
  std::string topic;
  Place place = Place::last;
  std::int64_t value = 0;         // of time and offset
  std::string broker = {};        // only this one's queues
  std::optional<int> queue = {};  // only queues of this number
  bool dry_run = false;           // only say what would change
};

// What a reset does to one queue.
struct OffsetChange {
  QueueId queue;
  std::int64_t from = -1;  // -1: the group had none
  std::int64_t to = 0;
};

// A broker that is registered with the name servers.
struct BrokerInfo {
  std::string cluster;
  std::string name;
  std::int64_t id = 0;  // 0 is the master
  std::string address;
};

// A producer that is connected to a broker.
struct ProducerInfo {
  std::string group;
  std::string broker;  // that it is connected to
  ClientInfo client;
  std::int64_t seen_ms = 0;
};

// A message that waits for its time.
struct WaitingMessage {
  std::string topic;  // where it goes then
  std::string broker;
  std::string id;  // that its producer gave it
  std::string tag;
  std::string keys;  // separated by spaces
  std::int64_t stored_ms = 0;
  std::int64_t due_ms = 0;
  int delay_level = 0;             // of the broker's table; 0: it has a time of its own
  std::string recall_handle = {};  // where it has a time of its own
};

// A message of a transaction that nobody has ended.
struct OpenTransaction {
  std::string topic;  // where it goes when it commits
  std::string broker;
  std::string group;      // of its producers, who are asked
  std::string id;         // that its producer gave it
  std::string offset_id;  // of the held message
  // How often they were asked; nothing where the broker has not written it into the message: Bolide
  // does when it gives up, Apache's broker from the first question on.
  std::optional<int> checks = {};
  std::int64_t stored_ms = 0;
};

// Which messages to find; the times are those of storing.
struct MessageQuery {
  std::string topic;
  std::string key;      // one of its keys; or the id that its producer gave it
  bool unique = false;  // the key is such an id
  int count_max = 64;   // per broker
  std::int64_t from_ms = 0;
  std::int64_t to_ms = std::numeric_limits<std::int64_t>::max();
};

}  // namespace bolide
