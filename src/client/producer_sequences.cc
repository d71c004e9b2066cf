// SPDX-License-Identifier: Apache-2.0
//
// What an idempotent producer does otherwise: numbers, turns, and attempts at one queue until the
// time is over.
// Runs on: the client's agent.  Owns: see producer_core.h.  Invariant: see producer_core.h.
#include "client/producer_core.h"

#include <algorithm>
#include <utility>

namespace bolide::client {
namespace {

constexpr std::int64_t repeat_pause_ms = 50;
constexpr std::int64_t repeat_pause_ms_max = 1000;
constexpr std::int64_t attempt_ms_max = 3000;

}  // namespace

bool ProducerCore::is_numbered(const Send& send) const {
  return options_.idempotent && !send.one_way && send.code == 0;
}

Result<const PublishTable::Target*> ProducerCore::same_queue(const Send& send) {
  const PublishTable& table = tables_.find(send.topic)->second;
  const auto found = std::ranges::lower_bound(table.queues(), send.queue);
  if (found == table.queues().end() || *found != send.queue)
    return fail(Errc::connection_failed, "queue " + std::to_string(send.queue.queue) +
                                             " of topic " + send.topic + " on broker " +
                                             send.queue.broker + " is not there");
  return &table.at(static_cast<std::size_t>(found - table.queues().begin()));
}

// Null: it waits.
SendPtr ProducerCore::number(SendPtr send, const QueueId& queue) {
  if (sequences_.number(*send, queue)) return send;
  sequences_.wait(std::move(send), queue);
  return nullptr;
}

// What another attempt cannot store twice need not wait until the end for one that got lost.
std::int64_t ProducerCore::attempt_ms(const Send& send, std::int64_t left_ms) const {
  return is_numbered(send) ? std::min(left_ms, attempt_ms_max) : left_ms;
}

// Takes the send over if it is one that another attempt cannot store twice, and there is time.
bool ProducerCore::repeat_later(SendPtr& send, Error& error) {
  if (!is_numbered(*send) || closed_) return false;
  const std::int64_t left_ms = send->deadline_ms - core_->now_ms();
  // Before it has a number it was sent to nobody: what cannot be sent will not be later.
  const bool passing = send->sequence >= 0 || error_row(error.code).retriable;
  if (left_ms <= 0 || !passing) return false;
  const std::int64_t pause_ms =
      std::min({repeat_pause_ms * (send->attempts + 1), repeat_pause_ms_max, left_ms});
  core_->after(pause_ms, [self = shared_from_this(), waiting = std::move(send)]() mutable {
    self->begin(std::move(waiting));
  });
  return true;
}

void ProducerCore::release_waiting(const QueueId& queue) {
  if (std::exchange(releasing_, true)) return;
  const QueueId place = queue;
  while (SendPtr send = sequences_.next(place)) begin(std::move(send));
  releasing_ = false;
}

}  // namespace bolide::client
