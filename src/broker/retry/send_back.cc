// SPDX-License-Identifier: Apache-2.0
//
// Retries and dead letters (rocketmq semantics 3.5, 3.7).
// Runs on: core agent.  Owns: nothing.  Invariant: see send_back.h.
#include "broker/retry/send_back.h"

#include "base/message_id.h"
#include "broker/inner_batch/inner_batch.h"
#include "broker/property_list.h"
#include "broker/retry/attempts.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace bolide::broker {
namespace {

constexpr std::int32_t first_retry_level = 3;

constexpr std::size_t halfway_max = 1024;

Result<> check_writable(const Topic& topic) {
  if ((topic.config.permission & perm::write) != 0) return {};
  return fail(Errc::no_permission,
              "the topic[" + topic.config.name + "] sending message is forbidden");
}

// Those of the message that is stored again. Where there is no room it does not say where it comes
// from.
std::string properties_again(const store::Record& original, bool dead, std::int32_t delay_level) {
  PropertyList properties(original.properties);
  if (dead)
    properties.erase("DELAY");
  else
    properties.set("DELAY", std::int64_t{delay_level});
  std::string least = properties.text();
  if (properties.find("RETRY_TOPIC").empty()) properties.set("RETRY_TOPIC", original.topic);
  if (properties.find("ORIGIN_MESSAGE_ID").empty())
    properties.set("ORIGIN_MESSAGE_ID", MessageId(original.store_host, original.position).view());
  properties.set("WAIT", "false");
  if (dead) properties.set("DELAY", "0");
  std::string text = properties.text();
  return store::properties_fit(text) ? text : least;
}

}  // namespace

// Answers once for the messages of a batch: with the first failure, if there is one.
class SendBack::AllStored {
 public:
  AllStored(SendBack& owner, BatchKey key, Reply<void> reply)
      : owner_(owner), key_(std::move(key)), reply_(std::move(reply)) {
    if (auto before = owner_.halfway_.extract(key_)) stored_ = std::move(before.mapped());
  }
  bool has(std::size_t index) const { return stored_.contains(index); }
  // Requires `count` calls of take(), each for another message.
  void expect(std::size_t count) { left_ = count; }
  void take(std::size_t index, Result<> stored) {
    if (stored)
      stored_.insert(index);
    else if (result_)
      result_ = std::move(stored);
    if (--left_ > 0) return;
    if (!result_ && owner_.halfway_.size() < halfway_max)
      owner_.halfway_.emplace(std::move(key_), std::move(stored_));
    reply_(std::move(result_));
  }

 private:
  SendBack& owner_;
  BatchKey key_;
  Reply<void> reply_;
  std::set<std::size_t> stored_;
  std::size_t left_ = 0;
  Result<> result_;
};

Result<const Topic*> SendBack::dead_letters(std::string_view group, const Now& now) {
  return parts_.topics.own(std::string(dead_letter_prefix).append(group), 1, now.wall_ms);
}

void SendBack::give_back(const SendBackRequest& request, const store::Record& original,
                         const Now& now, Reply<void> reply) {
  const auto group = parts_.groups.find_or_create(request.group, now.wall_ms);
  if (!group) return reply(Failure(group.error()));
  // Whoever set the number of retry queues to 0 wants no retries: RocketMQ drops the message.
  if ((*group)->retry_queues == 0) return reply({});
  const std::int32_t attempts = attempts_of(original);
  const std::int32_t attempts_max = request.reconsume_times_max.value_or((*group)->retry_max_times);
  const bool dead = request.delay_level < 0 || attempts >= attempts_max;
  const auto made =
      dead ? dead_letters(request.group, now)
           : parts_.topics.own(retry_topic(request.group), (*group)->retry_queues, now.wall_ms);
  if (!made) return reply(Failure(made.error()));
  if (auto writable = check_writable(**made); !writable) return reply(Failure(writable.error()));
  const Target target{
      .topic = *made,
      .dead = dead,
      .delay_level = request.delay_level > 0 ? request.delay_level : first_retry_level + attempts};
  const std::vector<BatchElement> elements = elements_of(original);
  if (elements.empty()) return store_again(target, original, now, std::move(reply));
  auto all = std::make_shared<AllStored>(*this, BatchKey(request.group, original.position),
                                         std::move(reply));
  std::vector<std::size_t> missing;
  for (std::size_t i = 0; i < elements.size(); ++i)
    if (!all->has(i)) missing.push_back(i);
  all->expect(missing.size());
  for (const std::size_t index : missing) {
    store_again(target, single_of(original, elements[index]), now,
                [all, index](Result<> stored) { all->take(index, std::move(stored)); });
  }
}

void SendBack::store_again(const Target& target, const store::Record& original, const Now& now,
                           Reply<void> reply) {
  const TopicConfig& topic = target.topic->config;
  const std::string text = properties_again(original, target.dead, target.delay_level);
  SendRequest again = request_of(original);
  again.topic = topic.name;
  again.queue_id = target.dead ? 0
                               : static_cast<std::int32_t>(random_.below(
                                     static_cast<std::uint64_t>(std::max(1, topic.write_queues))));
  again.properties = text;
  again.reconsume_times = attempts_of(original) + 1;
  parts_.sends.store(again, now, [reply = std::move(reply)](Result<Stored> stored) mutable {
    if (!stored) return reply(Failure(std::move(stored).error()));
    reply({});
  });
}

Result<> SendBack::route_retry(SendRequest* request, const Now& now) {
  const std::string_view group = request->topic.substr(retry_prefix.size());
  BOLIDE_TRY(const GroupConfig* config, parts_.groups.find_or_create(group, now.wall_ms));
  BOLIDE_CHECK(parts_.topics.own(request->topic, std::max(1, config->retry_queues), now.wall_ms));
  const std::int32_t attempts_max = request->reconsume_times_max.value_or(config->retry_max_times);
  // An ordered consumer sends its copy only after it has given up.
  const bool gave_up = parts_.locks.holds_any(group, now.steady_ms());
  if (request->reconsume_times <= attempts_max && !gave_up) return {};
  BOLIDE_TRY(const Topic* topic, dead_letters(group, now));
  BOLIDE_CHECK(check_writable(*topic));
  PropertyList properties(request->properties);
  properties.set("DELAY", "0");
  properties_ = properties.text();
  request->topic = topic->config.name;
  request->queue_id = 0;
  request->properties = properties_;
  return {};
}

}  // namespace bolide::broker
