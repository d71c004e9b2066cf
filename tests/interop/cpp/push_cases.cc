// SPDX-License-Identifier: Apache-2.0
//
// Cases of the push consumer.
// Runs on: one thread per case.  Owns: nothing.  Invariant: none.
#include "context.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <map>

namespace cases {
namespace {

using bolide::ConsumeFrom;
using bolide::ConsumeModel;
using bolide::ConsumeResult;
using bolide::PushConsumer;
using bolide::PushConsumerOptions;

PushConsumer start(const Context& context, PushConsumerOptions options,
                   const std::string& instance = "") {
  return must(PushConsumer::start(context.client(instance), std::move(options)),
              "start a consumer");
}

void a_group_gets_every_message_once(Context& context) {
  const std::string topic = context.topic();
  const auto bodies = context.send_many(topic, "m", 500);
  Sink sink;
  const auto consumer = start(context, {.group = context.unique("group"),
                                        .subscriptions = {{topic, "*"}},
                                        .on_messages = sink.listener(),
                                        .from = ConsumeFrom::first});
  sink.await_bodies(bodies);
  expect(sink.bodies().size() == bodies.size(), "some came twice");
}

void only_the_wanted_tags_come(Context& context) {
  const std::string topic = context.topic();
  auto producer = context.producer();
  // "Aa" and "BB" have one hash; only the client can tell them apart.
  for (const char* tag : {"Aa", "BB", "red"})
    must(producer.send({.topic = topic, .body = tag, .tag = tag}), "send");
  Sink sink;
  const auto consumer = start(context, {.group = context.unique("group"),
                                        .subscriptions = {{topic, "Aa || red"}},
                                        .on_messages = sink.listener(),
                                        .from = ConsumeFrom::first});
  sink.await_bodies({"Aa", "red"});
}

void a_consumer_gets_what_its_condition_selects(Context& context) {
  const std::string topic = context.topic();
  const std::string group = context.unique("group");
  send_amounts(context, topic);
  Sink sink;
  const auto consumer =
      start(context, {.group = group,
                      .subscriptions = {{topic, bolide::Filter::sql("amount > 6 AND TAGS <> 'b'")}},
                      .on_messages = sink.listener(),
                      .from = ConsumeFrom::first});
  sink.await_bodies({"8"});
}

void a_condition_with_a_mistake_is_refused(Context& context) {
  const auto client = context.client();
  Sink sink;
  const auto refused = PushConsumer::start(
      client, {.group = context.unique("group"),
               .subscriptions = {{context.topic(), bolide::Filter::sql("amount == 6")}},
               .on_messages = sink.listener()});
  expect(!refused, "it is accepted");
  expect(refused.status().code() == bolide::Errc::subscription_invalid, refused.status().message());
}

void members_share_the_queues_and_take_over(Context& context) {
  const std::string topic = context.topic();
  const std::string group = context.unique("group");
  Sink sink;
  const auto member = [&] {
    return start(context, {.group = group,
                           .subscriptions = {{topic, "*"}},
                           .on_messages = sink.listener(),
                           .from = ConsumeFrom::first});
  };
  auto first = member();
  await("all queues", [&] { return first.queues().size() == 4; });
  {
    auto second = member();
    await("two queues each",
          [&] { return first.queues().size() == 2 && second.queues().size() == 2; });
    sink.await_bodies(context.send_many(topic, "m", 100));
    expect(second.stop().ok(), "the second does not stop");
  }
  await("all queues again", [&] { return first.queues().size() == 4; });
}

void a_group_continues_where_it_stopped(Context& context) {
  const std::string topic = context.topic();
  const std::string group = context.unique("group");
  const auto run = [&](Sink& sink) {
    return start(context, {.group = group,
                           .subscriptions = {{topic, "*"}},
                           .on_messages = sink.listener(),
                           .from = ConsumeFrom::first});
  };
  Sink before;
  {
    auto consumer = run(before);
    before.await_bodies(context.send_many(topic, "a", 50));
    expect(consumer.stop().ok(), "it does not stop");
  }
  const auto later = context.send_many(topic, "b", 50);
  Sink after;
  auto consumer = run(after);
  after.await_bodies(later);
}

void broadcasting_gives_everyone_everything(Context& context) {
  const std::string topic = context.topic();
  const std::string group = context.unique("group");
  const std::string folder = std::filesystem::temp_directory_path() / context.unique("offsets");
  const auto member = [&](Sink& sink, const std::string& instance) {
    return start(context,
                 {.group = group,
                  .subscriptions = {{topic, "*"}},
                  .on_messages = sink.listener(),
                  .model = ConsumeModel::broadcasting,
                  .from = ConsumeFrom::first,
                  .offset_directory = folder},
                 instance);
  };
  Sink one, two, again;
  const auto bodies = context.send_many(topic, "m", 40);
  {
    auto first = member(one, "one"), second = member(two, "two");
    one.await_bodies(bodies);
    two.await_bodies(bodies);
  }
  const auto later = context.send_many(topic, "n", 40);
  {
    auto first = member(again, "one");
    again.await_bodies(later);
  }
  std::filesystem::remove_all(folder);
}

void a_message_that_is_refused_comes_again(Context& context) {
  const std::string topic = context.topic();
  const auto bodies = context.send_many(topic, "m", 3);
  Sink sink;
  std::atomic<int> refused{0};
  const auto consumer = start(
      context, {.group = context.unique("group"),
                .subscriptions = {{topic, "*"}},
                .on_messages =
                    [&, listener = sink.listener()](auto messages) {
                      if (messages.front().body == "m1" && messages.front().reconsume_times == 0) {
                        ++refused;
                        return ConsumeResult::later;
                      }
                      return listener(messages);
                    },
                .from = ConsumeFrom::first});
  await(
      "the message again", [&] { return sink.bodies().contains("m1"); }, std::chrono::seconds(40));
  sink.await_bodies(bodies);
  expect(refused == 1, "it was refused " + std::to_string(refused) + " times");
}

void batches_are_as_large_as_asked(Context& context) {
  const std::string topic = context.topic();
  const auto bodies = context.send_many(topic, "m", 200);
  Sink sink;
  std::atomic<std::size_t> largest{0};
  const auto consumer = start(context, {.group = context.unique("group"),
                                        .subscriptions = {{topic, "*"}},
                                        .on_messages =
                                            [&, listener = sink.listener()](auto messages) {
                                              largest = std::max(largest.load(), messages.size());
                                              return listener(messages);
                                            },
                                        .from = ConsumeFrom::first,
                                        .batch_messages_max = 16});
  sink.await_bodies(bodies);
  expect(largest > 1 && largest <= 16, "the largest had " + std::to_string(largest));
}

void a_full_consumer_pulls_no_more(Context& context) {
  const std::string topic = context.topic();
  const auto bodies = context.send_many(topic, "m", 400);
  Sink sink;
  std::atomic<bool> open{false};
  std::atomic<int> entered{0};
  const auto consumer = start(context, {.group = context.unique("group"),
                                        .subscriptions = {{topic, "*"}},
                                        .on_messages =
                                            [&, listener = sink.listener()](auto messages) {
                                              ++entered;
                                              open.wait(false);
                                              return listener(messages);
                                            },
                                        .from = ConsumeFrom::first,
                                        .concurrency = 2,
                                        .queue_messages_max = 40});
  await("two listeners", [&] { return entered == 2; });
  open = true;
  open.notify_all();
  sink.await_bodies(bodies);
}

void a_suspended_consumer_pulls_nothing_until_resumed(Context& context) {
  const std::string topic = context.topic();
  Sink sink;
  auto consumer = start(context, {.group = context.unique("group"),
                                  .subscriptions = {{topic, "*"}},
                                  .on_messages = sink.listener(),
                                  .from = ConsumeFrom::first});
  sink.await_bodies(context.send_many(topic, "a", 10));
  consumer.suspend();
  // What was parked before may still bring one answer per queue.
  const auto early = context.send_many(topic, "b", 8);
  await("the parked pulls", [&] { return sink.bodies().size() >= 14; });
  const auto bodies = context.send_many(topic, "c", 40);
  consumer.resume();
  await("all", [&] { return sink.bodies().size() == 58; });
}

void one_client_has_one_consumer_of_a_group(Context& context) {
  const std::string topic = context.topic();
  const auto client = context.client();
  Sink sink;
  const PushConsumerOptions options{.group = context.unique("group"),
                                    .subscriptions = {{topic, "*"}},
                                    .on_messages = sink.listener()};
  const auto first = must(PushConsumer::start(client, options), "start");
  const auto second = PushConsumer::start(client, options);
  expect(!second && second.status().code() == bolide::Errc::in_use, "a second one started");
}

void a_topic_may_come_later(Context& context) {
  const std::string topic = context.unique("later");
  Sink sink;
  const auto consumer = start(context, {.group = context.unique("group"),
                                        .subscriptions = {{topic, "*"}},
                                        .on_messages = sink.listener(),
                                        .from = ConsumeFrom::first});
  const auto bodies = context.send_many(topic, "m", 10);
  // Routes are asked for every 30 s, and at each rebalance.
  await("all", [&] { return sink.bodies().size() == bodies.size(); }, std::chrono::seconds(45));
}

}  // namespace

std::vector<NamedCase> push_cases() {
  return {
      {"a_topic_may_come_later", a_topic_may_come_later},
      {"a_message_that_is_refused_comes_again", a_message_that_is_refused_comes_again},
      {"a_group_gets_every_message_once", a_group_gets_every_message_once},
      {"only_the_wanted_tags_come", only_the_wanted_tags_come},
      {"a_consumer_gets_what_its_condition_selects", a_consumer_gets_what_its_condition_selects},
      {"a_condition_with_a_mistake_is_refused", a_condition_with_a_mistake_is_refused},
      {"members_share_the_queues_and_take_over", members_share_the_queues_and_take_over},
      {"a_group_continues_where_it_stopped", a_group_continues_where_it_stopped},
      {"broadcasting_gives_everyone_everything", broadcasting_gives_everyone_everything},
      {"batches_are_as_large_as_asked", batches_are_as_large_as_asked},
      {"a_full_consumer_pulls_no_more", a_full_consumer_pulls_no_more},
      {"a_suspended_consumer_pulls_nothing_until_resumed",
       a_suspended_consumer_pulls_nothing_until_resumed},
      {"one_client_has_one_consumer_of_a_group", one_client_has_one_consumer_of_a_group},
  };
}

}  // namespace cases
