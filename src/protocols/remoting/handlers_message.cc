// SPDX-License-Identifier: Apache-2.0
//
// Sending, pulling and looking up messages (rocketmq wire 1.9, 2.7; semantics 3.4). The path of a
// message: nothing here allocates for a send in the steady state.
// Runs on: io agent.  Owns: nothing.  Invariant: see handlers.h.
#include "base/message_id.h"
#include "base/strings.h"
#include "protocols/remoting/front.h"
#include "protocols/remoting/handlers.h"
#include "protocols/remoting/wire/request_codes.h"

#include <array>
#include <charconv>
#include <limits>

namespace bolide::remoting {
namespace {

namespace pull_flag {
inline constexpr std::int32_t commit_offset = 1;
inline constexpr std::int32_t suspend = 2;
inline constexpr std::int32_t subscription = 4;
}  // namespace pull_flag

broker::Ticket ticket_of(const Call& call) {
  return {.sink = &call.front,
          .session = call.session,
          .token = call.header.opaque,
          .detail = call.serialization == Serialization::binary ? ticket_detail::binary : 0};
}

// Numbers of a send header; remembers whether one was malformed.
struct Numbers {
  std::string_view bad;

  template <class Integer>
  void take(std::string_view text, Integer* into) {
    if (!take_plain(text, into)) take_any(text, into);
  }

 private:
  // What is short and has no sign, as nearly all, without the care that the rest needs.
  template <class Integer>
  static bool take_plain(std::string_view text, Integer* into) {
    if (text.empty() || text.size() > std::numeric_limits<Integer>::digits10) return false;
    Integer value = 0;
    for (const char c : text) {
      const int digit = c - '0';
      if (digit < 0 || digit > 9) return false;
      value = value * 10 + digit;
    }
    *into = value;
    return true;
  }

  template <class Integer>
  void take_any(std::string_view text, Integer* into) {
    const char* end = text.data() + text.size();
    const auto result = std::from_chars(text.data(), end, *into);
    if (result.ec != std::errc{} || result.ptr != end) bad = text;
  }
};

void submit(const Call& call, broker::SendRequest& request, const Numbers& numbers,
            std::string_view missing) {
  if (!missing.empty() || !numbers.bad.empty()) {
    const std::string text = !missing.empty() ? "the field " + std::string(missing) + " is missing"
                                              : "not a number: " + std::string(numbers.bad);
    return call.responder().error(Error{Errc::malformed, text});
  }
  request.identity = &call.identity;
  if (!call.header.is_one_way()) request.ticket = ticket_of(call);
  request.born_host = call.peer;
  request.body = call.body;
  call.broker().api.send(request);
}

std::string_view status_name(broker::PullStatus status) {
  using enum broker::PullStatus;
  switch (status) {
    case found: return "FOUND";
    case no_matched_message: return "NO_MATCHED_MESSAGE";
    case no_message_in_queue: return "NO_MESSAGE_IN_QUEUE";
    case offset_overflow_one: return "OFFSET_OVERFLOW_ONE";
    case offset_overflow_badly: return "OFFSET_OVERFLOW_BADLY";
    case offset_too_small: return "OFFSET_TOO_SMALL";
    case offset_reset: return "OFFSET_RESET";
  }
  return {};
}

std::int32_t status_code(broker::PullStatus status, bool offset_not_zero) {
  using enum broker::PullStatus;
  switch (status) {
    case found: return response_code::success;
    case no_matched_message: return response_code::pull_retry_immediately;
    case no_message_in_queue:
      return offset_not_zero ? response_code::pull_offset_moved : response_code::pull_not_found;
    case offset_overflow_one: return response_code::pull_not_found;
    case offset_overflow_badly:
    case offset_too_small:
    case offset_reset: return response_code::pull_offset_moved;
  }
  return response_code::system_error;
}

// Message ids (wire 1.13) of one send, joined by commas.
class MessageIds {
 public:
  MessageIds(const Host& host, std::span<const std::int64_t> positions)
      : first_(host, positions.front()) {
    if (positions.size() == 1) return;
    many_.reserve(positions.size() * (first_.view().size() + 1));
    for (std::int64_t position : positions) {
      if (!many_.empty()) many_ += ',';
      many_ += MessageId(host, position).view();
    }
  }
  std::string_view view() const { return many_.empty() ? first_.view() : many_; }

 private:
  MessageId first_;
  std::string many_;
};

void answer_error(Front& front, const broker::Ticket& ticket, const Error& error) {
  Responder(&front, ticket.session, ticket.token, serialization_of(ticket), false).error(error);
}

}  // namespace

namespace on {

void send_message_v2(const Call& call) {
  broker::SendRequest request;
  Numbers numbers;
  std::string_view missing = "b";
  std::uint32_t seen = 0;
  request.batch = call.header.code == request_code::send_batch_message;
  for (const auto& [name, value] : call.header.fields) {
    // An empty value is none (wire 1.3); but a blank topic is refused as such.
    if (name.size() != 1 || (value.empty() && name[0] != 'b')) continue;
    switch (name[0]) {
      case 'b':
        request.topic = value;
        seen |= 1;
        break;
      case 'c': request.default_topic = value; break;
      case 'd': numbers.take(value, &request.default_queues); break;
      case 'e':
        numbers.take(value, &request.queue_id);
        seen |= 2;
        break;
      case 'f':
        numbers.take(value, &request.sys_flag);
        seen |= 4;
        break;
      case 'g': numbers.take(value, &request.born_ms); break;
      case 'h': numbers.take(value, &request.flag); break;
      case 'i': request.properties = value; break;
      case 'j': numbers.take(value, &request.reconsume_times); break;
      case 'k': request.unit_mode = is_true(value); break;
      case 'l': numbers.take(value, &request.reconsume_times_max.emplace()); break;
      case 'm': request.batch = request.batch || is_true(value); break;
      default: break;
    }
  }
  // A blank topic is told apart from a missing one only by JSON; both are refused by name.
  if ((seen & 2) == 0)
    missing = "e (queueId)";
  else if ((seen & 4) == 0)
    missing = "f (sysFlag)";
  else if ((seen & 1) != 0)
    missing = {};
  else
    missing = "b (topic)";
  submit(call, request, numbers, missing);
}

void send_message(const Call& call) {
  Fields fields(call.header);
  broker::SendRequest request{.topic = fields.text("topic"),
                              .default_topic = fields.text_or("defaultTopic", {}),
                              .default_queues = fields.number_or("defaultTopicQueueNums", 4),
                              .queue_id = fields.number<std::int32_t>("queueId"),
                              .sys_flag = fields.number<std::int32_t>("sysFlag"),
                              .flag = fields.number_or("flag", 0),
                              .born_ms = fields.number_or<std::int64_t>("bornTimestamp", 0),
                              .properties = fields.text_or("properties", {}),
                              .reconsume_times = fields.number_or("reconsumeTimes", 0),
                              .reconsume_times_max = fields.optional_number("maxReconsumeTimes"),
                              .batch = fields.flag_or("batch", false),
                              .unit_mode = fields.flag_or("unitMode", false),
                              .physical = names_physical_queue(fields)};
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  submit(call, request, {}, {});
}

void pull_message(const Call& call) {
  if (call.header.is_one_way()) return;  // nobody would get the messages
  Fields fields(call.header);
  const auto flag = fields.number<std::int32_t>("sysFlag");
  const auto offset = fields.number<std::int64_t>("queueOffset");
  broker::PullRequest request{
      .ticket = ticket_of(call),
      .identity = &call.identity,
      .group = fields.text("consumerGroup"),
      .topic = fields.text("topic"),
      .queue_id = fields.number<std::int32_t>("queueId"),
      .offset = offset,
      .messages_max = fields.number<std::int32_t>("maxMsgNums"),
      .bytes_max = fields.number_or<std::int64_t>("maxMsgBytes", 0),
      .expression_type = fields.text_or("expressionType", "TAG"),
      .subscription_version = fields.number_or<std::int64_t>("subVersion", 0),
      .physical = names_physical_queue(fields)};
  if ((flag & pull_flag::suspend) != 0) {
    request.suspend_ms = fields.number_or<std::int64_t>("suspendTimeoutMillis", 0);
  }
  if ((flag & pull_flag::commit_offset) != 0) {
    request.commit_offset = fields.number_or<std::int64_t>("commitOffset", 0);
  }
  if ((flag & pull_flag::subscription) != 0)
    request.subscription = fields.text_or("subscription", "*");
  if (offset != 0) request.ticket.detail |= ticket_detail::offset_not_zero;
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  call.broker().api.pull(request);
}

void query_message(const Call& call) {
  Fields fields(call.header);
  const std::string_view topic = fields.text("topic");
  const std::string_view key = fields.text("key");
  const auto count = fields.number<std::int32_t>("maxNum");
  const auto from_ms = fields.number_or<std::int64_t>("beginTimestamp", 0);
  const auto to_ms = fields.number_or<std::int64_t>("endTimestamp", INT64_MAX);
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  const bool unique = fields.flag_or("_UNIQUE_KEY_QUERY", false);
  constexpr std::int32_t count_max = 64;  // as Apache's maxMsgsNumBatch
  call.broker().api.find_messages(
      call.identity, topic, key, unique, static_cast<std::size_t>(std::clamp(count, 1, count_max)),
      from_ms, to_ms,
      [responder = call.responder(), now_ms = call.now.wall_ms](Result<Slices> found) {
        if (!found) return responder.error(found.error());
        const DecimalText updated(now_ms);
        const ExtField ext[] = {{"indexLastUpdateTimestamp", updated.view()},
                                {"indexLastUpdatePhyoffset", "0"}};
        responder.answer({.code = response_code::success, .fields = ext}, *found);
      });
}

void view_message(const Call& call) {
  Fields fields(call.header);
  const auto position = fields.number<std::int64_t>("offset");
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  call.broker().api.message_at(call.identity, position,
                               [responder = call.responder()](Result<Slices> found) {
                                 if (found) return responder.answer({}, *found);
                                 // Clients expect the general error here, not "not found".
                                 responder.error(Error{Errc::internal, found.error().context});
                               });
}

}  // namespace on

void Front::on_send(const broker::Ticket& ticket, const broker::SendResult& result) {
  if (result.error) return answer_error(*this, ticket, *result.error);
  const MessageIds ids(result.store_host, result.positions);
  const DecimalText queue_id(result.queue_id);
  const DecimalText queue_offset(result.queue_offset);
  // Without any of these the Java client fails on the answer (wire 1.8).
  const ExtField fields[] = {{"msgId", ids.view()},
                             {"queueId", queue_id.view()},
                             {"queueOffset", queue_offset.view()},
                             {"MSG_REGION", broker_->region},
                             {"TRACE_ON", broker_->trace_on ? "true" : "false"},
                             {"transactionId", result.unique_key},
                             result.inner_batch ? ExtField{"batchUniqId", result.unique_key}
                                                : ExtField{"recallHandle", result.recall_handle}};
  const bool seventh = result.inner_batch || !result.recall_handle.empty();
  const std::size_t count = result.unique_key.empty() ? 5 : seventh ? 7 : 6;
  const std::span<const ExtField> shown(fields, count);
  write(ticket.session, {.code = response_code::success, .opaque = ticket.token, .fields = shown},
        serialization_of(ticket), std::string_view{});
}

void Front::on_pull(const broker::Ticket& ticket, broker::PullResult&& result) {
  if (result.error) return answer_error(*this, ticket, *result.error);
  const DecimalText next(result.next_offset);
  const DecimalText min(result.min_offset);
  const DecimalText max(result.max_offset);
  const DecimalText delta(result.offset_delta.value_or(0));
  const ExtField fields[] = {{"suggestWhichBrokerId", "0"},
                             {"nextBeginOffset", next.view()},
                             {"minOffset", min.view()},
                             {"maxOffset", max.view()},
                             {"offsetDelta", delta.view()}};
  const std::span<const ExtField> all(fields);
  const bool offset_not_zero = (ticket.detail & ticket_detail::offset_not_zero) != 0;
  write(ticket.session,
        {.code = status_code(result.status, offset_not_zero),
         .opaque = ticket.token,
         .remark = status_name(result.status),
         .fields = result.offset_delta ? all : all.first(4)},
        serialization_of(ticket), result.records);
}

}  // namespace bolide::remoting
