// SPDX-License-Identifier: Apache-2.0
//
// Cases of the simple consumer. Each has "simple" in its name: servers before 5.0 cannot do it.
// Runs on: one thread per case.  Owns: nothing.  Invariant: none.
#include "context.h"

#include <algorithm>
#include <future>
#include <map>
#include <thread>

namespace cases {
namespace {

using bolide::Errc;
using bolide::PoppedMessage;
using bolide::SimpleConsumer;
using bolide::SimpleConsumerOptions;
using std::chrono::milliseconds;
using std::chrono::seconds;

SimpleConsumer start(const Context& context, SimpleConsumerOptions options) {
  return must(SimpleConsumer::start(context.client(), std::move(options)), "start a consumer");
}

void ok(const bolide::Status& status, const std::string& what) {
  expect(status.ok(), what + ": " + status.message());
}

// Receives until `count` messages beside the topic's first have come; those are acknowledged.
std::vector<PoppedMessage> receive_many(SimpleConsumer& consumer, std::size_t count,
                                        milliseconds invisible = seconds(60)) {
  std::vector<PoppedMessage> all;
  await("messages", [&] {
    for (auto& message : must(consumer.receive(16, invisible), "receive")) {
      if (message.body == "first")
        ok(consumer.ack(message), "acknowledge the first");
      else
        all.push_back(std::move(message));
    }
    return all.size() >= count;
  });
  return all;
}

std::multiset<std::string> bodies_of(const std::vector<PoppedMessage>& messages) {
  std::multiset<std::string> bodies;
  for (const auto& message : messages) bodies.insert(message.body);
  return bodies;
}

std::multiset<std::string> set_of(const std::vector<std::string>& bodies) {
  return {bodies.begin(), bodies.end()};
}

SimpleConsumerOptions options_of(const Context& context, const std::string& topic) {
  return {.group = context.unique("simple"),
          .subscriptions = {{topic, "*"}},
          .await = milliseconds(2000)};
}

void gets_what_was_sent(Context& context) {
  const std::string topic = context.topic();
  const auto sent = context.send_many(topic, "m", 100);
  auto consumer = start(context, options_of(context, topic));
  const auto messages = receive_many(consumer, 100);
  expect(bodies_of(messages) == set_of(sent), "other messages");
  for (const auto& message : messages) {
    expect(message.attempt() == 1, "a later attempt");
    expect(message.topic == topic, "topic " + message.topic);
    ok(consumer.ack(message), "acknowledge");
  }
  expect(must(consumer.receive(), "receive").empty(), "something came again");
}

void gets_again_what_it_did_not_acknowledge(Context& context) {
  const std::string topic = context.topic();
  const auto sent = context.send_many(topic, "m", 5);
  auto options = options_of(context, topic);
  options.await = seconds(10);
  auto consumer = start(context, options);
  const auto first = receive_many(consumer, 5, seconds(3));
  ok(consumer.ack(first[0]), "acknowledge");
  const auto again = receive_many(consumer, 4);
  expect(again.size() == 4, "not four");
  for (const auto& message : again) {
    expect(message.body != first[0].body, "what was acknowledged came again");
    expect(message.attempt() == 2, "attempt " + std::to_string(message.attempt()));
    expect(message.topic == topic, "topic " + message.topic);
  }
  ok(consumer.ack(std::span(again)), "acknowledge all");
}

void acknowledges_many_at_once(Context& context) {
  const std::string topic = context.topic();
  const auto sent = context.send_many(topic, "m", 50);
  auto consumer = start(context, options_of(context, topic));
  const auto messages = receive_many(consumer, 50, seconds(5));
  ok(consumer.ack(std::span(messages)), "acknowledge all");
  const auto end = std::chrono::steady_clock::now() + seconds(8);
  while (std::chrono::steady_clock::now() < end)
    expect(must(consumer.receive(), "receive").empty(), "something came again");
}

void changes_how_long_a_message_is_its_own(Context& context) {
  const std::string topic = context.topic();
  context.send_many(topic, "m", 2);
  auto options = options_of(context, topic);
  options.await = seconds(10);
  auto consumer = start(context, options);
  auto messages = receive_many(consumer, 2);
  const std::string before = messages[0].receipt;
  ok(consumer.change_invisible(messages[0], milliseconds(500)), "shorten");
  expect(messages[0].receipt != before, "the same receipt");
  const auto again = receive_many(consumer, 1);
  expect(again.size() == 1 && again[0].body == messages[0].body, "not what was handed back");
  ok(consumer.ack(again[0]), "acknowledge");
  ok(consumer.change_invisible(messages[1], seconds(60)), "lengthen");
  ok(consumer.ack(messages[1]), "acknowledge with the new receipt");
}

void gets_only_wanted_tags(Context& context) {
  const std::string topic = context.topic();
  auto producer = context.producer();
  for (const char* tag : {"Aa", "BB", "red"})
    must(producer.send({.topic = topic, .body = tag, .tag = tag}), "send");
  auto options = options_of(context, topic);
  options.subscriptions = {{topic, "Aa || red"}};
  auto consumer = start(context, options);
  expect(bodies_of(receive_many(consumer, 2)) == set_of({"Aa", "red"}), "other messages");
  expect(must(consumer.receive(), "receive").empty(), "something else came");
}

void gets_what_a_condition_selects(Context& context) {
  const std::string topic = context.topic();
  send_amounts(context, topic);
  auto options = options_of(context, topic);
  options.subscriptions = {{topic, bolide::Filter::sql("amount BETWEEN 2 AND 4")}};
  auto consumer = start(context, options);
  expect(bodies_of(receive_many(consumer, 3)) == set_of({"2", "3", "4"}), "other messages");
}

void members_share_messages(Context& context) {
  const std::string topic = context.topic();
  const auto options = options_of(context, topic);
  auto first = start(context, options), second = start(context, options);
  const auto sent = context.send_many(topic, "m", 60);
  std::multiset<std::string> bodies;
  await("all messages", [&] {
    for (SimpleConsumer* const consumer : {&first, &second}) {
      const auto messages = must(consumer->receive(4, seconds(60)), "receive");
      ok(consumer->ack(std::span(messages)), "acknowledge");
      for (const auto& message : messages)
        if (message.body != "first") bodies.insert(message.body);
    }
    return bodies.size() >= 60;
  });
  expect(bodies == set_of(sent), "other messages");
}

void gets_a_queue_in_order(Context& context) {
  const std::string topic = context.topic();
  auto producer = context.producer();
  for (int i = 0; i < 20; ++i)
    must(producer.send({.topic = topic, .body = std::to_string(i), .ordering_key = "k"}), "send");
  auto options = options_of(context, topic);
  options.ordered = true;
  options.await = seconds(5);
  auto consumer = start(context, options);
  int next = 0;
  await("20 messages in order", [&] {
    for (auto& message : must(consumer.receive(4, seconds(30)), "receive")) {
      if (message.body != "first") {
        expect(message.body == std::to_string(next), message.body + " for " + std::to_string(next));
        ++next;
      }
      ok(consumer.ack(message), "acknowledge");
    }
    return next == 20;
  });
}

void is_woken_by_a_message(Context& context) {
  const std::string topic = context.topic();
  auto options = options_of(context, topic);
  options.await = seconds(20);
  auto consumer = start(context, options);
  (void)receive_many(consumer, 0);
  std::promise<std::size_t> got;
  consumer.receive_async(1, seconds(60),
                         [&](auto result) { got.set_value(result ? result->size() : 0); });
  std::this_thread::sleep_for(milliseconds(300));
  const auto begin = std::chrono::steady_clock::now();
  context.send_many(topic, "m", 1);
  expect(got.get_future().get() == 1, "not one");
  expect(std::chrono::steady_clock::now() - begin < seconds(5), "it slept on");
}

void close_ends_a_receive(Context& context) {
  const std::string topic = context.topic();
  auto options = options_of(context, topic);
  options.await = seconds(60);
  auto consumer = start(context, options);
  (void)receive_many(consumer, 0);
  std::thread closer([&] {
    std::this_thread::sleep_for(milliseconds(200));
    consumer.close();
  });
  const auto begin = std::chrono::steady_clock::now();
  auto result = consumer.receive();
  while (result.ok()) result = consumer.receive();  // the first message may come before
  closer.join();
  expect(result.status().code() == Errc::shutting_down, result.status().message());
  expect(std::chrono::steady_clock::now() - begin < seconds(20), "it went on waiting");
}

void members_are_seen(Context& context) {
  const std::string topic = context.topic();
  const auto options = options_of(context, topic);
  const bolide::Client client = context.client();
  auto consumer = must(SimpleConsumer::start(client, options), "start a consumer");
  const bolide::Admin admin(context.client());
  await("the member in the group", [&] {
    const auto members = admin.members(options.group);
    return members && members->clients.size() == 1 && members->consume_type == "CONSUME_POP" &&
           members->clients[0].id == client.id();
  });
  consumer.close();
  await("nobody in the group", [&] { return !admin.members(options.group); });
}

void keeps_tenants_apart(Context& context) {
  const std::string space = context.unique("space"), topic = context.unique("topic");
  const bolide::Client client = context.client("", space);
  auto producer = must(bolide::Producer::start(client), "start a producer");
  must(producer.send({.topic = topic, .body = "m"}), "send");
  auto consumer = must(SimpleConsumer::start(client, options_of(context, topic)), "start");
  auto messages = receive_many(consumer, 1, seconds(2));
  expect(messages[0].topic == topic, "topic " + messages[0].topic);
  messages = receive_many(consumer, 1);
  expect(messages[0].attempt() == 2 && messages[0].topic == topic, "not again");
  ok(consumer.ack(messages[0]), "acknowledge");
}

}  // namespace

std::vector<NamedCase> simple_cases() {
  return {
      {"a_simple_consumer_gets_what_was_sent", gets_what_was_sent},
      {"a_simple_consumer_gets_again_what_it_did_not_acknowledge",
       gets_again_what_it_did_not_acknowledge},
      {"a_simple_consumer_acknowledges_many_at_once", acknowledges_many_at_once},
      {"a_simple_consumer_changes_how_long_a_message_is_its_own",
       changes_how_long_a_message_is_its_own},
      {"a_simple_consumer_gets_only_wanted_tags", gets_only_wanted_tags},
      {"a_simple_consumer_gets_what_a_condition_selects", gets_what_a_condition_selects},
      {"members_of_a_simple_group_share_messages", members_share_messages},
      {"a_simple_consumer_gets_a_queue_in_order", gets_a_queue_in_order},
      {"a_simple_consumer_is_woken_by_a_message", is_woken_by_a_message},
      {"closing_a_simple_consumer_ends_a_receive", close_ends_a_receive},
      {"members_of_a_simple_group_are_seen", members_are_seen},
      {"a_simple_consumer_keeps_tenants_apart", keeps_tenants_apart},
  };
}

}  // namespace cases
