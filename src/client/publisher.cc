// SPDX-License-Identifier: Apache-2.0
//
// Sends messages to the queues of one topic in turn.
// Runs on: one thread.  Owns: the choice of queue and the ids.  Invariant: see publisher.h.
#include "client/publisher.h"

#include "os/clock.h"
#include "protocols/remoting/wire/request_codes.h"

#include <algorithm>

namespace bolide::client {
namespace {

namespace request_code = remoting::request_code;

constexpr std::string_view producer_group = "PID_BOLIDE_CLI";
constexpr std::string_view default_topic = "TBW102";
constexpr std::int32_t default_queues = 4;
// On their way at once; the server answers in any case, so neither side ever waits for the other to
// read first.
constexpr std::size_t window = 128;

// Codes that say the message is stored (rocketmq wire 1.7), with what was not reached.
struct Status {
  std::int32_t code;
  std::string_view name;
};
constexpr Status stored[] = {
    {0, "ok"},
    {10, "flush_disk_timeout"},
    {11, "replica_not_available"},
    {12, "flush_replica_timeout"},
};

Result<std::string> make_properties(const OutMessage& message, const std::string& id) {
  Properties all = message.properties;
  all.emplace_back(property::unique_key, id);
  all.emplace_back(property::wait, "true");
  return encode_properties(all);
}

}  // namespace

Publisher::Publisher(Connections& connections, std::string topic)
    : connections_(connections),
      topic_(std::move(topic)),
      ids_(UniqueKeys::own_origin(os::system_clock().now())) {}

Result<Publisher> Publisher::open(Connections& connections, std::string topic,
                                  std::optional<std::int32_t> queue) {
  Publisher publisher(connections, std::move(topic));
  auto route = connections.route(publisher.topic_);
  if (!route && route.error().code == Errc::topic_not_found) {
    const Error missing = route.error();
    route = connections.route(std::string(default_topic));
    if (!route) return Failure(missing);
    for (QueueData& data : route->queues)
      data.write_queues = std::min(data.write_queues, default_queues);
  }
  if (!route) return Failure(std::move(route).error());
  BOLIDE_CHECK(publisher.choose_targets(*route, queue));
  return publisher;
}

Result<> Publisher::choose_targets(const TopicRoute& route, std::optional<std::int32_t> queue) {
  bool writable = false;
  for (const QueueData& data : route.queues) {
    const BrokerData* broker = route.broker(data.broker);
    if ((data.perm & permission::write) == 0 || broker == nullptr || !broker->has_master())
      continue;
    writable = true;
    for (std::int32_t i = 0; i < data.write_queues; ++i) {
      if (!queue || *queue == i) targets_.push_back({data.broker, broker->address(), i});
    }
  }
  if (!writable) return fail(Errc::no_permission, "write to topic " + topic_);
  if (targets_.empty())
    return fail(Errc::queue_out_of_range,
                "topic " + topic_ + ", queue " + std::to_string(queue.value_or(0)));
  // Each run of a program that sends one message begins elsewhere.
  const auto seed = static_cast<std::size_t>(os::system_clock().now().steady_ns / 1000);
  next_target_ = seed % targets_.size();
  return {};
}

Result<Publisher::Sent> Publisher::start(const OutMessage& message) {
  const Target& target = targets_[next_target_];
  next_target_ = (next_target_ + 1) % targets_.size();
  const WallMs now_ms = os::system_clock().now().wall_ms;
  std::string id = ids_.next(now_ms);
  BOLIDE_TRY(std::string properties, make_properties(message, id));
  BOLIDE_TRY(Connection* const connection, connections_.to(target.address));
  const Request request{.code = request_code::send_message_v2,
                        .fields = {{"a", std::string(producer_group)},
                                   {"b", topic_},
                                   {"c", std::string(default_topic)},
                                   {"d", std::to_string(default_queues)},
                                   {"e", std::to_string(target.queue)},
                                   {"f", "0"},
                                   {"g", std::to_string(now_ms)},
                                   {"h", "0"},
                                   {"i", std::move(properties)},
                                   {"j", "0"},
                                   {"k", "false"},
                                   {"m", "false"},
                                   {"n", target.broker}},
                        .body = message.body};
  BOLIDE_TRY(const std::int32_t opaque,
             connection->send(request, connections_.settings().call_timeout_ms));
  return Sent{&target, opaque, std::move(id)};
}

Result<SendResult> Publisher::finish(const Sent& sent) {
  BOLIDE_TRY(Connection* const connection, connections_.to(sent.target->address));
  BOLIDE_TRY(const Response response,
             connection->receive_for(sent.opaque, connections_.settings().call_timeout_ms));
  const auto status = std::ranges::find(stored, response.code, &Status::code);
  if (status == std::end(stored))
    return server_failure("send to topic " + topic_, sent.target->address, response);
  BOLIDE_TRY(const std::int64_t queue, response.number("queueId"));
  BOLIDE_TRY(const std::int64_t offset, response.number("queueOffset"));
  return SendResult{.broker = sent.target->broker,
                    .queue = static_cast<std::int32_t>(queue),
                    .offset = offset,
                    .id = sent.id,
                    .offset_id = std::string(response.field("msgId")),
                    .status = std::string(status->name)};
}

Result<std::vector<SendResult>> Publisher::send(std::span<const OutMessage> messages) {
  std::vector<SendResult> results;
  while (!messages.empty()) {
    const std::size_t count = std::min(window, messages.size());
    std::vector<Sent> sent;
    for (const OutMessage& message : messages.first(count)) {
      BOLIDE_TRY(auto one, start(message));
      sent.push_back(std::move(one));
    }
    for (const Sent& one : sent) {
      BOLIDE_TRY(auto result, finish(one));
      results.push_back(std::move(result));
    }
    messages = messages.subspan(count);
  }
  return results;
}

}  // namespace bolide::client
