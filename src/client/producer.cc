// SPDX-License-Identifier: Apache-2.0
//
// The public Producer: the ways of waiting for a send.
// Runs on: any thread.  Owns: see producer.h.  Invariant: see producer.h.
#include <bolide/producer.h>

#include "base/strings.h"
#include "client/names.h"
#include "client/producer_core.h"
#include "client/status.h"

#include <utility>

namespace bolide {
namespace {

using client::ProducerCore;
using client::SendPtr;
using client::to_status;
using client::to_status_or;

Result<SendPtr> make_send(ProducerCore& core, Message message, QueueSelector select) {
  auto send = std::make_unique<client::Send>();
  send->ids.push_back(core.next_id());
  BOLIDE_TRY(send->encoded, client::encode_message(message, send->ids.front(), core.options()));
  send->topic = message.topic;
  send->flag = message.flag;
  send->ordering_key = message.ordering_key;
  if (select) {
    send->select = std::move(select);
    send->original = std::move(message);
  }
  return send;
}

// Gives a send to the core and waits for its end.
Result<SendReceipt> send_and_wait(ProducerCore& core, SendPtr send) {
  // Shared, because whoever sets the value still holds it when this returns.
  const auto promise = std::make_shared<std::promise<Result<SendReceipt>>>();
  const std::size_t bytes = send->encoded.body.size();
  send->done = [promise](Result<SendReceipt> result) { promise->set_value(std::move(result)); };
  BOLIDE_CHECK(core.submit(std::move(send)));
  Result<SendReceipt> result = promise->get_future().get();
  core.release(bytes);
  return result;
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
  // A callback that destroys its own producer must not wait for itself.
  if (!client::WorkerPool::on_worker()) core_->wait_idle(core_->options().send_timeout * 2);
}

StatusOr<Producer> Producer::start(const Client& client, ProducerOptions options) {
  if (auto valid = client::check_group(options.group); !valid) return to_status(valid);
  if (options.send_timeout.count() <= 0 || options.retries < 0 || options.auto_topic_queues <= 0)
    return Status(Errc::invalid_argument,
                  "send_timeout and auto_topic_queues must be above 0, retries not below");
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
        (*shared)(to_status_or(std::move(result)));
        core->release(bytes);
      });
    };
    submitted = core_->submit(std::move(*send));
  }
  if (submitted) return;
  core_->runtime().workers().submit([shared, error = to_status(submitted)] { (*shared)(error); });
}

std::future<StatusOr<SendReceipt>> Producer::send_future(Message message, QueueSelector select) {
  auto promise = std::make_shared<std::promise<StatusOr<SendReceipt>>>();
  auto future = promise->get_future();
  send_async(
      std::move(message),
      [promise](StatusOr<SendReceipt> result) { promise->set_value(std::move(result)); },
      std::move(select));
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
    if (message.topic != messages.front().topic || !message.ordering_key.empty())
      return Status(Errc::message_invalid,
                    "the messages of a batch have one topic, and no ordering key");
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
    send->topic = messages.front().topic;
    send->encoded = std::move(batch->encoded);
    const auto sent_ids = rest_ids.first(batch->messages);
    send->ids.assign(sent_ids.begin(), sent_ids.end());
    auto sent = send_and_wait(*core_, std::move(send));
    if (!sent) return to_status(sent.error());
    add_receipts(*sent, sent_ids, &receipts);
  }
  return receipts;
}

Status Producer::flush(std::chrono::milliseconds timeout) {
  if (core_->wait_idle(timeout)) return {};
  return {Errc::timeout, "messages are still on their way"};
}

}  // namespace bolide
