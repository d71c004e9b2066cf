// SPDX-License-Identifier: Apache-2.0
//
// Where a SimpleConsumer's messages come from (rocketmq 3.3, 3.18), and what brokers and operators
// are told of it.
// Runs on: the client's agent.  Owns: see simple_core.h.  Invariant: see simple_core.h.
#include "base/fields_json.h"
#include "client/admin_calls.h"
#include "client/filters.h"
#include "client/names.h"
#include "client/simple_core.h"
#include "protocols/remoting/wire/request_codes.h"

#include <algorithm>

namespace bolide::client {
namespace {

namespace request_code = remoting::request_code;

constexpr std::int64_t assign_interval_ms = 20'000;
// A group's brokers may not have heard of us yet.
constexpr std::int64_t assign_again_ms = 2'000;
constexpr std::int64_t route_pause_ms = 500;
constexpr std::int32_t all_queues = -1;

std::string question(const Core& core, const std::string& group, const std::string& topic) {
  std::string body;
  JsonWriter out(body);
  out.begin_object();
  out.member("clientId", core.settings().id);
  out.member("consumerGroup", group);
  out.member("messageModel", "CLUSTERING");
  out.member("strategyName", "AVG");
  out.member("topic", topic);
  out.end_object();
  return body;
}

}  // namespace

std::vector<std::string> SimpleCore::topics() const {
  std::vector<std::string> topics;
  for (const auto& [topic, filter] : options_.subscriptions) topics.push_back(topic);
  return topics;
}

void SimpleCore::find_routes() {
  const std::int64_t now_ms = core_->now_ms();
  if (now_ms < routes_at_ms_) return;
  routes_at_ms_ = now_ms + route_pause_ms;
  for (const std::string& topic : topics()) {
    if (core_->known_route(topic) == nullptr) core_->refresh_route(topic);
  }
}

void SimpleCore::on_route(const std::string& topic, const RoutePtr& /*route*/) {
  if (closed_ || !options_.subscriptions.contains(topic)) return;
  assign_at_ms_ = 0;
  find_sources();
}

void SimpleCore::find_sources() {
  std::map<QueueId, Source> sources;
  for (const std::string& topic : topics()) add_sources(topic, &sources);
  sources_ = std::move(sources);
  wake();
}

void SimpleCore::add_sources(const std::string& topic, std::map<QueueId, Source>* sources) {
  const auto add = [&](const QueueId& id) {
    const auto known = sources_.find(id);
    sources->emplace(id, known == sources_.end() ? Source() : known->second);
  };
  const RoutePtr route = core_->known_route(topic);
  if (route == nullptr) return;
  const auto assigned = assigned_.find(topic);
  if (assigned != assigned_.end()) {
    std::ranges::for_each(assigned->second, add);
    return;
  }
  for (const QueueData& data : route->queues) {
    const BrokerData* const broker = route->broker(data.broker);
    const bool readable = (data.perm & permission::read) != 0 && data.read_queues > 0;
    if (readable && broker != nullptr && broker->has_master())
      add({topic, data.broker, all_queues});
  }
}

// Operators may have set how a group's members share a topic's queues.
void SimpleCore::ask_assignments() {
  const std::int64_t now_ms = core_->now_ms();
  if (now_ms < assign_at_ms_) return;
  assign_at_ms_ = now_ms + assign_interval_ms;
  for (const std::string& topic : topics()) {
    const RoutePtr route = core_->known_route(topic);
    if (route == nullptr) continue;
    const auto broker = std::ranges::find_if(route->brokers, &BrokerData::has_master);
    if (broker == route->brokers.end()) continue;
    const std::string body = question(*core_, options_.group, topic);
    core_->call(broker->address(),
                Call{.code = request_code::query_assignment, .fields = {}, .body = body},
                [weak = weak_from_this(), topic](const Result<Reply>& reply) {
                  if (const auto self = weak.lock()) self->on_assigned(topic, reply);
                });
  }
}

void SimpleCore::on_assigned(const std::string& topic, const Result<Reply>& reply) {
  if (closed_ || !reply || reply->code() != remoting::response_code::success) return;
  const auto list = from_json<AssignmentList>(reply->body);
  if (!list) return;
  std::set<QueueId> queues;
  for (const Assignment& one : list->assignments) {
    if (one.mode == "POP") queues.insert({topic, one.queue.broker, one.queue.queue});
  }
  if (list->assignments.empty())
    assign_at_ms_ = std::min(assign_at_ms_, core_->now_ms() + assign_again_ms);
  const auto before = assigned_.find(topic);
  if (queues.empty() ? before == assigned_.end()
                     : before != assigned_.end() && before->second == queues)
    return;
  if (queues.empty())
    assigned_.erase(before);
  else
    assigned_[topic] = std::move(queues);
  find_sources();
}

Error SimpleCore::without_source() const {
  for (const std::string& topic : topics()) {
    if (core_->known_route(topic) == nullptr)
      return {Errc::topic_not_found, unwrap(core_->settings().name_space, topic)};
  }
  return {Errc::no_permission, "no broker has queues of the topics that may be read"};
}

void SimpleCore::write_heartbeat(JsonWriter& out) const {
  out.begin_object();
  out.member("consumeFromWhere", options_.from == PopFrom::first ? "CONSUME_FROM_FIRST_OFFSET"
                                                                 : "CONSUME_FROM_LAST_OFFSET");
  out.member("consumeType", "CONSUME_POP");
  out.member("groupName", options_.group);
  out.member("messageModel", "CLUSTERING");
  out.key("subscriptionDataSet");
  out.begin_array();
  for (const std::string& topic : topics())
    write_subscription(out, topic, filter_of(topic), sub_version_);
  out.end_array();
  out.member("unitMode", false);
  out.end_object();
}

std::string SimpleCore::running_info() {
  std::string body;
  JsonWriter out(body);
  out.begin_object();
  out.key("mqPopTable");
  out.begin_object();
  out.end_object();
  out.key("mqTable");
  out.begin_object();
  out.end_object();
  // Java's tools take each of these for a text, and need all of them.
  out.key("properties");
  out.begin_object();
  out.member("PROP_CLIENT_VERSION", version_text(remoting::protocol_version));
  out.member("PROP_CONSUMEORDERLY", options_.ordered ? "true" : "false");
  out.member("PROP_CONSUMER_START_TIMESTAMP", std::to_string(started_ms_));
  out.member("PROP_CONSUME_TYPE", "CONSUME_POP");
  out.member("PROP_NAMESERVER_ADDR", "");
  out.member("PROP_THREADPOOL_CORE_SIZE", "0");
  out.end_object();
  out.key("statusTable");
  out.begin_object();
  out.end_object();
  out.key("subscriptionSet");
  out.begin_array();
  for (const std::string& topic : topics())
    write_subscription(out, topic, filter_of(topic), sub_version_);
  out.end_array();
  out.end_object();
  return body;
}

}  // namespace bolide::client
