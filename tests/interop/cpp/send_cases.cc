// SPDX-License-Identifier: Apache-2.0
//
// Cases of the producer.
// Runs on: one thread per case.  Owns: nothing.  Invariant: none.
#include "context.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <latch>

namespace cases {
namespace {

using bolide::Errc;
using bolide::Message;
using bolide::SendState;

// Everything of `topic` from its start, for cases that look at what was stored.
class Reader {
 public:
  Reader(Context& context, const std::string& topic, const std::string& tags = "*")
      : consumer_(must(
            bolide::PushConsumer::start(context.client(), {.group = context.unique("reader"),
                                                           .subscriptions = {{topic, tags}},
                                                           .on_messages = sink.listener(),
                                                           .from = bolide::ConsumeFrom::first}),
            "start a reader")) {}

  Sink sink;

 private:
  bolide::PushConsumer consumer_;
};

void a_message_is_sent_and_says_where_it_is(Context& context) {
  auto producer = context.producer();
  const std::string topic = context.topic();
  const auto sent = must(producer.send({.topic = topic, .body = "hello"}), "send");
  expect(sent.state == SendState::ok, "the state is not ok");
  expect(sent.queue.topic == topic && !sent.queue.broker.empty(), "the queue is not named");
  expect(sent.id.size() == 32 && sent.offset_id.size() == 32, "ids of another length");
  const Reader reader(context, topic);
  reader.sink.await_bodies({"hello"});
  for (const auto& message : reader.sink.messages()) {
    if (message.body != "hello") continue;
    expect(message.id() == sent.id, "received id " + message.id() + ", sent " + sent.id);
    expect(message.offset == sent.offset && message.queue == sent.queue.queue, "another place");
    expect(message.offset_id() == sent.offset_id, "another offset id");
  }
}

void tags_keys_properties_and_flag_arrive(Context& context) {
  auto producer = context.producer();
  const std::string topic = context.topic();
  must(producer.send({.topic = topic,
                      .body = "b",
                      .tag = "red",
                      .keys = {"k1", "k2"},
                      .properties = {{"name", "value"}, {"gr\xC3\xBC\xC3\x9F", "\xE4\xBD\xA0"}},
                      .flag = 7}),
       "send");
  const Reader reader(context, topic, "red || blue");
  reader.sink.await_bodies({"b"});
  const auto message = reader.sink.messages().front();
  expect(message.tag() == "red" && message.keys() == "k1 k2", "tag or keys differ");
  expect(message.property("name") == "value", "the property differs");
  expect(message.property("gr\xC3\xBC\xC3\x9F") == "\xE4\xBD\xA0", "the Unicode property differs");
  expect(message.flag == 7, "the flag differs");
}

void callbacks_come_once_each(Context& context) {
  auto producer = context.producer();
  const std::string topic = context.topic();
  std::latch done(200);
  std::atomic<int> good{0};
  for (int i = 0; i < 200; ++i) {
    producer.send_async({.topic = topic, .body = "a" + std::to_string(i)}, [&](auto result) {
      if (result) ++good;
      done.count_down();
    });
  }
  done.wait();
  expect(good == 200, std::to_string(good) + " of 200 were sent");
}

void one_way_messages_arrive(Context& context) {
  auto producer = context.producer();
  const std::string topic = context.topic();
  std::vector<std::string> bodies;
  for (int i = 0; i < 20; ++i) {
    bodies.push_back("o" + std::to_string(i));
    const auto sent = producer.send_one_way({.topic = topic, .body = bodies.back()});
    expect(sent.ok(), sent.message());
  }
  Reader(context, topic).sink.await_bodies(bodies);
}

void a_selector_chooses_the_queue(Context& context) {
  auto producer = context.producer();
  const std::string topic = context.topic();
  for (int i = 0; i < 10; ++i) {
    const auto sent =
        must(producer.send({.topic = topic, .body = "s"},
                           [](const auto& queues, const auto&) { return queues.size() - 1; }),
             "send");
    expect(sent.queue.queue == 3, "queue " + std::to_string(sent.queue.queue));
  }
  const auto beyond = producer.send({.topic = topic, .body = "s"},
                                    [](const auto& queues, const auto&) { return queues.size(); });
  expect(!beyond && beyond.status().code() == Errc::queue_out_of_range, "a place beyond the end");
}

void one_ordering_key_keeps_one_queue_and_its_order(Context& context) {
  auto producer = context.producer();
  const std::string topic = context.topic();
  std::vector<std::string> bodies;
  for (int i = 0; i < 50; ++i) {
    bodies.push_back(std::to_string(i));
    must(producer.send({.topic = topic, .body = bodies.back(), .ordering_key = "one"}), "send");
  }
  const Reader reader(context, topic);
  reader.sink.await_bodies(bodies);
  std::set<std::int32_t> queues;
  std::vector<std::pair<std::int64_t, int>> order;
  for (const auto& message : reader.sink.messages()) {
    if (message.body == "first") continue;
    queues.insert(message.queue);
    order.emplace_back(message.offset, std::stoi(message.body));
  }
  std::ranges::sort(order);
  expect(queues.size() == 1, "they went to several queues");
  expect(std::ranges::is_sorted(order, {}, &std::pair<std::int64_t, int>::second), "out of order");
}

void a_batch_is_split_where_it_is_too_large(Context& context) {
  auto producer = context.producer();
  const std::string topic = context.topic();
  std::vector<Message> messages;
  std::vector<std::string> bodies;
  for (int i = 0; i < 12; ++i) {
    bodies.push_back(std::string(1U << 20U, static_cast<char>('a' + i)));
    messages.push_back({.topic = topic, .body = bodies.back()});
  }
  const auto receipts = must(producer.send_batch(messages), "send a batch");
  expect(receipts.size() == 12, "not one receipt each");
  std::set<std::string> ids;
  for (const auto& receipt : receipts) ids.insert(receipt.id + receipt.offset_id);
  expect(ids.size() == 12, "ids are not unique");
  Reader(context, topic).sink.await_bodies(bodies);
}

void bodies_are_compressed_by_every_method(Context& context) {
  const std::string topic = context.topic();
  std::vector<std::string> bodies;
  for (const auto method : {bolide::Compression::none, bolide::Compression::zlib,
                            bolide::Compression::lz4, bolide::Compression::zstd}) {
    auto producer = context.producer({.compression = method});
    for (const std::size_t size : {1U, 4096U, 100'000U, 4U << 20U}) {
      bodies.push_back(std::to_string(static_cast<int>(method)) + std::string(size - 1, 'x'));
      must(producer.send({.topic = topic, .body = bodies.back()}), "send");
    }
  }
  Reader(context, topic).sink.await_bodies(bodies);
}

void bad_messages_are_refused_before_they_are_sent(Context& context) {
  auto producer = context.producer();
  const auto code = [&](Message message) {
    const auto sent = producer.send(std::move(message));
    return sent ? Errc::internal : sent.status().code();
  };
  expect(code({.topic = "t", .body = ""}) == Errc::message_invalid, "no body");
  expect(code({.topic = "", .body = "b"}) == Errc::topic_not_valid, "no topic");
  expect(code({.topic = "a b", .body = "b"}) == Errc::topic_not_valid, "a space in the topic");
  expect(code({.topic = "t", .body = std::string((4U << 20U) + 1, 'x')}) == Errc::message_too_large,
         "too large");
  expect(
      code({.topic = "t", .body = "b", .properties = {{"UNIQ_KEY", "x"}}}) == Errc::message_invalid,
      "a reserved property");
  expect(code({.topic = "t", .body = "b", .properties = {{"a\1", "x"}}}) == Errc::message_invalid,
         "a separator in a property");
  expect(code({.topic = "t", .body = "b", .keys = {"a b"}}) == Errc::message_invalid,
         "a space in a key");
}

void no_name_server_is_told_in_time(Context&) {
  auto client = must(bolide::Client::open({.name_servers = "127.0.0.1:1"}), "open");
  auto producer = must(
      bolide::Producer::start(client, {.send_timeout = std::chrono::milliseconds(1500)}), "start");
  const auto start = std::chrono::steady_clock::now();
  const auto sent = producer.send({.topic = "t", .body = "b"});
  expect(!sent && sent.status().retriable(), "a send without a name server");
  expect(std::chrono::steady_clock::now() - start < std::chrono::seconds(10), "it took too long");
}

// With every server; that repeats are stored once is Bolide's own, and tested elsewhere.
void an_idempotent_producer_sends_like_any_other(Context& context) {
  auto producer = context.producer({.idempotent = true});
  const std::string topic = context.topic();
  std::vector<std::string> bodies{"one", "batch-0", "batch-1", "later"};
  std::vector<std::future<bolide::StatusOr<bolide::SendReceipt>>> sent;
  for (int i = 0; i < 300; ++i) {
    bodies.push_back("m" + std::to_string(i));
    sent.push_back(producer.send_future(
        {.topic = topic, .body = bodies.back(), .ordering_key = i % 3 == 0 ? "k" : ""}));
  }
  for (auto& one : sent) must(one.get(), "send");
  must(producer.send({.topic = topic, .body = "one"}), "send");
  must(producer.send_batch(
           {{.topic = topic, .body = "batch-0"}, {.topic = topic, .body = "batch-1"}}),
       "send a batch");
  must(producer.send({.topic = topic, .body = "later", .delay_level = 1}), "send with a delay");
  const Reader reader(context, topic);
  reader.sink.await_bodies(bodies);
  std::int64_t last = -1;
  for (int i = 0; i < 300; i += 3) {
    for (const auto& message : reader.sink.messages()) {
      if (message.body != "m" + std::to_string(i)) continue;
      expect(message.offset > last, message.body + " is out of order");
      last = message.offset;
    }
  }
}

void an_idempotent_producer_goes_on_where_another_ended(Context& context) {
  const std::string topic = context.topic();
  const auto first = [](const auto&, const Message&) { return std::size_t{0}; };
  const std::string id = context.unique("producer");
  for (std::int64_t i = 0; i < 10; ++i) {
    auto producer = context.producer({.idempotent = true, .producer_id = id});
    must(producer.send({.topic = topic, .body = std::to_string(i), .sequence = i}, first), "send");
  }
  auto producer = context.producer({.idempotent = true, .producer_id = id});
  expect(!producer.send({.topic = topic, .body = "b"}, first), "a message without a number");
  const Reader reader(context, topic);
  reader.sink.await_bodies({"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"});
}

}  // namespace

std::vector<NamedCase> send_cases() {
  return {
      {"a_message_is_sent_and_says_where_it_is", a_message_is_sent_and_says_where_it_is},
      {"tags_keys_properties_and_flag_arrive", tags_keys_properties_and_flag_arrive},
      {"callbacks_come_once_each", callbacks_come_once_each},
      {"one_way_messages_arrive", one_way_messages_arrive},
      {"a_selector_chooses_the_queue", a_selector_chooses_the_queue},
      {"one_ordering_key_keeps_one_queue_and_its_order",
       one_ordering_key_keeps_one_queue_and_its_order},
      {"a_batch_is_split_where_it_is_too_large", a_batch_is_split_where_it_is_too_large},
      {"bodies_are_compressed_by_every_method", bodies_are_compressed_by_every_method},
      {"bad_messages_are_refused_before_they_are_sent",
       bad_messages_are_refused_before_they_are_sent},
      {"no_name_server_is_told_in_time", no_name_server_is_told_in_time},
      {"an_idempotent_producer_sends_like_any_other", an_idempotent_producer_sends_like_any_other},
      {"an_idempotent_producer_goes_on_where_another_ended",
       an_idempotent_producer_goes_on_where_another_ended},
  };
}

}  // namespace cases
