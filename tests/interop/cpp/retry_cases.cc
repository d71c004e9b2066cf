// SPDX-License-Identifier: Apache-2.0
//
// Cases of messages that a listener refuses, and of ordered consuming.
// Runs on: one thread per case.  Owns: nothing.  Invariant: none.
#include "context.h"

#include <algorithm>
#include <atomic>
#include <map>

namespace cases {
namespace {

using bolide::ConsumeFrom;
using bolide::ConsumeResult;
using bolide::Errc;
using bolide::PushConsumer;
using bolide::PushConsumerOptions;
using bolide::ReceivedMessage;

PushConsumer start(const Context& context, PushConsumerOptions options) {
  return must(PushConsumer::start(context.client(), std::move(options)), "start a consumer");
}

void a_refused_message_shows_its_topic_and_how_often_it_came(Context& context) {
  const std::string topic = context.topic();
  context.send_many(topic, "m", 1);
  std::mutex mutex;
  std::vector<ReceivedMessage> seen;
  const auto consumer =
      start(context, {.group = context.unique("group"),
                      .subscriptions = {{topic, "*"}},
                      .on_messages =
                          [&](auto messages) {
                            const std::lock_guard lock(mutex);
                            if (messages[0].body == "first") return ConsumeResult::success;
                            seen.push_back(messages[0]);
                            return seen.size() < 2 ? ConsumeResult::later : ConsumeResult::success;
                          },
                      .from = ConsumeFrom::first});
  // The first delay level of a retry is 10 s.
  await(
      "the second time",
      [&] {
        const std::lock_guard lock(mutex);
        return seen.size() == 2;
      },
      std::chrono::seconds(60));
  const std::lock_guard lock(mutex);
  expect(seen[1].topic == topic, "its topic is " + seen[1].topic);
  expect(seen[1].reconsume_times == 1, std::to_string(seen[1].reconsume_times) + " times");
  expect(seen[1].id() == seen[0].id(), "another id");
  expect(seen[1].body == "m0", "another body");
}

void a_message_refused_too_often_is_a_dead_letter(Context& context) {
  const std::string topic = context.topic(), group = context.unique("group");
  const auto bodies = context.send_many(topic, "m", 1);
  const auto consumer = start(context, {.group = group,
                                        .subscriptions = {{topic, "*"}},
                                        .on_messages =
                                            [&](auto messages) {
                                              return messages[0].body == "first"
                                                         ? ConsumeResult::success
                                                         : ConsumeResult::later;
                                            },
                                        .from = ConsumeFrom::first,
                                        .reconsume_max = 0});
  Sink sink;
  const auto reader = start(context, {.group = context.unique("reader"),
                                      .subscriptions = {{"%DLQ%" + group, "*"}},
                                      .on_messages = sink.listener(),
                                      .from = ConsumeFrom::first});
  await("the dead letter", [&] { return sink.count() == 1; }, std::chrono::seconds(60));
  expect(sink.messages().front().body == bodies.front(), "another message");
}

void an_ordered_consumer_keeps_the_order_of_each_queue(Context& context) {
  const std::string topic = context.topic();
  context.send_many(topic, "m", 300);
  std::mutex mutex;
  std::map<int, std::vector<std::int64_t>> offsets;
  std::map<int, int> inside;
  std::atomic<int> together{0};
  std::size_t count = 0;
  const auto consumer = start(context, {.group = context.unique("group"),
                                        .subscriptions = {{topic, "*"}},
                                        .on_messages =
                                            [&](auto messages) {
                                              const int queue = messages[0].queue;
                                              {
                                                const std::lock_guard lock(mutex);
                                                if (++inside[queue] > 1) ++together;
                                              }
                                              const std::lock_guard lock(mutex);
                                              for (const auto& m : messages)
                                                offsets[queue].push_back(m.offset);
                                              count += messages.size();
                                              --inside[queue];
                                              return ConsumeResult::success;
                                            },
                                        .from = ConsumeFrom::first,
                                        .batch_messages_max = 3,
                                        .ordered = true});
  await(
      "all",
      [&] {
        const std::lock_guard lock(mutex);
        return count == 301;
      },
      std::chrono::seconds(40));
  expect(together == 0, "two listeners of one queue at once");
  for (const auto& [queue, seen] : offsets)
    expect(std::ranges::is_sorted(seen), "queue " + std::to_string(queue) + " out of order");
}

void an_ordered_queue_waits_for_what_was_refused(Context& context) {
  const std::string topic = context.topic();
  auto producer = context.producer();
  for (int i = 0; i < 5; ++i)
    must(producer.send({.topic = topic, .body = std::to_string(i), .ordering_key = "k"}), "send");
  std::mutex mutex;
  std::vector<std::string> seen;
  std::vector<int> times;
  const auto consumer = start(context, {.group = context.unique("group"),
                                        .subscriptions = {{topic, "*"}},
                                        .on_messages =
                                            [&](auto messages) {
                                              const auto& message = messages[0];
                                              if (message.body == "first")
                                                return ConsumeResult::success;
                                              const std::lock_guard lock(mutex);
                                              seen.push_back(message.body);
                                              times.push_back(message.reconsume_times);
                                              return message.body == "1" && times.back() < 3
                                                         ? ConsumeResult::later
                                                         : ConsumeResult::success;
                                            },
                                        .from = ConsumeFrom::first,
                                        .ordered = true,
                                        .ordered_retry_pause = std::chrono::milliseconds(100)});
  await(
      "all",
      [&] {
        const std::lock_guard lock(mutex);
        return seen.size() == 8;
      },
      std::chrono::seconds(40));
  expect(seen == std::vector<std::string>{"0", "1", "1", "1", "1", "2", "3", "4"}, "out of order");
  expect(times[4] == 3, "reconsume_times is " + std::to_string(times[4]));
}

void an_ordered_queue_goes_over_to_another_member_in_order(Context& context) {
  const std::string topic = context.topic(), group = context.unique("group");
  std::mutex mutex;
  std::map<int, std::vector<std::int64_t>> offsets;
  std::multiset<std::string> bodies;
  const auto member = [&] {
    return start(context, {.group = group,
                           .subscriptions = {{topic, "*"}},
                           .on_messages =
                               [&](auto messages) {
                                 const std::lock_guard lock(mutex);
                                 for (const auto& m : messages) {
                                   offsets[m.queue].push_back(m.offset);
                                   bodies.insert(m.body);
                                 }
                                 return ConsumeResult::success;
                               },
                           .from = ConsumeFrom::first,
                           .ordered = true});
  };
  auto first = member();
  await("the queues", [&] { return first.queues().size() == 4; }, std::chrono::seconds(40));
  auto second = member();
  await(
      "half of the queues",
      [&] { return first.queues().size() == 2 && second.queues().size() == 2; },
      std::chrono::seconds(45));
  auto sent = context.send_many(topic, "a", 40);
  expect(first.stop().ok(), "stop");
  const auto more = context.send_many(topic, "b", 40);
  sent.insert(sent.end(), more.begin(), more.end());
  await(
      "all",
      [&] {
        const std::lock_guard lock(mutex);
        return std::ranges::all_of(sent, [&](const auto& body) { return bodies.contains(body); });
      },
      std::chrono::seconds(45));
  const std::lock_guard lock(mutex);
  for (const auto& [queue, seen] : offsets)
    expect(std::ranges::is_sorted(seen), "queue " + std::to_string(queue) + " out of order");
}

}  // namespace

std::vector<NamedCase> retry_cases() {
  return {
      {"a_refused_message_shows_its_topic_and_how_often_it_came",
       a_refused_message_shows_its_topic_and_how_often_it_came},
      {"a_message_refused_too_often_is_a_dead_letter",
       a_message_refused_too_often_is_a_dead_letter},
      {"an_ordered_consumer_keeps_the_order_of_each_queue",
       an_ordered_consumer_keeps_the_order_of_each_queue},
      {"an_ordered_queue_waits_for_what_was_refused", an_ordered_queue_waits_for_what_was_refused},
      {"an_ordered_queue_goes_over_to_another_member_in_order",
       an_ordered_queue_goes_over_to_another_member_in_order},
  };
}

}  // namespace cases
