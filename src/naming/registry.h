// SPDX-License-Identifier: Apache-2.0
//
// RouteRegistry: which brokers live, which topics they have; what a name server knows
// (rocketmq wire 2.3, semantics 3.25). No I/O: the caller brings the time and ids of connections,
// and turns requests and answers into frames.
// Runs on: core agent.  Owns: the tables.
// Invariant: a topic in the table has queues on at least one broker, a broker in the table has at
// least one address, a cluster at least one broker.
#pragma once

#include "base/strings.h"
#include "base/time.h"
#include "naming/model.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bolide::naming {

using ConnectionId = std::uint64_t;

// Defaults are Apache's (rocketmq wire 2.3, NamesrvConfig).
struct RegistryOptions {
  bool support_acting_master = false;           // the lowest slave stands in for a lost master
  bool delete_topics_on_registration = false;   // topics that a registration lacks are removed
  std::int64_t heartbeat_timeout_ms = 120'000;  // of brokers that name none
};

// REGISTER_BROKER: header and body.
struct RegisterRequest {
  std::string cluster;
  std::string broker_name;
  std::int64_t broker_id = master_id;
  std::string address;
  std::string ha_address;
  std::string zone;
  std::optional<std::int64_t> heartbeat_timeout_ms;
  std::optional<bool> acting_master;  // absent: a broker older than 5.0
  ConnectionId connection = 0;
  RegisterBody body;
};

enum class RegisterOutcome : std::uint8_t {
  accepted,
  // Another address holds this broker id with a newer state version: answered as success, and
  // empty.
  outdated,
  // One topic from a broker id that never registered: answered with an error. (Apache takes it for
  // the update of a single topic.)
  unknown_broker,
};

struct RegisterAnswer {
  RegisterOutcome outcome = RegisterOutcome::accepted;
  std::string ha_address;      // of the master, for a slave; empty: none
  std::string master_address;  // the same
};

// A broker that left the tables.
struct GoneBroker {
  std::string cluster;
  std::string broker_name;  // empty: its id had been taken over by another address
  std::int64_t broker_id = master_id;
  std::string address;
  ConnectionId connection = 0;  // that it registered on last; to be closed after expire()
};

struct VersionAnswer {
  bool changed = true;
  std::optional<DataVersion> version;  // what is known; absent: the broker is not
};

enum class TopicUnit : std::uint8_t { unit, unit_subscription, unit_subscription_only };

class RouteRegistry {
 public:
  explicit RouteRegistry(RegistryOptions options = {}) : options_(options) {}

  // Takes in a broker and its topics. Topics count only from the master, or from the slave of the
  // lowest id of a broker that has no master and knows of acting masters. They are replaced when
  // the data version differs from the last one of this address, or the broker id is new.
  RegisterAnswer register_broker(const RegisterRequest& request, Now now);
  void unregister_broker(const GoneBroker& broker);
  // Removes the brokers that registered last on this connection.
  std::vector<GoneBroker> connection_closed(ConnectionId connection);
  // Removes the brokers that were silent longer than their timeout. To be called every few seconds.
  std::vector<GoneBroker> expire(Now now);
  // BROKER_HEARTBEAT: counts as a sign of life of a registered broker; else nothing.
  void heartbeat(std::string_view cluster, std::string_view address, Now now);
  // QUERY_DATA_VERSION; a sign of life too.
  VersionAnswer query_data_version(std::string_view cluster, std::string_view address,
                                   const DataVersion& version, Now now);

  // Nothing: TOPIC_NOT_EXIST. Brokers and queues stand in the order of broker names.
  std::optional<TopicRoute> route(std::string_view topic) const;
  TopicList all_topics() const;
  TopicList topics_of_cluster(std::string_view cluster) const;
  // Names of clusters and brokers, which are topics of the system, and the address of some broker.
  TopicList system_topics() const;
  TopicList unit_topics(TopicUnit unit) const;
  ClusterInfo cluster_info() const;
  // Empty addresses if the broker is not known.
  MemberGroup member_group(std::string_view cluster, std::string_view broker_name) const;

  // Takes the write permission from all topics of the broker, or gives read and write. Returns how
  // many topics. Holds until the broker registers with another data version.
  int wipe_write_permission(std::string_view broker_name);
  int add_write_permission(std::string_view broker_name);
  // Without cluster: on all brokers.
  void delete_topic(std::string_view topic, std::string_view cluster = {});
  // Adds or replaces queues of the topic; those from the first unknown broker on are refused (all
  // of them if the topic is new).
  void register_topic(std::string_view topic, std::span<const QueueData> queues);

  std::size_t topic_count() const { return topics_.size(); }
  std::size_t broker_count() const { return live_.size(); }

 private:
  struct Live {
    std::int64_t seen_ms = 0;  // steady
    std::int64_t timeout_ms = 0;
    DataVersion version;
    ConnectionId connection = 0;
    std::string ha_address;
    std::vector<std::string> filter_servers;
  };
  struct AddressKey {
    std::string cluster;
    std::string address;
    auto operator<=>(const AddressKey&) const = default;
  };
  using QueuesByBroker = std::map<std::string, QueueData, std::less<>>;
  using LiveTable = std::map<AddressKey, Live>;

  Live* find_live(std::string_view cluster, std::string_view address);
  const Live* find_live(std::string_view cluster, std::string_view address) const;
  bool is_outdated(const RegisterRequest& request, const BrokerData& broker) const;
  void warn_of_second(const RegisterRequest& request, const BrokerData& broker) const;
  void take_topics(const RegisterRequest& request, const BrokerData& broker, bool all);
  void take_mappings(const TopicTable& table);
  void drop_missing_topics(const RegisterRequest& request);
  void take_live(const RegisterRequest& request, Now now);
  RegisterAnswer answer_slave(const RegisterRequest& request, const BrokerData& broker) const;
  GoneBroker describe(const AddressKey& key, const Live& live) const;
  template <class Condition>
  std::vector<GoneBroker> remove_if(Condition&& condition);
  void leave_cluster(std::string_view cluster, const std::string& broker_name);
  template <class Condition>
  void remove_queues(std::string_view broker_name, Condition&& condition);
  void protect_without_master(const BrokerData& broker);
  void add_filter_servers(const BrokerData& broker, TopicRoute* route) const;
  void put_acting_masters(TopicRoute* route) const;
  template <class Change>
  int change_permissions(std::string_view broker_name, Change&& change);
  template <class Condition>
  TopicList list_topics(Condition&& condition) const;

  RegistryOptions options_;
  StringMap<QueuesByBroker> topics_;
  StringMap<std::map<std::string, QueueMapping>> mappings_;  // topic to broker name to mapping
  std::map<std::string, BrokerData, std::less<>> brokers_;
  std::map<std::string, std::vector<std::string>, std::less<>>
      clusters_;  // to broker names, sorted
  LiveTable live_;
};

// Removes what is not of this zone, for requests with zone mode: brokers that have a master and are
// of another zone, their queues and filter servers.
void keep_zone(std::string_view zone, TopicRoute* route);

}  // namespace bolide::naming
