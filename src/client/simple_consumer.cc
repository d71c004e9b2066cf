// SPDX-License-Identifier: Apache-2.0
//
// The public SimpleConsumer.
// Runs on: any thread.  Owns: see simple_consumer.h.  Invariant: see simple_consumer.h.
#include <bolide/simple_consumer.h>

#include "client/names.h"
#include "client/simple_core.h"
#include "client/start_consumer.h"
#include "client/status.h"

#include <future>
#include <utility>

namespace bolide {
namespace {

using client::PopReceipt;
using client::SimpleCore;
using client::to_status;
using client::to_status_or;

Result<> check_bounds(int messages_max, std::chrono::milliseconds invisible) {
  if (messages_max <= 0 || invisible.count() <= 0)
    return fail(Errc::invalid_argument, "messages_max and invisible must be above 0");
  return {};
}

Result<> check(const SimpleConsumerOptions& options) {
  BOLIDE_CHECK(client::check_group(options.group));
  if (options.subscriptions.empty())
    return fail(Errc::invalid_argument, "group " + options.group + " subscribes to no topic");
  for (const auto& [topic, expression] : options.subscriptions)
    BOLIDE_CHECK(client::check_topic(topic));
  if (options.await.count() <= 0) return fail(Errc::invalid_argument, "await must be above 0");
  return check_bounds(options.messages_max, options.invisible);
}

// Waits on the caller's thread for what `begin` will be told on the agent.
template <class T, class Begin>
Result<T> wait_for(const Begin& begin) {
  const auto promise = std::make_shared<std::promise<Result<T>>>();
  begin([promise](Result<T> result) { promise->set_value(std::move(result)); });
  return promise->get_future().get();
}

}  // namespace

SimpleConsumer::SimpleConsumer(std::shared_ptr<SimpleCore> core) : core_(std::move(core)) {}
SimpleConsumer::SimpleConsumer(SimpleConsumer&&) noexcept = default;

SimpleConsumer& SimpleConsumer::operator=(SimpleConsumer&& other) noexcept {
  std::swap(core_, other.core_);
  return *this;
}

SimpleConsumer::~SimpleConsumer() {
  if (core_ != nullptr) core_->close();
}

StatusOr<SimpleConsumer> SimpleConsumer::start(const Client& client,
                                               SimpleConsumerOptions options) {
  if (const auto valid = check(options); !valid) return to_status(valid);
  auto core = client::start_consumer<SimpleCore>(client, std::move(options));
  if (!core) return to_status(core.error());
  return SimpleConsumer(std::move(*core));
}

StatusOr<std::vector<PoppedMessage>> SimpleConsumer::receive() {
  return receive(core_->options().messages_max, core_->options().invisible);
}

StatusOr<std::vector<PoppedMessage>> SimpleConsumer::receive(int messages_max,
                                                             std::chrono::milliseconds invisible) {
  if (const auto valid = check_bounds(messages_max, invisible); !valid) return to_status(valid);
  return to_status_or(wait_for<SimpleCore::Messages>([&](SimpleCore::OnMessages done) {
    core_->receive(messages_max, invisible.count(), std::move(done));
  }));
}

void SimpleConsumer::receive_async(int messages_max, std::chrono::milliseconds invisible,
                                   ReceiveCallback done) {
  using Messages = SimpleCore::Messages;
  core_->gate().hold();
  auto then = [core = core_, done = std::move(done)](Result<Messages> result) mutable {
    core->runtime().call_back([core, done = std::move(done), result = std::move(result)]() mutable {
      core->gate().run([&] { done(to_status_or(std::move(result))); });
    });
  };
  const auto valid = check_bounds(messages_max, invisible);
  if (valid) return core_->receive(messages_max, invisible.count(), std::move(then));
  core_->runtime().post([then = std::move(then), error = valid.error()]() mutable {
    then(Failure(std::move(error)));
  });
}

Status SimpleConsumer::ack(const PoppedMessage& message) {
  return to_status(wait_for<void>([&](SimpleCore::OnDone done) {
    core_->ack(message.topic, message.receipt, std::move(done));
  }));
}

void SimpleConsumer::ack_async(const PoppedMessage& message, AckCallback done) {
  core_->gate().hold();
  core_->ack(
      message.topic, message.receipt,
      [core = core_, done = std::move(done)](Result<> result) mutable {
        core->runtime().call_back([core, done = std::move(done), result = std::move(result)] {
          core->gate().run([&] { done(to_status(result)); });
        });
      });
}

Status SimpleConsumer::ack(std::span<const PoppedMessage> messages) {
  if (messages.empty()) return {};
  return to_status(
      wait_for<void>([&](SimpleCore::OnDone done) { core_->ack_all(messages, std::move(done)); }));
}

Status SimpleConsumer::change_invisible(PoppedMessage& message,
                                        std::chrono::milliseconds invisible) {
  if (const auto valid = check_bounds(1, invisible); !valid) return to_status(valid);
  const auto changed = wait_for<PopReceipt>([&](SimpleCore::OnReceipt done) {
    core_->change(message.topic, message.receipt, invisible.count(), std::move(done));
  });
  if (!changed) return to_status(changed.error());
  message.receipt = changed->text();
  message.invisible_until_ms = changed->popped_ms + changed->invisible_ms;
  return {};
}

void SimpleConsumer::close() {
  core_->close();
}

}  // namespace bolide
