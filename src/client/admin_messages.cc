// SPDX-License-Identifier: Apache-2.0
//
// Finding messages by offset, id and key (rocketmq wire 1.13, 2.7).
// Runs on: any thread.  Owns: nothing.  Invariant: see admin.h.
#include <bolide/admin.h>

#include "base/message_id.h"
#include "client/admin_calls.h"
#include "client/message.h"
#include "client/pull_fields.h"
#include "client/status.h"
#include "protocols/remoting/wire/request_codes.h"

#include <algorithm>
#include <limits>
#include <tuple>

namespace bolide {
namespace client {
namespace {

namespace request_code = remoting::request_code;
using Messages = std::vector<ReceivedMessage>;

// Every broker knows this group.
constexpr std::string_view reader_group = "TOOLS_CONSUMER";

Result<ReceivedMessage> by_offset_id(const AdminCalls& calls, const std::string& id) {
  BOLIDE_TRY(const MessagePlace place, parse_message_id(id));
  auto answer = calls.ask({.address = place.store_host.text(),
                           .what = "message " + id,
                           .code = request_code::view_message_by_id,
                           .args = {{"offset", std::to_string(place.position)}}});
  if (!answer && answer.error().code == Errc::internal)
    return fail(Errc::not_found, answer.error().context);
  if (!answer) return Failure(std::move(answer).error());
  BOLIDE_TRY(Messages messages, decode_messages(answer->body));
  if (messages.empty()) return fail(Errc::not_found, "message " + id);
  return std::move(messages.front());
}

Result<ReceivedMessage> at(const AdminCalls& calls, const QueueId& queue, std::int64_t offset) {
  BOLIDE_TRY(const TopicRoute route, calls.route(queue.topic));
  const BrokerData* const broker = route.broker(queue.broker);
  if (broker == nullptr || broker->addresses.empty())
    return fail(Errc::not_found, "broker " + queue.broker + " with topic " + queue.topic);
  const std::string what = "message at offset " + std::to_string(offset) + " of queue " +
                           std::to_string(queue.queue) + " of topic " + queue.topic;
  const PullFields fields({.group = reader_group,
                           .topic = queue.topic,
                           .broker = queue.broker,
                           .queue = queue.queue,
                           .offset = offset,
                           .count_max = 1,
                           .flags = pull_flag::subscription,
                           .subscription = "*"});
  Question question{
      .address = broker->address(), .what = what, .code = request_code::pull_message, .args = {}};
  for (const auto& [name, value] : fields.fields())
    question.args.push_back({name, std::string(value)});
  question.args.push_back({"lo", "false"});  // the queue is the broker's, also of a static topic
  auto answer = calls.ask(question);
  // "Not found", "retry", "moved" are codes of their own, of which the error table knows nothing.
  if (!answer && answer.error().code == Errc::internal) return fail(Errc::not_found, what);
  if (!answer) return Failure(std::move(answer).error());
  BOLIDE_TRY(Messages messages, decode_messages(answer->body));
  if (messages.empty() || messages.front().offset != offset) return fail(Errc::not_found, what);
  messages.front().broker = queue.broker;
  return std::move(messages.front());
}

// Indexes go by a hash: what does not carry the key is left out.
bool carries(const ReceivedMessage& message, const MessageQuery& query) {
  if (query.unique) return message.id() == query.key;
  const auto keys = split(message.keys(), ' ');
  return std::ranges::find(keys, query.key) != keys.end();
}

Result<Messages> find(const AdminCalls& calls, const MessageQuery& query) {
  BOLIDE_TRY(const TopicRoute route, calls.route(query.topic));
  Question question{.what = "messages of topic " + query.topic,
                    .code = request_code::query_message,
                    .args = {{"topic", query.topic},
                             {"key", query.key},
                             {"maxNum", std::to_string(query.count_max)},
                             {"beginTimestamp", std::to_string(query.from_ms)},
                             {"endTimestamp", std::to_string(query.to_ms)}}};
  if (query.unique) question.args.push_back({"_UNIQUE_KEY_QUERY", "true"});
  std::vector<BrokerData> brokers;
  std::ranges::copy_if(route.brokers, std::back_inserter(brokers),
                       [](const BrokerData& broker) { return !broker.addresses.empty(); });
  const auto answers = ask_brokers(calls, brokers, question);
  Messages found;
  for (std::size_t i = 0; i < brokers.size(); ++i) {
    if (!answers[i] && answers[i].error().code == Errc::not_found) continue;
    BOLIDE_TRY(const Answer answer, answers[i]);
    BOLIDE_TRY(Messages messages, decode_messages(answer.body));
    for (ReceivedMessage& message : messages) {
      if (!carries(message, query)) continue;
      message.broker = brokers[i].name;
      found.push_back(std::move(message));
    }
  }
  std::ranges::sort(found, {}, [](const ReceivedMessage& message) {
    return std::tie(message.stored_ms, message.broker, message.position);
  });
  return found;
}

}  // namespace
}  // namespace client

StatusOr<ReceivedMessage> Admin::message_by_offset_id(const std::string& id) const {
  return client::to_status_or(client::by_offset_id(*calls_, id));
}

StatusOr<ReceivedMessage> Admin::message_at(const QueueId& queue, std::int64_t offset) const {
  return client::to_status_or(client::at(*calls_, queue, offset));
}

StatusOr<std::vector<ReceivedMessage>> Admin::find_messages(const MessageQuery& query) const {
  return client::to_status_or(client::find(*calls_, query));
}

}  // namespace bolide
