// SPDX-License-Identifier: Apache-2.0
//
// The public PushConsumer.
// Runs on: any thread.  Owns: see push_consumer.h.  Invariant: see push_consumer.h.
#include <bolide/push_consumer.h>

#include "client/names.h"
#include "client/push_core.h"
#include "client/start_consumer.h"
#include "client/status.h"

#include <utility>

namespace bolide {
namespace {

Result<> check(const PushConsumerOptions& options) {
  BOLIDE_CHECK(client::check_group(options.group));
  if (options.subscriptions.empty())
    return fail(Errc::invalid_argument, "group " + options.group + " subscribes to no topic");
  for (const auto& [topic, expression] : options.subscriptions)
    BOLIDE_CHECK(client::check_topic(topic));
  if (!options.on_messages)
    return fail(Errc::invalid_argument, "group " + options.group + " has no on_messages");
  if (options.ordered && options.model == ConsumeModel::broadcasting)
    return fail(Errc::invalid_argument,
                "group " + options.group +
                    " is ordered and broadcasting: the lock of a queue is for one member only");
  if (options.concurrency <= 0 || options.batch_messages_max <= 0 ||
      options.pull_messages_max <= 0 || options.queue_messages_max == 0 ||
      options.queue_bytes_max == 0 || options.queue_span_max <= 0 ||
      options.offset_commit_interval.count() <= 0)
    return fail(Errc::invalid_argument,
                "concurrency, the sizes and the intervals of a consumer must be above 0");
  return {};
}

}  // namespace

PushConsumer::PushConsumer(std::shared_ptr<client::PushCore> core) : core_(std::move(core)) {}
PushConsumer::PushConsumer(PushConsumer&&) noexcept = default;

PushConsumer& PushConsumer::operator=(PushConsumer&& other) noexcept {
  std::swap(core_, other.core_);
  return *this;
}

PushConsumer::~PushConsumer() {
  if (core_ != nullptr) (void)core_->stop();
}

StatusOr<PushConsumer> PushConsumer::start(const Client& client, PushConsumerOptions options) {
  if (const auto valid = check(options); !valid) return client::to_status(valid);
  auto core = client::start_consumer<client::PushCore>(client, std::move(options));
  if (!core) return client::to_status(core.error());
  return PushConsumer(std::move(*core));
}

Status PushConsumer::stop() {
  return client::to_status(core_->stop());
}

void PushConsumer::suspend() {
  core_->set_suspended(true);
}

void PushConsumer::resume() {
  core_->set_suspended(false);
}

std::vector<QueueId> PushConsumer::queues() const {
  return core_->queues();
}

}  // namespace bolide
