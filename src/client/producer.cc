// SPDX-License-Identifier: Apache-2.0
//
// The public Producer: the ways of waiting for a send.
// Runs on: any thread.  Owns: see producer.h.  Invariant: see producer.h.
#include <bolide/producer.h>

#include "base/producer_identity.h"
#include "base/strings.h"
#include "client/names.h"
#include "client/producer_core.h"
#include "client/recall.h"
#include "client/send_call.h"
#include "client/status.h"
#include "client/tracer.h"
#include "os/clock.h"
#include "protocols/remoting/wire/request_codes.h"

#include <utility>

namespace bolide {
namespace {

using client::make_send;
using client::ProducerCore;
using client::send_and_wait;
using client::to_status;
using client::to_status_or;

constexpr std::chrono::seconds callback_grace{10};

// The send of a request, whose answer will carry `correlation`.
Result<client::SendPtr> make_request(ProducerCore& core, Message message, QueueSelector select,
                                     const std::string& correlation,
                                     std::chrono::milliseconds timeout) {
  return make_send(core, std::move(message), std::move(select),
                   {.properties = {{"CORRELATION_ID", correlation},
                                   {"REPLY_TO_CLIENT", core.core().settings().id},
                                   {"TTL", std::to_string(timeout.count())}}});
}

void add_receipts(const SendReceipt& first, std::span<const std::string> ids,
                  std::vector<SendReceipt>* receipts) {
  // Of a batch the ids come joined, and the offset is the first message's.
  const std::string joined = first.offset_id;
  const auto offset_ids = split(joined, ',');
  for (std::size_t i = 0; i < ids.size(); ++i) {
    SendReceipt receipt = first;
    receipt.offset += static_cast<std::int64_t>(i);
    receipt.id = ids[i];
    receipt.offset_id = i < offset_ids.size() ? offset_ids[i] : "";
    receipts->push_back(std::move(receipt));
  }
}

}  // namespace

Producer::Producer(std::shared_ptr<ProducerCore> core) : core_(std::move(core)) {}
Producer::Producer(Producer&&) noexcept = default;

Producer& Producer::operator=(Producer&& other) noexcept {
  std::swap(core_, other.core_);
  return *this;
}

Producer::~Producer() {
  if (core_ == nullptr) return;
  core_->close();
  // Each send ends in its time; its callback may take longer.
  core_->wait_idle(core_->options().send_timeout + callback_grace);
  if (core_->tracer() != nullptr) core_->tracer()->stop();
}

StatusOr<Producer> Producer::start(const Client& client, ProducerOptions options) {
  if (auto valid = client::check_group(options.group); !valid) return to_status(valid);
  if (options.send_timeout.count() <= 0 || options.retries < 0 || options.auto_topic_queues <= 0)
    return Status(Errc::invalid_argument,
                  "send_timeout and auto_topic_queues must be above 0, retries not below");
  if (options.producer_id.size() > producer_id_bytes_max ||
      options.producer_id.find_first_of("\1\2") != options.producer_id.npos ||
      (!options.producer_id.empty() && !options.idempotent))
    return Status(Errc::invalid_argument, "producer_id is for idempotent producers, at most " +
                                              std::to_string(producer_id_bytes_max) + " bytes");
  options.group = client::wrap(client.core()->settings().name_space, options.group);
  auto core = std::make_shared<ProducerCore>(client.core(), std::move(options));
  core->start();
  return Producer(std::move(core));
}

StatusOr<SendReceipt> Producer::send(Message message, QueueSelector select) {
  auto send = make_send(*core_, std::move(message), std::move(select));
  if (!send) return to_status(send.error());
  return to_status_or(send_and_wait(*core_, std::move(*send)));
}

void Producer::send_async(Message message, SendCallback done, QueueSelector select) {
  const auto shared = std::make_shared<SendCallback>(std::move(done));
  auto send = make_send(*core_, std::move(message), std::move(select));
  Result<> submitted = send ? Result<>() : Failure(send.error());
  if (send) {
    const std::size_t bytes = (*send)->encoded.body.size();
    (*send)->done = [core = core_, shared, bytes](Result<SendReceipt> result) {
      core->runtime().call_back([core, shared, bytes, result = std::move(result)]() mutable {
        core->run_held([&] { (*shared)(to_status_or(std::move(result))); }, bytes);
      });
    };
    submitted = core_->submit(std::move(*send));
  }
  if (submitted) return;
  core_->hold();
  core_->runtime().workers().submit([core = core_, shared, error = to_status(submitted)] {
    core->run_held([&] { (*shared)(error); });
  });
}

std::future<StatusOr<SendReceipt>> Producer::send_future(Message message, QueueSelector select) {
  const auto promise = std::make_shared<std::promise<StatusOr<SendReceipt>>>();
  auto future = promise->get_future();
  auto send = make_send(*core_, std::move(message), std::move(select));
  if (!send) {
    promise->set_value(to_status(send.error()));
    return future;
  }
  // On the agent: whoever waits may be the last worker.
  const std::size_t bytes = (*send)->encoded.body.size();
  (*send)->done = [core = core_, promise, bytes](Result<SendReceipt> result) {
    promise->set_value(to_status_or(std::move(result)));
    core->release(bytes);
  };
  const auto submitted = core_->submit(std::move(*send));
  if (!submitted) promise->set_value(to_status(submitted));
  return future;
}

Status Producer::send_one_way(Message message, QueueSelector select) {
  auto send = make_send(*core_, std::move(message), std::move(select));
  if (!send) return to_status(send.error());
  (*send)->one_way = true;
  const auto sent = send_and_wait(*core_, std::move(*send));
  return sent ? Status() : to_status(sent.error());
}

StatusOr<std::vector<SendReceipt>> Producer::send_batch(std::vector<Message> messages) {
  std::vector<std::string> ids;
  for (const Message& message : messages) {
    const bool delayed =
        message.delay_level != 0 || message.delay.count() != 0 || message.deliver_at_ms != 0;
    if (message.topic != messages.front().topic || !message.ordering_key.empty() || delayed)
      return Status(Errc::message_invalid,
                    "the messages of a batch have one topic, no ordering key and no delay");
    if (!core_->options().producer_id.empty() || message.sequence)
      return Status(Errc::message_invalid, "messages with a sequence are sent one by one");
    if (auto valid = client::check_message(message, core_->options()); !valid)
      return to_status(valid);
    ids.push_back(core_->next_id());
  }
  std::vector<SendReceipt> receipts;
  while (receipts.size() < messages.size()) {
    const auto rest = std::span(messages).subspan(receipts.size());
    const auto rest_ids = std::span(ids).subspan(receipts.size());
    auto batch = client::encode_batch(rest, rest_ids, core_->options());
    if (!batch) return to_status(batch.error());
    auto send = std::make_unique<client::Send>();
    send->batch = true;
    send->topic = client::wrap(core_->core().settings().name_space, messages.front().topic);
    send->encoded = std::move(batch->encoded);
    const auto sent_ids = rest_ids.first(batch->messages);
    send->ids.assign(sent_ids.begin(), sent_ids.end());
    auto sent = send_and_wait(*core_, std::move(send));
    if (!sent) return to_status(sent.error());
    add_receipts(*sent, sent_ids, &receipts);
  }
  return receipts;
}

void Producer::request_async(Message message, std::chrono::milliseconds timeout,
                             AnswerCallback done, QueueSelector select) {
  const std::string correlation = core_->next_id();
  const auto shared = std::make_shared<AnswerCallback>(std::move(done));
  auto send = make_request(*core_, std::move(message), std::move(select), correlation, timeout);
  core_->hold();
  if (!send) {
    return core_->runtime().workers().submit(
        [core = core_, shared, error = to_status(send.error())] {
          core->run_held([&] { (*shared)(error); });
        });
  }
  core_->request(std::move(*send), correlation, timeout.count(),
                 [core = core_, shared](Result<ReceivedMessage> answer) {
                   core->runtime().call_back([core, shared, answer = std::move(answer)]() mutable {
                     core->run_held([&] { (*shared)(to_status_or(std::move(answer))); });
                   });
                 });
}

StatusOr<ReceivedMessage> Producer::request(Message message, std::chrono::milliseconds timeout,
                                            QueueSelector select) {
  const std::string correlation = core_->next_id();
  auto send = make_request(*core_, std::move(message), std::move(select), correlation, timeout);
  if (!send) return to_status(send.error());
  // On the agent: this thread may be the last worker.
  const auto promise = std::make_shared<std::promise<Result<ReceivedMessage>>>();
  core_->request(
      std::move(*send), correlation, timeout.count(),
      [promise](Result<ReceivedMessage> answer) { promise->set_value(std::move(answer)); });
  return to_status_or(promise->get_future().get());
}

StatusOr<SendReceipt> Producer::reply(const ReceivedMessage& request, std::string body) {
  const std::string cluster(request.property("CLUSTER"));
  const std::string correlation(request.property("CORRELATION_ID"));
  const std::string client(request.property("REPLY_TO_CLIENT"));
  const std::string ttl(request.property("TTL"));
  if (cluster.empty() || correlation.empty() || client.empty() || ttl.empty())
    return Status(Errc::message_invalid, "message " + request.id() + " is no request");
  auto send = make_send(*core_, {.topic = cluster + "_REPLY_TOPIC", .body = std::move(body)}, {},
                        {.properties = {{"MSG_TYPE", "reply"},
                                        {"CORRELATION_ID", correlation},
                                        {"REPLY_TO_CLIENT", client},
                                        {"TTL", ttl}}});
  if (!send) return to_status(send.error());
  (*send)->code = remoting::request_code::send_reply_message_v2;
  return to_status_or(send_and_wait(*core_, std::move(*send)));
}

StatusOr<std::string> Producer::recall(const std::string& topic, const std::string& handle) {
  const auto promise = std::make_shared<std::promise<Result<std::string>>>();
  client::recall_message(core_->core().shared_from_this(),
                         {.group = core_->options().group,
                          .topic = client::wrap(core_->core().settings().name_space, topic),
                          .handle = handle},
                         [promise](Result<std::string> id) { promise->set_value(std::move(id)); });
  auto recalled = promise->get_future().get();
  if (recalled && core_->tracer() != nullptr) {
    core_->tracer()->add({.kind = client::TraceRecord::Kind::recall,
                          .time_ms = os::system_clock().now().wall_ms,
                          .topic = topic,
                          .id = *recalled,
                          .success = true});
  }
  return to_status_or(std::move(recalled));
}

Status Producer::flush(std::chrono::milliseconds timeout) {
  if (core_->wait_idle(timeout)) return {};
  return {Errc::timeout, "messages are still on their way"};
}

}  // namespace bolide
