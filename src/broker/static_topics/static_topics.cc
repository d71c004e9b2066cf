// SPDX-License-Identifier: Apache-2.0
//
// Requests about logical queues: sends and pulls. Those about offsets: queue_facts.cc.
// Runs on: core agent.  Owns: the answers that are due.  Invariant: see static_topics.h.
#include "broker/static_topics/static_topics.h"

#include "broker/properties.h"
#include "broker/static_topics/translate.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace bolide::broker {
namespace {

// From other brokers at a time, of all clients: each is a question on the one connection.
constexpr std::size_t remote_pulls_max = 4096;

void refuse_send(const Ticket& ticket, Error error) {
  if (ticket.sink == nullptr) return;
  SendResult result;
  result.error = std::move(error);
  ticket.sink->on_send(ticket, result);
}

void answer_pull(const Ticket& ticket, PullResult result) {
  if (ticket.sink != nullptr) ticket.sink->on_pull(ticket, std::move(result));
}

void refuse_pull(const Ticket& ticket, Error error) {
  PullResult result;
  result.error = std::move(error);
  answer_pull(ticket, std::move(result));
}

}  // namespace

Result<StaticTopics::Place> StaticTopics::place_of(const Topic& topic,
                                                   std::int32_t queue_id) const {
  const Generations* queue = led_queue(*topic.mapping, queue_id);
  if (queue == nullptr) {
    return fail(Errc::not_leader_for_queue, topic.config.name + "-" + std::to_string(queue_id) +
                                                " does not lie on broker " + broker_ + " now");
  }
  return Place{.mapping = topic.mapping, .queue = queue, .queue_id = queue_id};
}

Ticket StaticTopics::wait(Waiting waiting) {
  const Ticket own{
      .sink = this, .session = waiting.ticket.session, .token = static_cast<std::int32_t>(next_++)};
  waiting_.insert_or_assign(own.token, std::move(waiting));
  return own;
}

std::optional<StaticTopics::Waiting> StaticTopics::take(const Ticket& ticket) {
  auto found = waiting_.extract(ticket.token);
  if (found.empty()) return std::nullopt;  // its session has closed
  return std::move(found.mapped());
}

void StaticTopics::session_closed(SessionId session) {
  std::erase_if(waiting_,
                [session](const auto& item) { return item.second.ticket.session == session; });
}

void StaticTopics::send(const SendRequest& request, const Topic& topic) {
  std::int32_t queue_id = request.queue_id;
  if (queue_id < 0) {
    const auto led = led_queues(*topic.mapping);
    if (!led.empty()) {
      const auto turn = next_ % static_cast<std::uint32_t>(led.size());
      queue_id = std::next(led.begin(), static_cast<std::ptrdiff_t>(turn))->first;
    }
  }
  auto place = place_of(topic, queue_id);
  if (!place) return refuse_send(request.ticket, std::move(place).error());
  const QueueGeneration& leader = place->queue->back();
  SendRequest changed = request;
  changed.queue_id = leader.queue_id;
  changed.numbered_queue = queue_id;
  changed.physical = true;
  if (request.ticket.sink != nullptr) {
    changed.ticket = wait({.ticket = request.ticket,
                           .place = std::move(*place),
                           .generation = &leader,
                           .held = scan_properties(request.properties).transaction});
  } else {
    ++next_;
  }
  parts_.send(changed);
}

void StaticTopics::on_send(const Ticket& ticket, const SendResult& result) {
  const auto waiting = take(ticket);
  if (!waiting) return;
  SendResult translated = result;
  if (!result.error) translate(*waiting, &translated);
  waiting->ticket.sink->on_send(waiting->ticket, translated);
}

void StaticTopics::translate(const Waiting& waiting, SendResult* result) const {
  const QueueGeneration& leader = *waiting.generation;
  const std::int32_t queue_id = result->queue_id;
  result->queue_id = waiting.place.queue_id;
  // Of a transaction it is the place among those that wait, by which its producer ends it.
  if (waiting.held) return;
  if (queue_id == leader.queue_id) {
    result->queue_offset = to_logical_inside(leader, result->queue_offset);
    return;
  }
  // It repeats a message of another queue, or of this one as it was before a move.
  for (const auto& [logical_id, queue] : waiting.place.mapping->queues) {
    for (const QueueGeneration& generation : queue) {
      if (generation.broker != broker_ || generation.queue_id != queue_id) continue;
      if (result->queue_offset < generation.start_offset) continue;
      if (generation.ended() && result->queue_offset >= generation.end_offset) continue;
      result->queue_id = logical_id;
      result->queue_offset = to_logical_inside(generation, result->queue_offset);
      return;
    }
  }
  result->queue_offset = -1;
}

bool StaticTopics::pull(const PullRequest& request) {
  const Topic* topic = parts_.topics.find(request.topic);
  if (topic == nullptr || topic->mapping == nullptr) return false;
  auto place = place_of(*topic, request.queue_id);
  if (!place) return refuse_pull(request.ticket, std::move(place).error()), true;
  const QueueGeneration* generation = generation_at(*place->queue, request.offset);
  if (generation == nullptr) {
    refuse_pull(request.ticket, Error{Errc::not_leader_for_queue,
                                      topic->config.name + "-" + std::to_string(request.queue_id) +
                                          " has no place yet"});
    return true;
  }
  commit_with(request, *place);
  pull_from(request, {.ticket = request.ticket,
                      .place = std::move(*place),
                      .generation = generation,
                      .physical_offset = to_physical(*generation, request.offset)});
  return true;
}

void StaticTopics::commit_with(const PullRequest& request, const Place& place) {
  if (!request.commit_offset || *request.commit_offset < 0) return;
  ask_placed({.fact = QueueFact::commit,
              .topic = request.topic,
              .queue_id = request.queue_id,
              .group = request.group,
              .value = *request.commit_offset},
             place, [](Result<std::int64_t>) {});
}

void StaticTopics::pull_from(const PullRequest& request, Waiting waiting) {
  const QueueGeneration& generation = *waiting.generation;
  PullRequest physical = request;
  physical.physical = true;
  physical.queue_id = generation.queue_id;
  physical.offset = waiting.physical_offset;
  physical.commit_offset.reset();
  // Only the newest generation gets messages: to wait in another is to wait in vain.
  if (&generation != &waiting.place.queue->back()) physical.suspend_ms = 0;
  if (generation.ended()) {
    const std::int64_t left = generation.end_offset - waiting.physical_offset;
    if (left <= 0) {
      PullResult behind;
      behind.status = PullStatus::offset_overflow_one;
      behind.next_offset = behind.max_offset = generation.end_offset;
      behind.min_offset = generation.start_offset;
      return answer_pull(waiting.ticket, to_logical(*waiting.place.queue, generation,
                                                    waiting.physical_offset, std::move(behind)));
    }
    physical.messages_max =
        static_cast<std::int32_t>(std::min<std::int64_t>(left, request.messages_max));
  }
  const bool here = generation.broker == broker_;
  if (!here && peers_ == nullptr)
    return refuse_pull(waiting.ticket, Error{Errc::connection_failed, generation.broker});
  if (!here && remote_pulls_ >= remote_pulls_max)
    return refuse_pull(waiting.ticket,
                       Error{Errc::busy, "too many reads from broker " + generation.broker});
  const std::string holder = generation.broker;
  physical.ticket = wait(std::move(waiting));
  if (here) return parts_.pull(physical);
  ++remote_pulls_;
  peers_->pull(holder, physical, [this, ticket = physical.ticket](Result<PullResult> result) {
    --remote_pulls_;
    PullResult answer = result ? std::move(*result) : PullResult{};
    if (!result) answer.error = std::move(result).error();
    on_pull(ticket, std::move(answer));
  });
}

void StaticTopics::on_pull(const Ticket& ticket, PullResult&& result) {
  const auto waiting = take(ticket);
  if (!waiting) return;
  answer_pull(waiting->ticket, to_logical(*waiting->place.queue, *waiting->generation,
                                          waiting->physical_offset, std::move(result)));
}

}  // namespace bolide::broker
