// SPDX-License-Identifier: Apache-2.0
//
// What is asked about logical queues: offsets and times, over all generations.
// Runs on: core agent.  Owns: the questions under way.  Invariant: see static_topics.h.
#include "broker/static_topics/static_topics.h"

#include "broker/static_topics/translate.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace bolide::broker {

// A question that several generations may have to be asked; the views of the request are copied.
struct StaticTopics::Search {
  Place place;
  std::string topic;
  std::string group;
  QueueQuestion question;
  Reply<std::int64_t> reply;

  static std::shared_ptr<Search> start(const QueueQuestion& asked, const Place& place,
                                       Reply<std::int64_t> reply) {
    auto search = std::make_shared<Search>(Search{.place = place,
                                                  .topic = std::string(asked.topic),
                                                  .group = std::string(asked.group),
                                                  .question = asked,
                                                  .reply = std::move(reply)});
    search->question.topic = search->topic;
    search->question.group = search->group;
    return search;
  }
};

bool StaticTopics::ask(const QueueQuestion& question, bool physical, Reply<std::int64_t>& reply) {
  if (physical) return false;
  const Topic* topic = parts_.topics.find(question.topic);
  if (topic == nullptr || topic->mapping == nullptr) return false;
  auto place = place_of(*topic, question.queue_id);
  if (!place)
    reply(Failure(std::move(place).error()));
  else
    ask_placed(question, *place, std::move(reply));
  return true;
}

void StaticTopics::ask_placed(const QueueQuestion& question, const Place& place,
                              Reply<std::int64_t> reply) {
  const Generations& queue = *place.queue;
  const QueueGeneration* oldest = generation_at(queue, 0);
  const QueueGeneration* newest = generation_at(queue, INT64_MAX);
  if (oldest == nullptr || newest == nullptr)
    return reply(fail(Errc::not_leader_for_queue, "the queue has no place yet"));
  switch (question.fact) {
    case QueueFact::min_offset: return ask_translated(question, place, *oldest, std::move(reply));
    case QueueFact::max_offset: return ask_translated(question, place, *newest, std::move(reply));
    case QueueFact::earliest_store_time: return ask_holder(*oldest, question, std::move(reply));
    case QueueFact::commit: {
      const QueueGeneration& holder = *generation_at(queue, question.value);
      QueueQuestion physical = question;
      physical.value = to_physical(holder, question.value);
      return ask_holder(holder, physical, std::move(reply));
    }
    case QueueFact::consumer_offset:
      if (queue.size() == 1) return ask_translated(question, place, *oldest, std::move(reply));
      return find_committed(Search::start(question, place, std::move(reply)), queue.size());
    case QueueFact::offset_by_time:
      if (queue.size() == 1) return ask_translated(question, place, *oldest, std::move(reply));
      return find_time(Search::start(question, place, std::move(reply)), queue.size());
  }
}

void StaticTopics::ask_holder(const QueueGeneration& generation, QueueQuestion question,
                              Reply<std::int64_t> reply) {
  question.queue_id = generation.queue_id;
  if (generation.broker == broker_) return reply(parts_.answer(question));
  if (peers_ == nullptr) return reply(fail(Errc::connection_failed, generation.broker));
  peers_->ask(generation.broker, question, std::move(reply));
}

void StaticTopics::ask_translated(const QueueQuestion& question, const Place& place,
                                  const QueueGeneration& generation, Reply<std::int64_t> reply) {
  ask_holder(generation, question,
             [mapping = place.mapping, &generation,
              reply = std::move(reply)](Result<std::int64_t> offset) mutable {
               if (!offset) return reply(std::move(offset));
               reply(to_logical_inside(generation, *offset));
             });
}

// The newest generation that knows of the group has its offset. `left` of them, the oldest, are yet
// to be asked.
void StaticTopics::find_committed(std::shared_ptr<Search> search, std::size_t left) {
  const Generations& queue = *search->place.queue;
  while (left > 0 && !queue[left - 1].placed()) --left;
  if (left == 0)
    return search->reply(fail(Errc::not_found, "Not found, maybe this group consumer boot first"));
  const QueueGeneration& generation = queue[left - 1];
  QueueQuestion question = search->question;
  question.zero_if_absent = false;
  ask_holder(generation, question,
             [this, search, left, &generation](Result<std::int64_t> offset) mutable {
               if (offset) return search->reply(to_logical(generation, *offset));
               if (offset.error().code != Errc::not_found) return search->reply(std::move(offset));
               find_committed(std::move(search), left - 1);
             });
}

// The newest generation that begins before that time has the offset, or ends before it.
void StaticTopics::find_time(std::shared_ptr<Search> search, std::size_t left) {
  const Generations& queue = *search->place.queue;
  while (left > 1 && !queue[left - 1].placed()) --left;
  const QueueGeneration& generation = queue[left - 1];
  if (left == 1) return find_in(std::move(search), generation);
  QueueQuestion question = search->question;
  question.fact = QueueFact::earliest_store_time;
  ask_holder(generation, question,
             [this, search, left, &generation](Result<std::int64_t> first_ms) mutable {
               if (!first_ms) return search->reply(std::move(first_ms));
               const std::int64_t time_ms = search->question.value;
               const bool before =
                   search->question.upper ? *first_ms <= time_ms : *first_ms < time_ms;
               if (*first_ms >= 0 && before) return find_in(std::move(search), generation);
               find_time(std::move(search), left - 1);
             });
}

void StaticTopics::find_in(std::shared_ptr<Search> search, const QueueGeneration& generation) {
  ask_holder(
      generation, search->question,
      [this, search, &generation](Result<std::int64_t> offset) mutable {
        if (!offset) return search->reply(std::move(offset));
        const QueueGeneration* next = generation_after(*search->place.queue, generation);
        if (next == nullptr || search->question.upper)
          return search->reply(to_logical_inside(generation, *offset));
        QueueQuestion question = search->question;
        question.fact = QueueFact::max_offset;
        ask_holder(
            generation, question,
            [search, offset = *offset, &generation, next](Result<std::int64_t> end) mutable {
              if (!end) return search->reply(std::move(end));
              const bool behind = offset >= *end;
              search->reply(behind ? next->logic_offset : to_logical_inside(generation, offset));
            });
      });
}

}  // namespace bolide::broker
