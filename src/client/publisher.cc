// SPDX-License-Identifier: Apache-2.0
//
// Sends messages to the queues of one topic in turn.
// Runs on: one thread.  Owns: the choice of queue and the ids.  Invariant: see publisher.h.
#include "client/publisher.h"

#include "base/cursor.h"
#include "base/strings.h"
#include "os/clock.h"
#include "protocols/remoting/wire/request_codes.h"

#include <algorithm>

namespace bolide::client {
namespace {

namespace request_code = remoting::request_code;

constexpr std::string_view producer_group = "PID_BOLIDE_CLI";
constexpr std::string_view default_topic = "TBW102";
constexpr std::int32_t default_queues = 4;
// Of one request; servers take 4 MiB and few of them more.
constexpr std::size_t batch_bytes_max = 1U << 20U;
constexpr std::size_t batch_messages_max = 1000;
constexpr std::size_t batch_overhead_bytes = 22;
constexpr std::size_t properties_bytes_max = 32'767;

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
  BOLIDE_TRY(std::string text, encode_properties(all));
  if (text.size() > properties_bytes_max)
    return fail(Errc::message_invalid, "properties of " + std::to_string(text.size()) + " bytes");
  return text;
}

// One message of a batch (rocketmq wire 1.10).
void append_to_batch(const OutMessage& message, const std::string& properties, std::string* batch) {
  const std::size_t size = batch_overhead_bytes + message.body.size() + properties.size();
  const std::size_t begin = batch->size();
  batch->resize(begin + size);
  Writer out(batch->data() + begin, size);
  out.u32(static_cast<std::uint32_t>(size));
  out.u32(0);  // magic
  out.u32(0);  // the server computes the checksum
  out.u32(0);  // the user's flag
  out.u32(static_cast<std::uint32_t>(message.body.size()));
  out.bytes(message.body);
  out.u16(static_cast<std::uint16_t>(properties.size()));
  out.bytes(properties);
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
      if (queue && *queue != i) continue;
      targets_.push_back({.broker = data.broker, .address = broker->address(), .queue = i});
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

Result<> Publisher::assign(std::span<const OutMessage> messages) {
  for (Target& target : targets_) {
    target.items.clear();
    target.sent = target.in_flight = 0;
  }
  const WallMs now_ms = os::system_clock().now().wall_ms;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    std::string id = ids_.next(now_ms);
    BOLIDE_TRY(std::string properties, make_properties(messages[i], id));
    targets_[next_target_].items.push_back({&messages[i], i, std::move(id), std::move(properties)});
    next_target_ = (next_target_ + 1) % targets_.size();
  }
  return {};
}

Request Publisher::request(const Target& target, bool batch) const {
  const std::string wait =
      std::string(property::wait).append(1, '\1').append("true").append(1, '\2');
  const WallMs now_ms = os::system_clock().now().wall_ms;
  return {.code = batch ? request_code::send_batch_message : request_code::send_message_v2,
          .fields = {{"a", std::string(producer_group)},
                     {"b", topic_},
                     {"c", std::string(default_topic)},
                     {"d", std::to_string(default_queues)},
                     {"e", std::to_string(target.queue)},
                     {"f", "0"},
                     {"g", std::to_string(now_ms)},
                     {"h", "0"},
                     {"i", batch ? wait : target.items[target.sent].properties},
                     {"j", "0"},
                     {"k", "false"},
                     {"m", batch ? "true" : "false"},
                     {"n", target.broker}},
          .body = {}};
}

Result<> Publisher::start(Target& target) {
  const auto items = std::span(target.items).subspan(target.sent);
  std::string batch;
  for (const Item& item : items) {
    const std::size_t size =
        batch_overhead_bytes + item.message->body.size() + item.properties.size();
    if (target.in_flight > 0 &&
        (batch.size() + size > batch_bytes_max || target.in_flight == batch_messages_max))
      break;
    ++target.in_flight;
    // A large message travels alone and is not copied.
    if (size > batch_bytes_max) break;
    append_to_batch(*item.message, item.properties, &batch);
  }
  const bool single = target.in_flight == 1;
  Request out = request(target, !single);
  out.body = single ? std::string_view(items.front().message->body) : std::string_view(batch);
  BOLIDE_TRY(Connection* const connection, connections_.to(target.address));
  BOLIDE_TRY(target.opaque, connection->send(out, connections_.settings().call_timeout_ms));
  return {};
}

Result<> Publisher::finish(Target& target, std::span<SendResult> results) {
  BOLIDE_TRY(Connection* const connection, connections_.to(target.address));
  BOLIDE_TRY(const Response response,
             connection->receive_for(target.opaque, connections_.settings().call_timeout_ms));
  const auto status = std::ranges::find(stored, response.code, &Status::code);
  if (status == std::end(stored))
    return server_failure("send to topic " + topic_, target.address, response);
  BOLIDE_TRY(const std::int64_t queue, response.number("queueId"));
  BOLIDE_TRY(const std::int64_t offset, response.number("queueOffset"));
  // Of a batch the ids come joined, and the offset is the first message's.
  const auto offset_ids = split(response.field("msgId"), ',');
  for (std::size_t i = 0; i < target.in_flight; ++i) {
    Item& item = target.items[target.sent + i];
    results[item.index] = {.broker = target.broker,
                           .queue = static_cast<std::int32_t>(queue),
                           .offset = offset + static_cast<std::int64_t>(i),
                           .id = std::move(item.id),
                           .offset_id = std::string(i < offset_ids.size() ? offset_ids[i] : ""),
                           .status = std::string(status->name)};
  }
  target.sent += target.in_flight;
  target.in_flight = 0;
  return {};
}

Result<std::vector<SendResult>> Publisher::send(std::span<const OutMessage> messages) {
  BOLIDE_CHECK(assign(messages));
  std::vector<SendResult> results(messages.size());
  for (bool more = true; more;) {
    more = false;
    for (Target& target : targets_) {
      if (target.sent == target.items.size()) continue;
      BOLIDE_CHECK(start(target));
      more = true;
    }
    for (Target& target : targets_) {
      if (target.in_flight > 0) BOLIDE_CHECK(finish(target, results));
    }
  }
  return results;
}

}  // namespace bolide::client
