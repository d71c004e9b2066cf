// SPDX-License-Identifier: Apache-2.0
//
// Cases of delays, transactions, requests with answers, and name spaces.
// Runs on: one thread per case.  Owns: nothing.  Invariant: none.
#include "context.h"

#include <algorithm>
#include <atomic>
#include <chrono>

namespace cases {
namespace {

using bolide::ConsumeFrom;
using bolide::ConsumeResult;
using bolide::PushConsumer;
using bolide::PushConsumerOptions;
using bolide::ReceivedMessage;
using bolide::TransactionProducer;
using bolide::TransactionState;

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

PushConsumer start(const Context& context, PushConsumerOptions options) {
  return must(PushConsumer::start(context.client(), std::move(options)), "start a consumer");
}

// Each message comes not much before the time that is its body, and not long after.
void await_in_time(Context& context, const std::string& topic, std::size_t count) {
  std::mutex mutex;
  std::map<std::int64_t, std::int64_t> seen;
  const auto consumer = start(context, {.group = context.unique("group"),
                                        .subscriptions = {{topic, "*"}},
                                        .on_messages =
                                            [&](auto messages) {
                                              if (messages[0].body == "first")
                                                return ConsumeResult::success;
                                              const std::lock_guard lock(mutex);
                                              seen[std::stoll(messages[0].body)] = now_ms();
                                              return ConsumeResult::success;
                                            },
                                        .from = ConsumeFrom::first});
  await(
      "all",
      [&] {
        const std::lock_guard lock(mutex);
        return seen.size() == count;
      },
      std::chrono::seconds(40));
  for (const auto& [due, came] : seen)
    expect(came >= due - 1100, "one came " + std::to_string(due - came) + " ms too early");
}

void a_delay_level_delays(Context& context) {
  const std::string topic = context.topic();
  auto producer = context.producer();
  for (const auto& [level, seconds] : {std::pair{1, 1}, std::pair{2, 5}}) {
    must(producer.send({.topic = topic,
                        .body = std::to_string(now_ms() + seconds * 1000),
                        .delay_level = level}),
         "send");
  }
  await_in_time(context, topic, 2);
}

void a_delay_of_any_length_delays(Context& context) {
  const std::string topic = context.topic();
  auto producer = context.producer();
  must(producer.send({.topic = topic,
                      .body = std::to_string(now_ms() + 3000),
                      .delay = std::chrono::seconds(3)}),
       "send");
  const std::int64_t at_ms = now_ms() + 4000;
  must(producer.send({.topic = topic, .body = std::to_string(at_ms), .deliver_at_ms = at_ms}),
       "send");
  await_in_time(context, topic, 2);
}

void a_message_that_waits_is_recalled(Context& context) {
  const std::string topic = context.topic();
  auto producer = context.producer();
  const auto recalled = must(
      producer.send({.topic = topic, .body = "never", .delay = std::chrono::seconds(6)}), "send");
  const auto kept = must(
      producer.send({.topic = topic, .body = "kept", .delay = std::chrono::seconds(7)}), "send");
  expect(!recalled.recall_handle.empty(), "no handle");
  expect(must(producer.recall(topic, recalled.recall_handle), "recall") == recalled.id, "its id");
  auto reader = must(
      bolide::Reader::open(context.client(), {.topic = topic, .from = bolide::ReadFrom::first}),
      "open a reader");
  std::set<std::string> bodies;
  await("the other message", [&] {
    for (const auto& message : must(reader.read(std::chrono::milliseconds(200)), "read"))
      bodies.insert(message.body);
    return bodies.contains("kept");
  });
  expect(!bodies.contains("never"), "it came");
  expect(producer.recall(topic, "nonsense").status().code() == bolide::Errc::invalid_argument,
         "a handle that is none");
}

void what_is_sent_and_consumed_is_traced(Context& context) {
  const std::string topic = context.topic(), group = context.unique("traced");
  Sink sink;
  const auto consumer = start(context, {.group = group,
                                        .subscriptions = {{topic, "*"}},
                                        .on_messages = sink.listener(),
                                        .from = ConsumeFrom::first,
                                        .trace = true});
  auto producer = context.producer({.group = context.unique("p"), .trace = true});
  const auto sent = must(producer.send({.topic = topic, .body = "m", .keys = {"k"}}), "send");
  sink.await_bodies({"m"});
  const bolide::Admin admin(context.client());
  std::string traces;
  await("traces", [&] {
    const auto found = admin.find_messages({.topic = "RMQ_SYS_TRACE_TOPIC", .key = sent.id});
    traces.clear();
    if (found) {
      for (const auto& message : *found) traces += message.body;
    }
    return traces.find("Pub\1") != std::string::npos &&
           traces.find("SubBefore\1") != std::string::npos &&
           traces.find("SubAfter\1") != std::string::npos;
  });
  expect(traces.find(sent.id + "\1null\1k\1") != std::string::npos, "the id, no tag, the key");
  expect(traces.find(group) != std::string::npos, "the group");
}

void a_transaction_is_seen_when_it_commits(Context& context) {
  const std::string topic = context.topic();
  auto producer = must(
      TransactionProducer::start(
          context.client(),
          {.producer = {.group = context.unique("tx"), .send_timeout = std::chrono::seconds(15)},
           .check = [](const auto&) { return TransactionState::unknown; }}),
      "start a transaction producer");
  Sink sink;
  const auto consumer = start(context, {.group = context.unique("group"),
                                        .subscriptions = {{topic, "*"}},
                                        .on_messages = sink.listener(),
                                        .from = ConsumeFrom::first});
  auto undone = must(producer.begin({.topic = topic, .body = "undone"}), "begin");
  auto done = must(producer.begin({.topic = topic, .body = "done"}), "begin");
  await("the first message", [&] { return sink.count() == 1; });
  expect(undone.rollback().ok(), "rollback");
  expect(sink.bodies().empty(), "a message was seen before its transaction ended");
  const auto committed = done.commit();
  expect(committed.ok(), "commit: " + committed.message());
  must(producer.send({.topic = topic, .body = "sent"}, [] { return TransactionState::commit; }),
       "send");
  sink.await_bodies({"done", "sent"});
}

// The broker asks some time after the send: Apache after 6 s at the earliest, every 30 s.
void a_broker_asks_what_became_of_a_transaction(Context& context) {
  const std::string topic = context.topic();
  std::atomic<int> asked{0};
  auto producer = must(
      TransactionProducer::start(
          context.client(),
          {.producer = {.group = context.unique("tx"), .send_timeout = std::chrono::seconds(15)},
           .check =
               [&](const ReceivedMessage& message) {
                 if (message.topic == topic) ++asked;
                 return message.body == "yes" ? TransactionState::commit
                                              : TransactionState::rollback;
               }}),
      "start a transaction producer");
  Sink sink;
  const auto consumer = start(context, {.group = context.unique("group"),
                                        .subscriptions = {{topic, "*"}},
                                        .on_messages = sink.listener(),
                                        .from = ConsumeFrom::first});
  for (const char* body : {"yes", "no"})
    must(producer.send({.topic = topic, .body = body}, [] { return TransactionState::unknown; }),
         "send");
  await("the message", [&] { return sink.bodies().contains("yes"); }, std::chrono::seconds(100));
  await("both questions", [&] { return asked >= 2; }, std::chrono::seconds(60));
  expect(!sink.bodies().contains("no"), "a message that was rolled back came");
}

void a_request_is_answered(Context& context) {
  const std::string topic = context.topic();
  auto responder = context.producer({.group = context.unique("responders")});
  const auto consumer =
      start(context, {.group = context.unique("group"),
                      .subscriptions = {{topic, "*"}},
                      .on_messages =
                          [&](auto messages) {
                            if (messages[0].body == "first") return ConsumeResult::success;
                            (void)responder.reply(messages[0], "re: " + messages[0].body);
                            return ConsumeResult::success;
                          },
                      .from = ConsumeFrom::first});
  await("the queues", [&] { return consumer.queues().size() == 4; });
  auto producer = context.producer({.group = context.unique("requesters")});
  for (int i = 0; i < 3; ++i) {
    const std::string body = "question " + std::to_string(i);
    const auto answer =
        must(producer.request({.topic = topic, .body = body}, std::chrono::seconds(20)), "request");
    expect(answer.body == "re: " + body, "the answer is " + answer.body);
  }
  const ReceivedMessage plain;
  expect(responder.reply(plain, "x").status().code() == bolide::Errc::message_invalid,
         "an answer to nothing");
}

void a_request_that_nobody_answers_ends_in_time(Context& context) {
  const std::string topic = context.topic();
  auto producer = context.producer({.group = context.unique("requesters")});
  const auto begin = std::chrono::steady_clock::now();
  const auto answer =
      producer.request({.topic = topic, .body = "q"}, std::chrono::milliseconds(500));
  expect(!answer && answer.status().code() == bolide::Errc::timeout, "an answer from nobody");
  expect(std::chrono::steady_clock::now() - begin < std::chrono::seconds(10), "it took too long");
}

void name_spaces_do_not_meet(Context& context) {
  const std::string topic = context.unique("shared"), group = context.unique("group");
  const auto client = [&](const std::string& space) { return context.client("", space); };
  for (const char* space : {"red", "blue"}) {
    auto producer =
        must(bolide::Producer::start(client(space), {.send_timeout = std::chrono::seconds(15)}),
             "start a producer");
    const auto sent = must(producer.send({.topic = topic, .body = space}), "send");
    expect(sent.queue.topic == topic, "the receipt names " + sent.queue.topic);
  }
  Sink sink;
  const auto consumer = must(PushConsumer::start(client("red"), {.group = group,
                                                                 .subscriptions = {{topic, "*"}},
                                                                 .on_messages = sink.listener(),
                                                                 .from = ConsumeFrom::first}),
                             "start a consumer");
  sink.await_bodies({"red"});
  expect(sink.messages().front().topic == topic, "the message names another topic");
  for (const auto& queue : consumer.queues()) expect(queue.topic == topic, "so does a queue");
  auto reader =
      must(bolide::Reader::open(client("blue"), {.topic = topic, .from = bolide::ReadFrom::first}),
           "open a reader");
  std::vector<bolide::ReceivedMessage> read;
  await("the reader", [&] {
    read = must(reader.read(std::chrono::milliseconds(100)), "read");
    return !read.empty();
  });
  expect(read.front().body == "blue" && read.front().topic == topic, "the reader met another");
}

void a_reader_reads_what_a_condition_selects(Context& context) {
  const std::string topic = context.topic();
  send_amounts(context, topic);
  const auto client = context.client();
  const auto reader = [&](std::string condition) {
    return must(bolide::Reader::open(client, {.topic = topic,
                                              .from = bolide::ReadFrom::first,
                                              .filter = bolide::Filter::sql(std::move(condition))}),
                "open a reader");
  };
  auto good = reader("amount IN ('3', '7')");
  std::multiset<std::string> bodies;
  await("both", [&] {
    for (const auto& message : must(good.read(std::chrono::milliseconds(100)), "read"))
      bodies.insert(message.body);
    return bodies.size() >= 2;
  });
  expect(bodies == std::multiset<std::string>{"3", "7"}, "other messages");
}

// Where keys are wanted, a wrong one is refused; where they are not, any is as good as none.
void keys_are_checked_where_they_are_wanted(Context& context) {
  const std::string topic = context.topic();
  auto client = must(bolide::Client::open({.name_servers = context.name_servers(),
                                           .access_key = {.name = "somebody", .secret = "wrong"}}),
                     "open a client");
  auto producer = must(bolide::Producer::start(client), "start a producer");
  const auto sent = producer.send({.topic = topic, .body = "b"});
  if (!context.has_access_key()) return expect(sent.ok(), "send: " + sent.status().message());
  expect(!sent && sent.status().code() == bolide::Errc::no_permission, "it was not refused");
}

}  // namespace

std::vector<NamedCase> feature_cases() {
  return {
      {"a_broker_asks_what_became_of_a_transaction", a_broker_asks_what_became_of_a_transaction},
      {"a_delay_level_delays", a_delay_level_delays},
      {"a_delay_of_any_length_delays", a_delay_of_any_length_delays},
      {"a_message_that_waits_is_recalled", a_message_that_waits_is_recalled},
      {"what_is_sent_and_consumed_is_traced", what_is_sent_and_consumed_is_traced},
      {"a_transaction_is_seen_when_it_commits", a_transaction_is_seen_when_it_commits},
      {"a_request_is_answered", a_request_is_answered},
      {"a_request_that_nobody_answers_ends_in_time", a_request_that_nobody_answers_ends_in_time},
      {"name_spaces_do_not_meet", name_spaces_do_not_meet},
      {"a_reader_reads_what_a_condition_selects", a_reader_reads_what_a_condition_selects},
      {"keys_are_checked_where_they_are_wanted", keys_are_checked_where_they_are_wanted},
  };
}

}  // namespace cases
