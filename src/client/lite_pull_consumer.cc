// SPDX-License-Identifier: Apache-2.0
//
// The public LitePullConsumer.
// Runs on: any thread.  Owns: see lite_pull_consumer.h.  Invariant: see lite_pull_consumer.h.
#include <bolide/lite_pull_consumer.h>

#include "client/lite_core.h"
#include "client/names.h"
#include "client/start_consumer.h"
#include "client/status.h"
#include "protocols/remoting/wire/request_codes.h"

#include <utility>

namespace bolide {
namespace {

namespace request_code = remoting::request_code;
using client::to_status;
using client::to_status_or;

Result<> check(const LitePullConsumerOptions& options) {
  BOLIDE_CHECK(client::check_group(options.group));
  for (const auto& [topic, expression] : options.subscriptions)
    BOLIDE_CHECK(client::check_topic(topic));
  if (options.poll_messages_max <= 0 || options.pull_messages_max <= 0 ||
      options.queue_messages_max == 0 || options.queue_bytes_max == 0 ||
      options.queue_span_max <= 0 || options.auto_commit_interval.count() <= 0)
    return fail(Errc::invalid_argument, "the sizes and intervals of a consumer must be above 0");
  return {};
}

}  // namespace

LitePullConsumer::LitePullConsumer(std::shared_ptr<client::LiteCore> core)
    : core_(std::move(core)) {}
LitePullConsumer::LitePullConsumer(LitePullConsumer&&) noexcept = default;

LitePullConsumer& LitePullConsumer::operator=(LitePullConsumer&& other) noexcept {
  std::swap(core_, other.core_);
  return *this;
}

LitePullConsumer::~LitePullConsumer() {
  if (core_ != nullptr) core_->stop();
}

StatusOr<LitePullConsumer> LitePullConsumer::start(const Client& client,
                                                   LitePullConsumerOptions options) {
  if (const auto valid = check(options); !valid) return to_status(valid);
  auto core = client::start_consumer<client::LiteCore>(client, std::move(options));
  if (!core) return to_status(core.error());
  return LitePullConsumer(std::move(*core));
}

void LitePullConsumer::stop() {
  core_->stop();
}

std::vector<ReceivedMessage> LitePullConsumer::poll(std::chrono::milliseconds timeout) {
  return core_->poll(timeout);
}

Status LitePullConsumer::assign(const std::vector<QueueId>& queues) {
  return to_status(core_->assign(queues));
}

std::vector<QueueId> LitePullConsumer::assignment() const {
  return core_->queues();
}

StatusOr<std::vector<QueueId>> LitePullConsumer::queues_of(const std::string& topic) const {
  return to_status_or(core_->queues_of(topic));
}

Status LitePullConsumer::seek(const QueueId& queue, std::int64_t offset) {
  return to_status(core_->seek(queue, offset));
}

Status LitePullConsumer::seek_to_begin(const QueueId& queue) {
  const auto offset = core_->ask(queue, request_code::get_min_offset, {});
  return offset ? seek(queue, *offset) : to_status(offset.error());
}

Status LitePullConsumer::seek_to_end(const QueueId& queue) {
  const auto offset = core_->ask(queue, request_code::get_max_offset, {});
  return offset ? seek(queue, *offset) : to_status(offset.error());
}

void LitePullConsumer::pause(const std::vector<QueueId>& queues) {
  core_->set_paused(queues, true);
}

void LitePullConsumer::resume(const std::vector<QueueId>& queues) {
  core_->set_paused(queues, false);
}

Status LitePullConsumer::commit() {
  return to_status(core_->commit_polled(true));
}

void LitePullConsumer::commit_async() {
  (void)core_->commit_polled(false);
}

Status LitePullConsumer::commit(const std::map<QueueId, std::int64_t>& offsets) {
  return to_status(core_->commit(offsets));
}

StatusOr<std::int64_t> LitePullConsumer::committed(const QueueId& queue) const {
  return to_status_or(core_->committed(queue));
}

StatusOr<std::int64_t> LitePullConsumer::offset_for_time(const QueueId& queue,
                                                         std::int64_t time_ms) const {
  return to_status_or(core_->ask(queue, request_code::search_offset_by_timestamp,
                                 {{"timestamp", std::to_string(time_ms)}}));
}

}  // namespace bolide
