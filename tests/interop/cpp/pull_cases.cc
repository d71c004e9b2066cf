// SPDX-License-Identifier: Apache-2.0
//
// Cases of the lite pull consumer.
// Runs on: one thread per case.  Owns: nothing.  Invariant: none.
#include "context.h"

#include <algorithm>
#include <thread>

namespace cases {
namespace {

using bolide::ConsumeFrom;
using bolide::LitePullConsumer;
using bolide::LitePullConsumerOptions;
using bolide::QueueId;

LitePullConsumer start(const Context& context, LitePullConsumerOptions options,
                       const std::string& instance = "") {
  return must(LitePullConsumer::start(context.client(instance), std::move(options)),
              "start a consumer");
}

void ok(const bolide::Status& status, const std::string& what) {
  expect(status.ok(), what + ": " + status.message());
}

// Polls until `count` messages beside the topic's first have come.
std::multiset<std::string> poll_many(LitePullConsumer& consumer, std::size_t count) {
  std::multiset<std::string> bodies;
  await("messages", [&] {
    for (const auto& message : consumer.poll(std::chrono::milliseconds(200)))
      if (message.body != "first") bodies.insert(message.body);
    return bodies.size() >= count;
  });
  return bodies;
}

std::multiset<std::string> set_of(const std::vector<std::string>& bodies) {
  return {bodies.begin(), bodies.end()};
}

void a_poll_gives_what_was_sent(Context& context) {
  const std::string topic = context.topic();
  const auto bodies = context.send_many(topic, "m", 100);
  auto consumer = start(context, {.group = context.unique("lite"),
                                  .subscriptions = {{topic, "*"}},
                                  .from = ConsumeFrom::first});
  expect(poll_many(consumer, 100) == set_of(bodies), "other messages");
  expect(consumer.assignment().size() == 4, "not all queues");
}

void a_poll_gives_only_wanted_tags(Context& context) {
  const std::string topic = context.topic();
  auto producer = context.producer();
  for (const char* tag : {"Aa", "BB", "red"})
    must(producer.send({.topic = topic, .body = tag, .tag = tag}), "send");
  auto consumer = start(context, {.group = context.unique("lite"),
                                  .subscriptions = {{topic, "Aa || red"}},
                                  .from = ConsumeFrom::first});
  expect(poll_many(consumer, 2) == set_of({"Aa", "red"}), "other messages");
}

void a_poll_gives_what_a_condition_selects(Context& context) {
  const std::string topic = context.topic();
  send_amounts(context, topic);
  auto consumer =
      start(context, {.group = context.unique("lite"),
                      .subscriptions = {{topic, bolide::Filter::sql("amount BETWEEN 2 AND 4")}},
                      .from = ConsumeFrom::first});
  expect(poll_many(consumer, 3) == set_of({"2", "3", "4"}), "other messages");
}

void a_poll_without_messages_ends_in_time(Context& context) {
  const std::string topic = context.topic();
  auto consumer =
      start(context, {.group = context.unique("lite"), .subscriptions = {{topic, "none"}}});
  const auto begin = std::chrono::steady_clock::now();
  expect(consumer.poll(std::chrono::milliseconds(300)).empty(), "a message from nowhere");
  const auto taken = std::chrono::steady_clock::now() - begin;
  expect(taken >= std::chrono::milliseconds(290) && taken < std::chrono::seconds(5), "its time");
}

void a_stop_ends_a_poll_that_waits(Context& context) {
  const std::string topic = context.topic();
  auto consumer =
      start(context, {.group = context.unique("lite"), .subscriptions = {{topic, "none"}}});
  std::thread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    consumer.stop();
  });
  const auto begin = std::chrono::steady_clock::now();
  (void)consumer.poll(std::chrono::seconds(60));
  stopper.join();
  expect(std::chrono::steady_clock::now() - begin < std::chrono::seconds(20), "it went on waiting");
}

void a_commit_is_where_the_next_member_begins(Context& context) {
  const std::string topic = context.topic(), group = context.unique("lite");
  const LitePullConsumerOptions options{.group = group,
                                        .subscriptions = {{topic, "*"}},
                                        .from = ConsumeFrom::first,
                                        .auto_commit = false};
  const auto bodies = context.send_many(topic, "a", 30);
  std::vector<QueueId> queues;
  {
    auto first = start(context, options);
    expect(poll_many(first, 30) == set_of(bodies), "other messages");
    ok(first.commit(), "commit");
    queues = first.assignment();
    std::int64_t sum = 0;
    for (const auto& queue : queues) {
      const auto committed = first.committed(queue);
      if (committed) sum += *committed;
    }
    expect(sum == 31, "committed " + std::to_string(sum) + " of 31");
  }
  const auto more = context.send_many(topic, "b", 10);
  {
    auto second = start(context, options);
    expect(poll_many(second, 10) == set_of(more), "not only the new ones");
  }
  auto third = start(context, options);
  expect(poll_many(third, 10) == set_of(more), "what was not committed does not come again");
}

void auto_commit_commits_what_was_polled_before(Context& context) {
  const std::string topic = context.topic();
  const LitePullConsumerOptions options{.group = context.unique("lite"),
                                        .subscriptions = {{topic, "*"}},
                                        .from = ConsumeFrom::first,
                                        .auto_commit_interval = std::chrono::milliseconds(200)};
  context.send_many(topic, "a", 30);
  {
    auto first = start(context, options);
    (void)poll_many(first, 30);
    (void)first.poll(std::chrono::milliseconds(10));
  }
  const auto more = context.send_many(topic, "b", 5);
  auto second = start(context, options);
  expect(poll_many(second, 5) == set_of(more), "not only the new ones");
}

void assigned_queues_can_be_sought_and_timed(Context& context) {
  const std::string topic = context.topic();
  auto consumer = start(context, {.group = context.unique("lite"), .from = ConsumeFrom::first});
  const auto queues = must(consumer.queues_of(topic), "queues");
  expect(queues.size() == 4, "not 4 queues");
  const QueueId queue = queues[2];
  auto producer = context.producer();
  const auto to_queue = [](const auto&, const auto&) { return std::size_t{2}; };
  std::vector<std::int64_t> offsets;
  for (int i = 0; i < 10; ++i)
    offsets.push_back(
        must(producer.send({.topic = topic, .body = std::to_string(i)}, to_queue), "send").offset);
  ok(consumer.assign({queue}), "assign");
  expect(poll_many(consumer, 10).size() == 10, "not 10");
  expect(consumer.assignment() == std::vector<QueueId>{queue}, "another assignment");
  ok(consumer.seek(queue, offsets[7]), "seek");
  expect(poll_many(consumer, 3) == set_of({"7", "8", "9"}), "not from 7 on");
  ok(consumer.seek_to_begin(queue), "seek to begin");
  expect(poll_many(consumer, 10).size() == 10, "not all again");
  ok(consumer.seek_to_end(queue), "seek to end");
  expect(consumer.poll(std::chrono::milliseconds(200)).empty(), "something behind the end");
  must(producer.send({.topic = topic, .body = "new"}, to_queue), "send");
  expect(poll_many(consumer, 1) == set_of({"new"}), "not the new one");
  expect(must(consumer.offset_for_time(queue, 0), "offset by time") <= offsets[0], "not the first");
  const auto other = consumer.seek(queues[0], 0);
  expect(other.code() == bolide::Errc::not_found, "a queue that is not assigned");
  ok(consumer.assign({queues[0]}), "assign");
  await("the other queue",
        [&] { return consumer.assignment() == std::vector<QueueId>{queues[0]}; });
}

void a_paused_queue_gives_nothing(Context& context) {
  const std::string topic = context.topic();
  auto consumer = start(context, {.group = context.unique("lite"),
                                  .subscriptions = {{topic, "*"}},
                                  .from = ConsumeFrom::first});
  (void)poll_many(consumer, 0);
  await("queues", [&] { return consumer.assignment().size() == 4; });
  const auto queues = consumer.assignment();
  consumer.pause(queues);
  const auto bodies = context.send_many(topic, "p", 20);
  std::size_t seen = 0;
  for (int i = 0; i < 5; ++i) {
    for (const auto& message : consumer.poll(std::chrono::milliseconds(100)))
      seen += message.body == "first" ? 0 : 1;
  }
  expect(seen == 0, std::to_string(seen) + " came while all queues were paused");
  consumer.resume(queues);
  expect(poll_many(consumer, 20) == set_of(bodies), "not all after resume");
}

void members_of_a_lite_group_share(Context& context) {
  const std::string topic = context.topic();
  const LitePullConsumerOptions options{
      .group = context.unique("lite"), .subscriptions = {{topic, "*"}}, .from = ConsumeFrom::first};
  auto first = start(context, options);
  auto second = start(context, options);
  await(
      "shares", [&] { return first.assignment().size() == 2 && second.assignment().size() == 2; },
      std::chrono::seconds(45));
  second.stop();
  await("all", [&] { return first.assignment().size() == 4; }, std::chrono::seconds(45));
}

void a_broadcasting_lite_consumer_gets_everything(Context& context) {
  const std::string topic = context.topic();
  const auto bodies = context.send_many(topic, "m", 20);
  const std::string group = context.unique("lite");
  for (int i = 0; i < 2; ++i) {
    auto consumer = start(context, {.group = group,
                                    .subscriptions = {{topic, "*"}},
                                    .model = bolide::ConsumeModel::broadcasting,
                                    .from = ConsumeFrom::first});
    expect(poll_many(consumer, 20) == set_of(bodies), "other messages");
  }
}

}  // namespace

std::vector<NamedCase> pull_cases() {
  return {
      {"a_poll_gives_what_was_sent", a_poll_gives_what_was_sent},
      {"a_poll_gives_what_a_condition_selects", a_poll_gives_what_a_condition_selects},
      {"a_poll_gives_only_wanted_tags", a_poll_gives_only_wanted_tags},
      {"a_poll_without_messages_ends_in_time", a_poll_without_messages_ends_in_time},
      {"a_stop_ends_a_poll_that_waits", a_stop_ends_a_poll_that_waits},
      {"a_commit_is_where_the_next_member_begins", a_commit_is_where_the_next_member_begins},
      {"auto_commit_commits_what_was_polled_before", auto_commit_commits_what_was_polled_before},
      {"assigned_queues_can_be_sought_and_timed", assigned_queues_can_be_sought_and_timed},
      {"a_paused_queue_gives_nothing", a_paused_queue_gives_nothing},
      {"members_of_a_lite_group_share", members_of_a_lite_group_share},
      {"a_broadcasting_lite_consumer_gets_everything",
       a_broadcasting_lite_consumer_gets_everything},
  };
}

}  // namespace cases
