// SPDX-License-Identifier: Apache-2.0
//
// Which queues a consumer has, and where it begins in them (rocketmq 3.3).
// Runs on: the client's agent.  Owns: see consumer_core.h.  Invariant: see consumer_core.h.
#include "base/fields_json.h"
#include "client/consumer_core.h"
#include "client/fixed_queues.h"
#include "client/names.h"
#include "client/route_queues.h"
#include "protocols/remoting/wire/request_codes.h"

#include <algorithm>

namespace bolide::client {
namespace {

namespace request_code = remoting::request_code;
namespace response_code = remoting::response_code;

constexpr std::int64_t start_retry_ms = 1000;
constexpr std::int64_t members_retry_ms = 1000;

struct MembersBody {
  std::vector<std::string> members;
  static constexpr auto fields = std::tuple{Field{"consumerIdList", &MembersBody::members}};
};

}  // namespace

std::vector<QueueId> readable_queues(const TopicRoute& route, const std::string& topic) {
  std::vector<QueueId> queues;
  for (const auto& [queue, broker] : queues_to_read(route, topic)) queues.push_back(queue);
  return queues;
}

void ConsumerCore::on_route(const std::string& topic, const RoutePtr& /*route*/) {
  if (std::ranges::count(topics(), topic) > 0) rebalance_later(0);
}

void ConsumerCore::on_members_changed() {
  rebalance_later(0);
}

void ConsumerCore::rebalance_later(std::int64_t delay_ms) {
  if (rebalance_waits_ || stopping_) return;
  rebalance_waits_ = true;
  core_->after(delay_ms, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self == nullptr) return;
    self->rebalance_waits_ = false;
    self->rebalance();
  });
}

void ConsumerCore::rebalance() {
  if (stopping_) return;
  for (const std::string& topic : topics()) rebalance_topic(topic);
}

void ConsumerCore::rebalance_topic(const std::string& topic) {
  const RoutePtr route = core_->known_route(topic);
  if (route == nullptr || route->brokers.empty()) return core_->refresh_route(topic);
  if (assigned_by_hand_) return take_queues(topic, by_hand_[topic]);
  if (!clustering()) {
    const auto all = readable_queues(*route, topic);
    return take_queues(topic, {all.begin(), all.end()});
  }
  // Every broker of the topic knows all members, unless it is away; they may have started at the
  // same moment.
  const BrokerData& broker = route->brokers[members_broker_ % route->brokers.size()];
  core_->call(
      broker.address(), request_code::get_consumer_list_by_group,
      {{"consumerGroup", settings_.group}},
      [weak = weak_from_this(), topic, asked = members_broker_](const Result<Reply>& reply) {
        const auto self = weak.lock();
        if (self == nullptr || self->stopping_) return;
        if (!reply || reply->code() != response_code::success) {
          self->members_broker_ = asked + 1;
          self->core_->heartbeat_soon();
          return self->rebalance_later(members_retry_ms);
        }
        const auto body = from_json<MembersBody>(reply->body);
        if (body) self->allocate_queues(topic, body->members);
      });
}

void ConsumerCore::allocate_queues(const std::string& topic,
                                   const std::vector<std::string>& members) {
  const RoutePtr route = core_->known_route(topic);
  if (route == nullptr) return;
  std::vector<std::string> sorted = members;
  std::ranges::sort(sorted);
  // Until the broker has our heartbeat, we are nobody and take nothing.
  if (!std::ranges::binary_search(sorted, core_->settings().id)) {
    core_->heartbeat_soon();
    return rebalance_later(members_retry_ms);
  }
  const auto queues = readable_queues(*route, topic);
  if (queues.empty()) return take_queues(topic, {});
  const auto own = share_of(queues, sorted);
  take_queues(topic, {own.begin(), own.end()});
}

// Of the queues of one topic. Strategies see the names that servers know, which those of other
// libraries compute with, but for the one that names queues itself.
std::vector<QueueId> ConsumerCore::share_of(const std::vector<QueueId>& queues,
                                            const std::vector<std::string>& members) const {
  const std::string& self = core_->settings().id;
  const AllocateStrategy& strategy = settings_.strategy;
  const bool fixed = strategy && strategy.target<FixedQueues>() != nullptr;
  // Else what members refuse would be nobody's.
  if (!strategy || (fixed && is_retry(queues.front().topic)))
    return allocate::averagely()(queues, members, self);
  if (!fixed) return strategy(queues, members, self);
  std::vector<QueueId> named = queues;
  for (QueueId& queue : named) queue.topic = unwrapped(queue.topic);
  std::vector<QueueId> own = strategy(named, members, self);
  for (QueueId& queue : own) queue.topic = wrapped(queue.topic);
  return own;
}

void ConsumerCore::take_queues(const std::string& topic, const std::set<QueueId>& own) {
  std::vector<QueuePtr> lost;
  for (const auto& [id, queue] : queues_) {
    if (id.topic == topic && !own.contains(id)) lost.push_back(queue);
  }
  for (const QueuePtr& queue : lost) drop(queue);
  std::erase_if(starting_,
                [&](const QueueId& id) { return id.topic == topic && !own.contains(id); });
  for (const QueueId& id : own) {
    if (!queues_.contains(id) && starting_.insert(id).second) acquire(id);
  }
}

void ConsumerCore::drop(const QueuePtr& queue) {
  if (commits_by_itself_ && clustering()) commit(queue);
  if (commits_by_itself_ && !clustering()) store_offset(*queue);
  queue->dropped = true;
  queues_.erase(queue->id());
  on_dropped(queue);
}

void ConsumerCore::find_start(const QueueId& id) {
  if (!clustering()) {
    if (const auto offset = stored_offset(id)) return begin_queue(id, *offset);
  }
  const std::string address = core_->broker_address(id, true);
  if (!clustering()) return start_where_told(id, address);
  std::vector<Arg> args{{"consumerGroup", settings_.group},
                        {"topic", id.topic},
                        {"queueId", std::to_string(id.queue)}};
  // What comes again is always ours from its first message on.
  if (settings_.from_in_young_topics && !is_retry(id.topic))
    args.push_back({"setZeroIfNotFound", "false"});
  core_->call(address, request_code::query_consumer_offset, args,
              [weak = weak_from_this(), id, address](const Result<Reply>& reply) {
                const auto self = weak.lock();
                if (self == nullptr) return;
                if (reply && reply->code() == response_code::query_not_found)
                  return self->start_where_told(id, address);
                if (!reply || reply->code() != response_code::success)
                  return self->give_up_start(id);
                const auto offset = reply->number("offset");
                if (!offset) return self->give_up_start(id);
                self->begin_queue(id, *offset);
              });
}

void ConsumerCore::start_where_told(const QueueId& id, const std::string& address) {
  const bool retry = is_retry(id.topic);
  if (settings_.from == ConsumeFrom::first || (retry && settings_.from == ConsumeFrom::last))
    return begin_queue(id, 0);
  const bool by_time = settings_.from == ConsumeFrom::time && !retry;
  std::vector<Arg> args{{"topic", id.topic}, {"queueId", std::to_string(id.queue)}};
  if (by_time) args.push_back({"timestamp", std::to_string(settings_.from_time_ms)});
  core_->call(address,
              by_time ? request_code::search_offset_by_timestamp : request_code::get_max_offset,
              args, [weak = weak_from_this(), id](const Result<Reply>& reply) {
                const auto self = weak.lock();
                if (self == nullptr) return;
                if (!reply || reply->code() != response_code::success)
                  return self->give_up_start(id);
                const auto offset = reply->number("offset");
                if (!offset) return self->give_up_start(id);
                self->begin_queue(id, *offset);
              });
}

void ConsumerCore::begin_queue(const QueueId& id, std::int64_t offset) {
  if (stopping_ || starting_.erase(id) == 0) return on_not_acquired(id);
  const auto queue = std::make_shared<ProcessQueue>(id, offset);
  queues_.emplace(id, queue);
  pull(queue);
}

// The next rebalance asks again.
void ConsumerCore::give_up_start(const QueueId& id) {
  starting_.erase(id);
  on_not_acquired(id);
  core_->refresh_route(id.topic);  // it may lie elsewhere now
  rebalance_later(start_retry_ms);
}

QueuePtr ConsumerCore::queue_of(const QueueId& id) const {
  const auto found = queues_.find(id);
  return found == queues_.end() ? nullptr : found->second;
}

std::optional<std::int64_t> ConsumerCore::stored_offset(const QueueId& id) const {
  const auto found = stored_.find(id);
  if (found == stored_.end() || found->second < 0) return std::nullopt;
  return found->second;
}

bool ConsumerCore::restart_at(const QueueId& id, std::int64_t offset) {
  const auto found = queues_.find(id);
  if (found == queues_.end()) {
    // Ours, but its start is not known yet, or not even its route: then it begins here.
    const auto own = by_hand_.find(id.topic);
    const bool assigned = own != by_hand_.end() && own->second.contains(id);
    if (stopping_ || !settings_.active || (!assigned && !starting_.contains(id))) return false;
    starting_.insert(id);
    begin_queue(id, offset);
    return true;
  }
  // A queue of its own with the new place: what is being consumed of the old one commits nothing.
  const auto queue = std::make_shared<ProcessQueue>(id, offset);
  queue->paused = found->second->paused;
  found->second->dropped = true;
  found->second = queue;
  pull(queue);
  return true;
}

void ConsumerCore::on_reset_offsets(const std::string& topic,
                                    const std::map<QueueKey, std::int64_t>& offsets) {
  for (const auto& [key, offset] : offsets) {
    if (key.topic == topic) restart_at({key.topic, key.broker, key.queue}, offset);
  }
  commit_all();
}

}  // namespace bolide::client
