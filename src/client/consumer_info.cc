// SPDX-License-Identifier: Apache-2.0
//
// What a consumer tells operators about itself (codes 307 and 221, rocketmq wire 2.7, 2.8).
// Runs on: the client's agent.  Owns: nothing.  Invariant: none.
#include "base/json_writer.h"
#include "client/admin_calls.h"
#include "client/consumer_core.h"
#include "client/names.h"

namespace bolide::client {
namespace {

void write_queue_key(JsonWriter& out, const QueueId& id) {
  out.begin_object_key();
  out.member("brokerName", id.broker);
  out.member("queueId", id.queue);
  out.member("topic", id.topic);
  out.end_object_key();
}

std::string addresses_text(const std::vector<net::Address>& addresses) {
  std::string text;
  for (const net::Address& address : addresses) {
    if (!text.empty()) text += ';';
    text += address.text();
  }
  return text;
}

}  // namespace

std::string ConsumerCore::running_info() {
  std::string body;
  JsonWriter out(body);
  out.begin_object();
  out.key("mqTable");
  write_queues(out);
  // Java's tools take each of these for a text, and need all of them.
  out.key("properties");
  out.begin_object();
  out.member("PROP_CLIENT_VERSION", version_text(remoting::protocol_version));
  out.member("PROP_CONSUMEORDERLY", is_ordered() ? "true" : "false");
  out.member("PROP_CONSUMER_START_TIMESTAMP", std::to_string(started_ms_));
  out.member("PROP_CONSUME_TYPE", settings_.active ? "CONSUME_ACTIVELY" : "CONSUME_PASSIVELY");
  out.member("PROP_NAMESERVER_ADDR", addresses_text(core_->settings().name_servers));
  out.member("PROP_THREADPOOL_CORE_SIZE", std::to_string(listeners()));
  out.end_object();
  out.key("statusTable");
  write_stats(out);
  out.key("subscriptionSet");
  out.begin_array();
  for (const std::string& topic : topics()) write_subscription(out, topic);
  out.end_array();
  out.end_object();
  return body;
}

void ConsumerCore::write_queues(JsonWriter& out) const {
  constexpr std::size_t mebibyte = std::size_t{1} << 20U;
  out.begin_object();
  for (const auto& [id, queue] : queues_) {
    write_queue_key(out, id);
    out.begin_object();
    out.member("cachedMsgCount", static_cast<std::int64_t>(queue->messages()));
    out.member("cachedMsgMaxOffset", queue->last_offset());
    out.member("cachedMsgMinOffset", queue->first_offset());
    out.member("cachedMsgSizeInMiB", static_cast<std::int64_t>(queue->bytes() / mebibyte));
    out.member("commitOffset", queue->committable());
    out.member("droped", queue->dropped);
    out.member("lastConsumeTimestamp", queue->consumed_ms);
    out.member("lastLockTimestamp", 0);
    out.member("lastPullTimestamp", queue->pulled_ms);
    out.member("locked", holds_lock(id));
    out.member("transactionMsgCount", 0);
    out.member("transactionMsgMaxOffset", 0);
    out.member("transactionMsgMinOffset", 0);
    out.member("tryUnlockTimes", 0);
    out.end_object();
  }
  out.end_object();
}

void ConsumerCore::write_stats(JsonWriter& out) const {
  out.begin_object();
  for (const std::string& topic : topics()) {
    const auto found = stats_.find(topic);
    const auto rates =
        found == stats_.end() ? ConsumeStats::Rates{} : found->second.rates(core_->now_ms());
    out.key(topic);
    out.begin_object();
    out.member("consumeFailedMsgs", rates.failed_in_hour);
    out.member("consumeFailedTPS", rates.failed_per_s);
    out.member("consumeOKTPS", rates.ok_per_s);
    out.member("consumeRT", rates.consume_ms);
    out.member("pullRT", rates.pull_ms);
    out.member("pullTPS", rates.pulled_per_s);
    out.end_object();
  }
  out.end_object();
}

std::string ConsumerCore::offsets_info(const std::string& topic) {
  std::string body;
  JsonWriter out(body);
  out.begin_object();
  out.key("messageQueueTable");
  out.begin_object();
  for (const auto& [id, queue] : queues_) {
    if (id.topic != topic) continue;
    write_queue_key(out, id);
    out.value(queue->committable());
  }
  out.end_object();
  out.end_object();
  return body;
}

}  // namespace bolide::client
