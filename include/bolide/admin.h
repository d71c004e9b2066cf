// SPDX-License-Identifier: Apache-2.0
//
// Admin: topics, groups, clients, brokers and messages of a cluster (Bolide or Apache RocketMQ), as
// an administrator sees and changes them.
// Any thread, many at once; every call waits for its answers.  Owns: a share of its client.
// Invariant: a change is made on every broker that it concerns, or reported as an error.
#pragma once

#include <bolide/admin_types.h>
#include <bolide/client.h>
#include <bolide/message.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace bolide {

namespace client {
class AdminCalls;
}

// Names are those on the servers: a client's name_space is not put before them.
// Errors of every call: connection_failed, connection_closed, timeout, not_supported (an older
// server), what a server answers; and those named with it.
class BOLIDE_API Admin {
 public:
  // Reaches servers when they are first needed.
  explicit Admin(const Client& client);

  // --- topics; sorted by name ---
  // All topics, those of the system too.
  StatusOr<std::vector<TopicName>> topics() const;
  // Makes the topic, or changes it if it exists, on every master; returns when the name server
  // knows it. Errors: topic_not_valid, not_found (no broker, or no such cluster).
  Status put_topic(const TopicSpec& topic) const;
  // With its messages. Errors: topic_not_found.
  Status delete_topic(const std::string& topic) const;
  // Errors: topic_not_found.
  StatusOr<TopicDescription> describe_topic(const std::string& topic) const;
  // Errors: topic_not_found.
  StatusOr<std::vector<RouteEntry>> route(const std::string& topic) const;

  // --- consumer groups ---
  // All groups, those of the system too.
  StatusOr<std::vector<GroupName>> groups() const;
  // Makes the group, or changes it, on every master. Errors: invalid_argument (its name),
  // not_found.
  Status put_group(const GroupSpec& group) const;
  // With its offsets. Errors: group_not_found.
  Status delete_group(const std::string& group) const;
  // Errors: group_not_found (it has neither settings, nor offsets, nor members).
  StatusOr<GroupDescription> describe_group(const std::string& group) const;
  // Errors: consumer_not_online.
  StatusOr<GroupMembers> members(const std::string& group) const;
  // Errors: consumer_not_online, not_supported (the client does not tell).
  StatusOr<ConsumerState> consumer_state(const std::string& group,
                                         const std::string& client_id) const;
  // Sets the offsets of a group, online or not, and says from where to where. Members that are
  // online begin again there. Errors: topic_not_found, group_not_found, queue_out_of_range (no
  // queue was meant), not_supported.
  StatusOr<std::vector<OffsetChange>> reset_offsets(const OffsetReset& reset) const;

  // --- brokers ---
  // Sorted by cluster, name and id.
  StatusOr<std::vector<BrokerInfo>> brokers() const;
  // What a broker says about itself, by RocketMQ's names.
  StatusOr<std::map<std::string, std::string>> broker_state(const std::string& address) const;
  // How it is set, by RocketMQ's names.
  StatusOr<std::map<std::string, std::string>> broker_settings(const std::string& address) const;
  // Connected producers of all groups, or of one. Sorted.
  StatusOr<std::vector<ProducerInfo>> producers(const std::string& group = {}) const;

  // --- messages ---
  // By the id that its broker gave it. Errors: invalid_argument (no such id), not_found.
  StatusOr<ReceivedMessage> message_by_offset_id(const std::string& id) const;
  // Errors: topic_not_found, not_found (past the end, or deleted).
  StatusOr<ReceivedMessage> message_at(const QueueId& queue, std::int64_t offset) const;
  // In the order of storing. Errors: topic_not_found; nothing found is none.
  StatusOr<std::vector<ReceivedMessage>> find_messages(const MessageQuery& query) const;

  // --- what waits; read from the brokers' own topics, which may take a while ---
  // Messages for their time, the next one first.
  StatusOr<std::vector<WaitingMessage>> waiting_messages() const;
  // Transactions without an outcome, the oldest first.
  StatusOr<std::vector<OpenTransaction>> open_transactions() const;
  // Those whose producers were asked too often; nobody is asked any more.
  StatusOr<std::vector<OpenTransaction>> given_up_transactions() const;
  // Asks the producers again about one that was given up, by its offset_id.
  // Errors: invalid_argument (no such id), not_found.
  Status resume_transaction(const std::string& offset_id) const;

  // --- settings that the name servers keep ---
  // Errors: not_found.
  StatusOr<std::string> kv(const std::string& space, const std::string& key) const;
  // All of a name space.
  StatusOr<std::map<std::string, std::string>> kv_list(const std::string& space) const;
  // Sets a value on every name server.
  Status put_kv(const std::string& space, const std::string& key, const std::string& value) const;
  // From every name server. Errors: what a name server answers.
  Status delete_kv(const std::string& space, const std::string& key) const;

 private:
  std::shared_ptr<client::AdminCalls> calls_;
};

}  // namespace bolide
