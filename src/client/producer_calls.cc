// SPDX-License-Identifier: Apache-2.0
//
// Transactions and requests of a producer (rocketmq 3.10, 3.14).
// Runs on: see producer_core.h.  Owns: see producer_core.h.  Invariant: see producer_core.h.
#include "base/message_id.h"
#include "client/compression.h"
#include "client/message.h"
#include "client/names.h"
#include "client/producer_core.h"
#include "client/tracer.h"
#include "protocols/remoting/wire/request_codes.h"

namespace bolide::client {
namespace {

namespace request_code = remoting::request_code;

// How a transaction ends, as flags of a message (rocketmq wire 1.11).
std::string_view flags_of(TransactionState state) {
  switch (state) {
    case TransactionState::commit: return "8";
    case TransactionState::rollback: return "12";
    case TransactionState::unknown: break;
  }
  return "0";
}

std::string name_of(TransactionState state) {
  switch (state) {
    case TransactionState::commit: return "COMMIT_MESSAGE";
    case TransactionState::rollback: return "ROLLBACK_MESSAGE";
    case TransactionState::unknown: break;
  }
  return "UNKNOW";  // as RocketMQ spells it
}

// A check that throws has not decided.
TransactionState outcome_of(const TransactionCheck& check, const ReceivedMessage& message) {
  try {
    return check(message);
  } catch (...) {
    return TransactionState::unknown;
  }
}

}  // namespace

TransactionEnd TransactionEnd::of(const SendReceipt& receipt, const std::string& topic) {
  const auto place = parse_message_id(receipt.offset_id);
  return {.topic = topic,
          .broker = receipt.queue.broker,
          .queue = receipt.queue.queue,
          .address = {},
          .queue_offset = receipt.offset,
          .position = place ? place->position : 0,
          .id = receipt.id,
          .from_check = false};
}

// Brokers ask those who beat for the group. One that was started again and sends nothing yet may be
// the only one who can say what became of the transactions before it.
void ProducerCore::set_check(TransactionCheck check, const std::vector<std::string>& topics) {
  runtime().run([&] {
    check_ = std::make_shared<TransactionCheck>(std::move(check));
    check_topics_.emplace(default_topic);
    for (const std::string& topic : topics)
      check_topics_.insert(wrap(core_->settings().name_space, topic));
    for (const std::string& topic : check_topics_)
      core_->route(topic, [](const Result<RoutePtr>&) {});
    core_->heartbeat_soon();
  });
}

void ProducerCore::end_transaction(const TransactionEnd& end, TransactionState state,
                                   std::move_only_function<void(Result<>)> done) {
  runtime().post([self = shared_from_this(), end, state, done = std::move(done)]() mutable {
    const std::string topic = wrap(self->core_->settings().name_space, end.topic);
    const std::string address =
        end.address.empty() ? self->core_->broker_address({topic, end.broker, end.queue}, false)
                            : end.address;
    self->core_->call(
        address, request_code::end_transaction,
        {{"topic", topic},
         {"producerGroup", self->options_.group},
         {"tranStateTableOffset", std::to_string(end.queue_offset)},
         {"commitLogOffset", std::to_string(end.position)},
         {"commitOrRollback", std::string(flags_of(state))},
         {"fromTransactionCheck", end.from_check ? "true" : "false"},
         {"msgId", end.id},
         {"transactionId", end.id},
         {"bname", end.broker}},
        [self, end, state, address, done = std::move(done)](Result<Reply> reply) mutable {
          if (!reply) return done(Failure(std::move(reply).error()));
          if (reply->code() != remoting::response_code::success)
            return done(server_failure("end a transaction", "broker", *reply));
          self->trace_end(end, state, address);
          done({});
        });
  });
}

void ProducerCore::trace_end(const TransactionEnd& end, TransactionState state,
                             const std::string& address) {
  if (tracer_ == nullptr || !tracer_->traces(end.topic)) return;
  tracer_->add({.kind = TraceRecord::Kind::end_transaction,
                .time_ms = runtime().agent().now().wall_ms,
                .topic = end.topic,
                .id = end.id,
                .store_host = address,
                .type = TraceRecord::Type::commit,
                .transaction_id = end.id,
                .state = name_of(state),
                .from_check = end.from_check});
}

bool ProducerCore::on_check_transaction(const std::string& address, const remoting::Header& header,
                                        std::string_view body) {
  if (check_ == nullptr) return false;
  auto messages = decode_messages(body);
  if (!messages || messages->size() != 1 || messages->front().damaged) return false;
  ReceivedMessage message = std::move(messages->front());
  if (message.property("PGROUP") != options_.group) return false;
  const auto number = [&](std::string_view name) {
    return parse_integer<std::int64_t>(header.field(name)).value_or(0);
  };
  TransactionEnd end{.topic = message.topic,
                     .broker = std::string(header.field("bname")),
                     .queue = 0,
                     .address = address,
                     .queue_offset = number("tranStateTableOffset"),
                     .position = number("commitLogOffset"),
                     .id = message.id(),
                     .from_check = true};
  message.topic = unwrap(core_->settings().name_space, message.topic);
  message.broker = end.broker;
  end.topic = message.topic;
  hold();
  runtime().workers().submit([self = shared_from_this(), check = check_, end = std::move(end),
                              message = std::move(message)] {
    self->run_held([&] {
      const TransactionState state = outcome_of(*check, message);
      // Undecided: the broker asks again by itself, and would not answer.
      if (state != TransactionState::unknown)
        self->end_transaction(end, state, [](const Result<>&) {});
    });
  });
  return true;
}

void ProducerCore::request(SendPtr send, const std::string& correlation, std::int64_t timeout_ms,
                           OnAnswer done) {
  const std::size_t bytes = send->encoded.body.size();
  send->done = [self = shared_from_this(), correlation, bytes](Result<SendReceipt> sent) {
    self->release(bytes);
    if (!sent) self->end_request(correlation, Failure(std::move(sent).error()));
  };
  runtime().run([&] {
    const auto late = core_->after(timeout_ms, [weak = weak_from_this(), correlation] {
      if (const auto self = weak.lock())
        self->end_request(correlation, fail(Errc::timeout, "nobody answered the request"));
    });
    requests_.emplace(correlation, Request{std::move(done), late});
  });
  auto submitted = submit(std::move(send));
  if (submitted) return;
  runtime().post([self = shared_from_this(), correlation, error = submitted.error()] {
    self->end_request(correlation, Failure(error));
  });
}

void ProducerCore::end_request(const std::string& correlation, Result<ReceivedMessage> answer) {
  const auto found = requests_.find(correlation);
  if (found == requests_.end()) return;
  Request request = std::move(found->second);
  requests_.erase(found);
  core_->forget(request.late);
  request.done(std::move(answer));
}

bool ProducerCore::on_answer(const remoting::Header& header, std::string_view body) {
  ReceivedMessage message;
  message.properties = decode_properties(header.field("properties"));
  const std::string correlation(message.property("CORRELATION_ID"));
  if (!requests_.contains(correlation)) return false;
  const auto number = [&](std::string_view name) {
    return parse_integer<std::int64_t>(header.field(name)).value_or(0);
  };
  message.topic = header.field("topic");
  message.queue = static_cast<std::int32_t>(number("queueId"));
  message.born_ms = number("bornTimestamp");
  message.stored_ms = number("storeTimestamp");
  message.flag = static_cast<std::int32_t>(number("flag"));
  message.reconsume_times = static_cast<std::int32_t>(number("reconsumeTimes"));
  const auto sys_flag = static_cast<int>(number("sysFlag"));
  if ((sys_flag & 1) == 0) {
    message.body = body;
  } else {
    auto inflated = inflate_body(body, sys_flag);
    if (!inflated) {
      end_request(correlation, Failure(std::move(inflated).error()));
      return true;
    }
    message.body = std::move(*inflated);
  }
  end_request(correlation, std::move(message));
  return true;
}

}  // namespace bolide::client
