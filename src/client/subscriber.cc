// SPDX-License-Identifier: Apache-2.0
//
// Reads all queues of a topic from a place on.
// Runs on: one thread.  Owns: the place in each queue.  Invariant: see subscriber.h.
#include "client/subscriber.h"

#include "protocols/remoting/wire/request_codes.h"

#include <algorithm>
#include <set>

namespace bolide::client {
namespace {

namespace request_code = remoting::request_code;
namespace response_code = remoting::response_code;

constexpr std::string_view group = "CID_BOLIDE_CLI";
constexpr std::string_view pull_messages_max = "32";
constexpr std::int32_t pull_suspend = 2;       // wait for messages
constexpr std::int32_t pull_subscription = 4;  // the request carries the filter
constexpr int suspend_ms = 15'000;
// Longer than any broker parks a pull: by then the connection is dead.
constexpr int silence_max_ms = 45'000;

Request offset_request(const std::string& topic, std::int32_t queue, StartAt start) {
  Request request{.code = request_code::get_min_offset,
                  .fields = {{"topic", topic}, {"queueId", std::to_string(queue)}},
                  .body = {}};
  if (start.kind == StartAt::Kind::last) request.code = request_code::get_max_offset;
  if (start.kind == StartAt::Kind::time) {
    request.code = request_code::search_offset_by_timestamp;
    request.fields.emplace_back("timestamp", std::to_string(start.time_ms));
  }
  return request;
}

}  // namespace

Result<Subscriber> Subscriber::open(Connections& connections, const std::string& topic,
                                    StartAt start, const std::string& tags) {
  Subscriber subscriber(connections, topic, tags);
  BOLIDE_TRY(const TopicRoute route, connections.route(topic));
  for (const QueueData& data : route.queues) {
    const BrokerData* broker = route.broker(data.broker);
    if ((data.perm & permission::read) == 0 || broker == nullptr || broker->addresses.empty())
      continue;
    for (std::int32_t i = 0; i < data.read_queues; ++i) {
      Queue queue{.broker = data.broker, .address = broker->address(), .id = i};
      BOLIDE_TRY(queue.next, subscriber.start_offset(queue, start));
      subscriber.queues_.push_back(std::move(queue));
    }
  }
  if (subscriber.queues_.empty()) return fail(Errc::no_permission, "read topic " + topic);
  return subscriber;
}

Result<std::int64_t> Subscriber::start_offset(const Queue& queue, StartAt start) {
  BOLIDE_TRY(const Response response, connections_.ask(queue.address, "offset of topic " + topic_,
                                                       offset_request(topic_, queue.id, start)));
  return response.number("offset");
}

Result<> Subscriber::pull(Queue& queue) {
  const Request request{.code = request_code::pull_message,
                        .fields = {{"consumerGroup", std::string(group)},
                                   {"topic", topic_},
                                   {"queueId", std::to_string(queue.id)},
                                   {"queueOffset", std::to_string(queue.next)},
                                   {"maxMsgNums", std::string(pull_messages_max)},
                                   {"sysFlag", std::to_string(pull_suspend | pull_subscription)},
                                   {"commitOffset", "0"},
                                   {"suspendTimeoutMillis", std::to_string(suspend_ms)},
                                   {"subscription", tags_},
                                   {"subVersion", "0"},
                                   {"expressionType", "TAG"}},
                        .body = {}};
  BOLIDE_TRY(Connection* const connection, connections_.to(queue.address));
  BOLIDE_TRY(queue.opaque, connection->send(request, connections_.settings().call_timeout_ms));
  return {};
}

Result<bool> Subscriber::take(Queue& queue, const Response& response, const OnMessage& on_message) {
  switch (response.code) {
    case response_code::success: {
      BOLIDE_TRY(const auto messages, decode_messages(response.body));
      for (const ReceivedMessage& message : messages) {
        // The broker filters by the hash of the tag.
        if (!tag_matches(tags_, message.property(property::tags))) continue;
        if (!on_message(message, queue.broker)) return false;
      }
      [[fallthrough]];
    }
    case response_code::pull_not_found:
    case response_code::pull_retry_immediately:
    case response_code::pull_offset_moved: {
      BOLIDE_TRY(queue.next, response.number("nextBeginOffset"));
      BOLIDE_CHECK(pull(queue));
      return true;
    }
    default: return server_failure("read topic " + topic_, queue.address, response);
  }
}

Result<bool> Subscriber::drain(const std::string& address, const OnMessage& on_message) {
  BOLIDE_TRY(Connection* const connection, connections_.to(address));
  while (true) {
    BOLIDE_TRY(const auto response, connection->receive_ready());
    if (!response) return true;
    const auto queue = std::ranges::find_if(queues_, [&](const Queue& candidate) {
      return candidate.address == address && candidate.opaque == response->opaque;
    });
    if (queue == queues_.end()) continue;
    BOLIDE_TRY(const bool more, take(*queue, *response, on_message));
    if (!more) return false;
  }
}

Result<> Subscriber::run(const OnMessage& on_message) {
  std::set<std::string> distinct;
  for (Queue& queue : queues_) {
    BOLIDE_CHECK(pull(queue));
    distinct.insert(queue.address);
  }
  const std::vector<std::string> addresses(distinct.begin(), distinct.end());
  while (true) {
    std::vector<const net::BlockingSocket*> sockets;
    for (const std::string& address : addresses) {
      BOLIDE_TRY(Connection* const connection, connections_.to(address));
      sockets.push_back(&connection->socket());
    }
    BOLIDE_TRY(const auto readable, net::BlockingSocket::wait_readable(sockets, silence_max_ms));
    if (readable.empty()) return fail(Errc::timeout, "the brokers of topic " + topic_);
    for (const std::size_t i : readable) {
      BOLIDE_TRY(const bool more, drain(addresses[i], on_message));
      if (!more) return {};
    }
  }
}

}  // namespace bolide::client
