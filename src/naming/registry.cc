// SPDX-License-Identifier: Apache-2.0
//
// RouteRegistry: brokers coming and going.
// Runs on: core agent.  Owns: nothing more.  Invariant: see registry.h.
#include "naming/registry.h"

#include "base/log.h"

#include <algorithm>
#include <set>
#include <utility>

namespace bolide::naming {
namespace {

constexpr std::int32_t no_write = ~broker::perm::write;

QueueData queues_of(const std::string& broker_name, const TopicConfig& topic) {
  return {.broker_name = broker_name,
          .read_queues = topic.read_queues,
          .write_queues = topic.write_queues,
          .permission = topic.permission,
          .sys_flag = topic.sys_flag};
}

void insert_sorted(std::vector<std::string>* names, const std::string& name) {
  const auto at = std::ranges::lower_bound(*names, name);
  if (at == names->end() || *at != name) names->insert(at, name);
}

// An address has one id: a slave that became master gives up its old one.
void remove_other_ids(const RegisterRequest& request, BrokerData* broker) {
  std::erase_if(broker->addresses, [&](const auto& item) {
    return item.second == request.address && item.first != request.broker_id;
  });
}

bool has_master(const BrokerData& broker) {
  return !broker.addresses.empty() && broker.addresses.begin()->first <= master_id;
}

}  // namespace

RouteRegistry::Live* RouteRegistry::find_live(std::string_view cluster, std::string_view address) {
  const auto found = live_.find({std::string(cluster), std::string(address)});
  return found == live_.end() ? nullptr : &found->second;
}

const RouteRegistry::Live* RouteRegistry::find_live(std::string_view cluster,
                                                    std::string_view address) const {
  const auto found = live_.find({std::string(cluster), std::string(address)});
  return found == live_.end() ? nullptr : &found->second;
}

// Whether another address holds the broker id with a state version (the epoch of an elected master)
// that is newer.
bool RouteRegistry::is_outdated(const RegisterRequest& request, const BrokerData& broker) const {
  const auto holder = broker.addresses.find(request.broker_id);
  if (holder == broker.addresses.end() || holder->second == request.address) return false;
  const Live* live = find_live(request.cluster, holder->second);
  return live != nullptr && live->version.state_version > request.body.table.version.state_version;
}

// Two brokers of one name and id take each other's clients away.
void RouteRegistry::warn_of_second(const RegisterRequest& request, const BrokerData& broker) const {
  const auto holder = broker.addresses.find(request.broker_id);
  if (holder == broker.addresses.end() || holder->second == request.address) return;
  if (find_live(broker.cluster, holder->second) == nullptr) return;
  BOLIDE_LOG(warning,
             "broker {} {} of cluster {} moves from {} to {} without having left: two brokers "
             "with one name?",
             request.broker_name, request.broker_id, request.cluster, holder->second,
             request.address);
}

RegisterAnswer RouteRegistry::register_broker(const RegisterRequest& request, Now now) {
  const std::int64_t id = request.broker_id;
  const auto known = brokers_.find(request.broker_name);
  const bool id_known = known != brokers_.end() && known->second.addresses.contains(id);
  if (known != brokers_.end() && is_outdated(request, known->second)) {
    live_.erase({request.cluster, request.address});
    remove_other_ids(request, &known->second);
    return {.outcome = RegisterOutcome::outdated, .ha_address = {}, .master_address = {}};
  }
  if (!id_known && request.body.table.topics.size() == 1) {
    return {.outcome = RegisterOutcome::unknown_broker, .ha_address = {}, .master_address = {}};
  }

  BrokerData& broker = brokers_[request.broker_name];
  warn_of_second(request, broker);
  if (broker.cluster != request.cluster) leave_cluster(broker.cluster, request.broker_name);
  insert_sorted(&clusters_[request.cluster], request.broker_name);
  broker.cluster = request.cluster;
  broker.broker_name = request.broker_name;
  broker.acting_master = request.acting_master.value_or(false);
  broker.zone = request.zone;
  remove_other_ids(request, &broker);
  broker.addresses[id] = request.address;

  const bool prime_slave =
      request.acting_master.has_value() && id != master_id && id == broker.addresses.begin()->first;
  if (id == master_id || prime_slave) take_topics(request, broker, !id_known);
  take_live(request, now);
  return answer_slave(request, broker);
}

// `all`: also what is the same as before.
void RouteRegistry::take_topics(const RegisterRequest& request, const BrokerData& broker,
                                bool all) {
  const TopicTable& table = request.body.table;
  if (options_.delete_topics_on_registration && table.mappings.empty()) {
    drop_missing_topics(request);
  }
  const Live* live = find_live(request.cluster, request.address);
  const bool changed = all || live == nullptr || live->version != table.version;
  const bool read_only = request.broker_id != master_id && broker.acting_master;
  for (const TopicConfig& topic : table.topics) {
    QueuesByBroker& queues = topics_[topic.name];
    if (!changed && queues.contains(request.broker_name)) continue;
    QueueData data = queues_of(request.broker_name, topic);
    if (read_only) data.permission &= no_write;
    queues.insert_or_assign(request.broker_name, std::move(data));
  }
  if (changed) take_mappings(table);
}

void RouteRegistry::take_mappings(const TopicTable& table) {
  for (const auto& [topic, mapping] : table.mappings) {
    mappings_[topic].insert_or_assign(mapping.broker_name, mapping);
  }
}

void RouteRegistry::drop_missing_topics(const RegisterRequest& request) {
  std::set<std::string_view> names;
  for (const TopicConfig& topic : request.body.table.topics) names.insert(topic.name);
  remove_queues(request.broker_name, [&](const auto& topic) { return !names.contains(topic); });
}

// Removes the broker's queues of the topics that meet the condition, and topics that have none
// left.
template <class Condition>
void RouteRegistry::remove_queues(std::string_view broker_name, Condition&& condition) {
  for (auto topic = topics_.begin(); topic != topics_.end();) {
    QueuesByBroker& queues = topic->second;
    const auto found = queues.find(broker_name);
    if (found != queues.end() && condition(topic->first)) queues.erase(found);
    if (!queues.empty()) {
      ++topic;
      continue;
    }
    mappings_.erase(topic->first);
    topic = topics_.erase(topic);
  }
}

void RouteRegistry::take_live(const RegisterRequest& request, Now now) {
  Live& live = live_[{request.cluster, request.address}];
  live.seen_ms = now.steady_ms();
  live.timeout_ms = request.heartbeat_timeout_ms.value_or(options_.heartbeat_timeout_ms);
  live.version = request.body.table.version;
  live.connection = request.connection;
  live.ha_address = request.ha_address;
  if (request.body.filter_servers) live.filter_servers = *request.body.filter_servers;
}

RegisterAnswer RouteRegistry::answer_slave(const RegisterRequest& request,
                                           const BrokerData& broker) const {
  RegisterAnswer answer;
  if (request.broker_id == master_id) return answer;
  const auto master = broker.addresses.find(master_id);
  if (master == broker.addresses.end()) return answer;
  if (const Live* live = find_live(request.cluster, master->second)) {
    answer.ha_address = live->ha_address;
    answer.master_address = master->second;
  }
  return answer;
}

void RouteRegistry::unregister_broker(const GoneBroker& gone) {
  live_.erase({gone.cluster, gone.address});
  const auto found = brokers_.find(gone.broker_name);
  if (found == brokers_.end()) return;
  BrokerData& broker = found->second;
  std::erase_if(broker.addresses, [&](const auto& item) { return item.second == gone.address; });
  if (!broker.addresses.empty()) return protect_without_master(broker);
  const std::string name = broker.broker_name;
  const std::string cluster = broker.cluster;
  brokers_.erase(found);
  leave_cluster(cluster, name);
  remove_queues(name, [](const auto&) { return true; });
}

void RouteRegistry::leave_cluster(std::string_view cluster, const std::string& broker_name) {
  if (const auto names = clusters_.find(cluster); names != clusters_.end()) {
    std::erase(names->second, broker_name);
    if (names->second.empty()) clusters_.erase(names);
  }
}

// A broker that lost its master, and whose slaves act for it, can be read only.
void RouteRegistry::protect_without_master(const BrokerData& broker) {
  if (!broker.acting_master || has_master(broker)) return;
  for (auto& [topic, queues] : topics_) {
    const auto found = queues.find(broker.broker_name);
    if (found != queues.end()) found->second.permission &= no_write;
  }
}

GoneBroker RouteRegistry::describe(const AddressKey& key, const Live& live) const {
  GoneBroker gone{.cluster = key.cluster,
                  .broker_name = {},
                  .broker_id = master_id,
                  .address = key.address,
                  .connection = live.connection};
  for (const auto& [name, broker] : brokers_) {
    for (const auto& [id, address] : broker.addresses) {
      if (address != key.address) continue;
      gone.broker_name = name;
      gone.broker_id = id;
      return gone;
    }
  }
  return gone;
}

template <class Condition>
std::vector<GoneBroker> RouteRegistry::remove_if(Condition&& condition) {
  std::vector<GoneBroker> gone;
  for (const auto& [key, live] : live_) {
    if (condition(live)) gone.push_back(describe(key, live));
  }
  for (const GoneBroker& broker : gone) unregister_broker(broker);
  return gone;
}

std::vector<GoneBroker> RouteRegistry::connection_closed(ConnectionId connection) {
  return remove_if([&](const Live& live) { return live.connection == connection; });
}

std::vector<GoneBroker> RouteRegistry::expire(Now now) {
  const std::int64_t ms = now.steady_ms();
  return remove_if([&](const Live& live) { return ms - live.seen_ms > live.timeout_ms; });
}

void RouteRegistry::heartbeat(std::string_view cluster, std::string_view address, Now now) {
  if (Live* live = find_live(cluster, address)) live->seen_ms = now.steady_ms();
}

VersionAnswer RouteRegistry::query_data_version(std::string_view cluster, std::string_view address,
                                                const DataVersion& version, Now now) {
  Live* live = find_live(cluster, address);
  if (live == nullptr) return {.changed = true, .version = std::nullopt};
  live->seen_ms = now.steady_ms();
  return {.changed = live->version != version, .version = live->version};
}

}  // namespace bolide::naming
