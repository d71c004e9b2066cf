// SPDX-License-Identifier: Apache-2.0
//
// The numbers of an idempotent producer's messages.
// Runs on: the client's agent.  Owns: see sequences.h.  Invariant: see sequences.h.
#include "client/sequences.h"

#include "base/producer_identity.h"

#include <utility>

namespace bolide::client {

bool Sequences::fits(const Queue& state, const Send& send) {
  if (state.open.empty()) return true;
  if (is_ordered(send) && state.ordered > 0) return false;
  const std::int64_t sequence = send.sequence_wanted.value_or(state.next);
  return sequence - state.open.begin()->first < producer_window_min &&
         !state.open.contains(sequence);
}

void Sequences::give(Queue& state, Send& send, const QueueId& queue) {
  send.sequence = send.sequence_wanted.value_or(state.next);
  state.next = send.sequence + 1;
  state.open.emplace(send.sequence, is_ordered(send));
  if (is_ordered(send)) ++state.ordered;
  send.queue = queue;
  // The topic as the broker knows it: with its namespace.
  const ProducerSequence number{.sequence = send.sequence,
                                .queue_check = ProducerSequence::check_of(send.topic, queue.queue)};
  std::string& properties = send.encoded.properties;
  const auto add = [&](std::string_view name, std::string_view value) {
    properties.append(name).append("\1").append(value).append("\2");
  };
  add(producer_id_property, producer_id_);
  add(producer_sequence_property, number.text());
}

bool Sequences::number(Send& send, const QueueId& queue) {
  Queue& state = queues_[queue];
  if (!state.waiting.empty() || !fits(state, send)) return false;
  give(state, send, queue);
  return true;
}

void Sequences::wait(SendPtr send, const QueueId& queue) {
  queues_[queue].waiting.push_back(std::move(send));
}

void Sequences::ended(const Send& send) {
  Queue& state = queues_[send.queue];
  const auto found = state.open.find(send.sequence);
  if (found == state.open.end()) return;
  if (found->second) --state.ordered;
  state.open.erase(found);
}

SendPtr Sequences::next(const QueueId& queue) {
  Queue& state = queues_[queue];
  if (state.waiting.empty() || !fits(state, *state.waiting.front())) return nullptr;
  SendPtr send = std::move(state.waiting.front());
  state.waiting.pop_front();
  give(state, *send, queue);
  return send;
}

}  // namespace bolide::client
