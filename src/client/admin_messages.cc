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
#include <set>
#include <tuple>
#include <utility>

namespace bolide {
namespace client {
namespace {

namespace request_code = remoting::request_code;
using Messages = std::vector<ReceivedMessage>;

// Every broker knows this group.
constexpr std::string_view reader_group = "TOOLS_CONSUMER";
// An answer about a key with fewer messages has all; brokers give 64, or as many as they are told.
constexpr int answer_least = 32;

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

Question question_of(const MessageQuery& query, const std::string& address, std::int64_t to_ms) {
  Question question{.address = address,
                    .what = "messages of topic " + query.topic,
                    .code = request_code::query_message,
                    .args = {{"topic", query.topic},
                             {"key", query.key},
                             {"maxNum", std::to_string(query.count_max)},
                             {"beginTimestamp", std::to_string(query.from_ms)},
                             {"endTimestamp", std::to_string(to_ms)}}};
  if (query.unique) question.args.push_back({"_UNIQUE_KEY_QUERY", "true"});
  return question;
}

// What one broker has, the newest first. It gives so many in an answer as it likes: it is asked for
// older ones until it has none that are new. What was stored in one millisecond comes in one answer
// or not at all.
Result<Messages> find_at(const AdminCalls& calls, const std::string& address,
                         const MessageQuery& query) {
  Messages found;
  std::set<std::int64_t> positions;
  std::int64_t to_ms = query.to_ms;
  while (std::cmp_less(positions.size(), query.count_max)) {
    Result<Answer> answer = calls.ask(question_of(query, address, to_ms));
    if (!answer && answer.error().code == Errc::not_found) break;
    if (!answer) return Failure(std::move(answer).error());
    BOLIDE_TRY(Messages messages, decode_messages(answer->body));
    const std::size_t known = positions.size();
    for (ReceivedMessage& message : messages) {
      to_ms = std::min(to_ms, message.stored_ms);
      if (positions.insert(message.position).second) found.push_back(std::move(message));
    }
    if (positions.size() == known || std::cmp_less(messages.size(), answer_least)) break;
  }
  if (std::cmp_greater(found.size(), query.count_max))
    found.resize(static_cast<std::size_t>(query.count_max));
  return found;
}

Result<Messages> find(const AdminCalls& calls, const MessageQuery& query) {
  BOLIDE_TRY(const TopicRoute route, calls.route(query.topic));
  Messages found;
  for (const BrokerData& broker : route.brokers) {
    if (broker.addresses.empty()) continue;
    BOLIDE_TRY(Messages messages, find_at(calls, broker.address(), query));
    for (ReceivedMessage& message : messages) {
      if (!carries(message, query)) continue;
      message.broker = broker.name;
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
