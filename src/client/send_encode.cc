// SPDX-License-Identifier: Apache-2.0
//
// Encoding of messages to send.
// Runs on: the caller's thread.  Owns: nothing.  Invariant: see send_encode.h.
#include "client/send_encode.h"

#include "base/cursor.h"
#include "base/producer_identity.h"
#include "client/compression.h"
#include "client/message.h"
#include "client/names.h"

#include <algorithm>
#include <array>

namespace bolide::client {
namespace {

constexpr std::size_t properties_bytes_max = 32'767;
// Length, magic, checksum, flag, length of the body, length of the properties (wire 1.10).
constexpr std::size_t batch_overhead_bytes = 22;
// Servers put what they know beside our properties.
constexpr std::size_t batch_reserve_bytes = 1024;

// What means something to clients and servers (wire 1.12); a user's property may not claim it.
constexpr auto reserved = std::to_array<std::string_view>({
    "TRACE_ON",
    "MSG_REGION",
    "KEYS",
    "TAGS",
    "WAIT",
    "RETRY_TOPIC",
    "REAL_TOPIC",
    "REAL_QID",
    "TRAN_MSG",
    "PGROUP",
    "MIN_OFFSET",
    "MAX_OFFSET",
    "BUYER_ID",
    "ORIGIN_MESSAGE_ID",
    "TRANSFER_FLAG",
    "CORRECTION_FLAG",
    "MQ2_FLAG",
    "RECONSUME_TIME",
    "UNIQ_KEY",
    "MAX_RECONSUME_TIMES",
    "CONSUME_START_TIME",
    "POP_CK",
    "POP_CK_OFFSET",
    "1ST_POP_TIME",
    "TRAN_PREPARED_QUEUE_OFFSET",
    "DUP_INFO",
    "EXTEND_UNIQ_INFO",
    "INSTANCE_ID",
    "CLUSTER",
    "MSG_TYPE",
    "INNER_MULTI_QUEUE_OFFSET",
    "TIMER_ENQUEUE_MS",
    "TIMER_DEQUEUE_MS",
    "TIMER_ROLL_TIMES",
    "TIMER_OUT_MS",
    "TIMER_DEL_UNIQKEY",
    "__BORNHOST",
    "BORN_TIMESTAMP",
    "DLQ_ORIGIN_TOPIC",
    "DLQ_ORIGIN_MESSAGE_ID",
    "__CRC32#",
    producer_id_property,
    producer_sequence_property,
});

Result<std::string> encode_all_properties(const Message& message, const std::string& id) {
  Properties properties;
  properties.emplace_back(property::unique_key, id);
  properties.emplace_back(property::wait, "true");
  if (!message.tag.empty()) properties.emplace_back(property::tags, message.tag);
  std::string keys;
  for (const std::string& key : message.keys) {
    if (key.empty() || key.find(' ') != std::string::npos)
      return fail(Errc::message_invalid, "key '" + key + "': empty or with a space");
    keys.append(keys.empty() ? "" : " ").append(key);
  }
  if (!keys.empty()) properties.emplace_back(property::keys, std::move(keys));
  if (!message.ordering_key.empty()) properties.emplace_back("__SHARDINGKEY", message.ordering_key);
  if (message.delay_level != 0)
    properties.emplace_back("DELAY", std::to_string(message.delay_level));
  if (message.delay.count() != 0)
    properties.emplace_back("TIMER_DELAY_MS", std::to_string(message.delay.count()));
  if (message.deliver_at_ms != 0)
    properties.emplace_back("TIMER_DELIVER_MS", std::to_string(message.deliver_at_ms));
  properties.insert(properties.end(), message.properties.begin(), message.properties.end());
  auto text = encode_properties(properties);
  if (!text) return fail(Errc::message_invalid, text.error().context);
  if (text->size() > properties_bytes_max)
    return fail(Errc::message_invalid, "properties of " + std::to_string(text->size()) +
                                           " bytes; at most " +
                                           std::to_string(properties_bytes_max));
  return text;
}

}  // namespace

bool is_reserved(std::string_view property) {
  return std::ranges::find(reserved, property) != reserved.end();
}

Result<> check_message(const Message& message, const ProducerOptions& options) {
  BOLIDE_CHECK(check_topic(message.topic));
  if (message.body.empty())
    return fail(Errc::message_invalid, "message to topic " + message.topic + " without a body");
  if (message.body.size() > options.message_bytes_max)
    return Failure(Error{Errc::message_too_large, "body of " + std::to_string(message.body.size()) +
                                                      " bytes; at most " +
                                                      std::to_string(options.message_bytes_max)}
                       .fixed_by("send less, or raise ProducerOptions::message_bytes_max (and "
                                 "broker.max_message_bytes, if that is smaller)"));
  const int delays = (message.delay_level != 0 ? 1 : 0) + (message.delay.count() != 0 ? 1 : 0) +
                     (message.deliver_at_ms != 0 ? 1 : 0);
  if (delays > 1 || message.delay_level < 0 || message.delay.count() < 0 ||
      message.deliver_at_ms < 0)
    return fail(Errc::message_invalid, "one delay, and not below 0");
  for (const auto& [name, value] : message.properties) {
    if (is_reserved(name)) return fail(Errc::message_invalid, "property " + name + " is reserved");
  }
  return {};
}

Result<EncodedMessage> encode_message(Message& message, const std::string& id,
                                      const ProducerOptions& options) {
  BOLIDE_CHECK(check_message(message, options));
  EncodedMessage encoded;
  BOLIDE_TRY(encoded.properties, encode_all_properties(message, id));
  encoded.body = std::move(message.body);
  if (options.compression == Compression::none ||
      encoded.body.size() < options.compress_above_bytes)
    return encoded;
  std::string small = deflate_body(encoded.body, options.compression);
  if (small.size() >= encoded.body.size()) return encoded;
  encoded.body = std::move(small);
  encoded.sys_flag = compression_flags(options.compression);
  return encoded;
}

Result<EncodedBatch> encode_batch(std::span<const Message> messages,
                                  std::span<const std::string> ids,
                                  const ProducerOptions& options) {
  EncodedBatch batch;
  batch.encoded.properties = std::string(property::wait) + "\1true\2";
  for (; batch.messages < messages.size(); ++batch.messages) {
    const Message& message = messages[batch.messages];
    BOLIDE_TRY(const std::string properties, encode_all_properties(message, ids[batch.messages]));
    const std::size_t size = batch_overhead_bytes + message.body.size() + properties.size();
    std::string& body = batch.encoded.body;
    const std::size_t begin = body.size();
    if (batch.messages > 0 && begin + size + batch_reserve_bytes > options.message_bytes_max) break;
    body.resize(begin + size);
    Writer out(body.data() + begin, size);
    out.u32(static_cast<std::uint32_t>(size));
    out.u32(0);  // magic and checksum are the server's affair
    out.u32(0);
    out.u32(static_cast<std::uint32_t>(message.flag));
    out.u32(static_cast<std::uint32_t>(message.body.size()));
    out.bytes(message.body);
    out.u16(static_cast<std::uint16_t>(properties.size()));
    out.bytes(properties);
  }
  return batch;
}

}  // namespace bolide::client
