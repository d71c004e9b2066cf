// SPDX-License-Identifier: Apache-2.0
//
// Tests of traces, on a simulated network: what producers and consumers write into their topic.
// Runs on: the test's thread and the client's agent.  Owns: nothing.  Invariant: none.
#include "client/tracer.h"

#include <bolide/transaction_producer.h>

#include "client/fake_server.h"

#include <gtest/gtest.h>

namespace bolide::client {
namespace {

using test::eventually;
using test::FakeAnswer;
using test::FakeRequest;
using test::FakeServer;
using test::World;
using Kind = TraceRecord::Kind;
namespace request_code = remoting::request_code;

std::optional<FakeAnswer> broker(const FakeRequest& request) {
  if (request.code != request_code::send_message_v2 &&
      request.code != request_code::send_batch_message)
    return FakeAnswer{};
  FakeAnswer answer = test::stored_at(7, 1);
  answer.fields.emplace_back("MSG_REGION", "north");
  answer.fields.emplace_back("TRACE_ON", request.field("b") == "quiet" ? "false" : "true");
  return answer;
}

// All records that arrived in the topic of traces, in their order.
std::vector<TraceRecord> traces(const FakeServer& server) {
  std::vector<TraceRecord> all;
  for (const FakeRequest& request : server.requests(request_code::send_message_v2)) {
    if (request.field("b") != trace_topic_name) continue;
    for (TraceRecord& record : decode_trace(request.body)) all.push_back(std::move(record));
  }
  return all;
}

TEST(Tracer, tells_of_what_a_producer_sent) {
  World world;
  world.serve(9876, test::routes({10911}));
  auto& server = world.serve(10911, broker);
  std::string id;
  {
    auto producer = Producer::start(Client(world.open()), {.group = "p", .trace = true});
    ASSERT_TRUE(producer);
    id = producer->send({.topic = "t", .body = "hello", .tag = "red", .keys = {"k1", "k2"}})
             .value()
             .id;
    (void)producer->send({.topic = "quiet", .body = "m"}).value();
    (void)producer->send({.topic = "t", .body = "m", .delay = std::chrono::seconds(1)}).value();
  }
  const auto all = traces(server);
  ASSERT_EQ(all.size(), 2U) << "one did not want to be traced";
  EXPECT_EQ(all[0].kind, Kind::pub);
  EXPECT_EQ(all[0].region, "north");
  EXPECT_EQ(all[0].group, "p");
  EXPECT_EQ(all[0].topic, "t");
  EXPECT_EQ(all[0].id, id);
  EXPECT_EQ(all[0].tags, "red");
  EXPECT_EQ(all[0].keys, "k1 k2");
  EXPECT_EQ(all[0].store_host, "127.0.0.1:10911");
  EXPECT_EQ(all[0].body_bytes, 5);
  EXPECT_EQ(all[0].offset_id, "7F00000100002A9F0000000000000000");
  EXPECT_TRUE(all[0].success);
  EXPECT_EQ(all[1].type, TraceRecord::Type::delay);
  for (const FakeRequest& request : server.requests(request_code::send_message_v2)) {
    if (request.field("b") != trace_topic_name) continue;
    EXPECT_TRUE(request.field("a").starts_with("_INNER_TRACE_PRODUCER-p-PRODUCE-"));
    EXPECT_NE(request.field("i").find(id), std::string::npos) << "it is found by the id";
  }
}

TEST(Tracer, tells_of_every_message_of_a_batch) {
  World world;
  world.serve(9876, test::routes({10911}));
  auto& server = world.serve(10911, broker);
  std::vector<SendReceipt> receipts;
  {
    auto producer = Producer::start(Client(world.open()), {.trace = true});
    ASSERT_TRUE(producer);
    receipts =
        producer->send_batch({{.topic = "t", .body = "a"}, {.topic = "t", .body = "b"}}).value();
  }
  const auto all = traces(server);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].id, receipts[0].id);
  EXPECT_EQ(all[1].id, receipts[1].id);
}

TEST(Tracer, tells_how_a_transaction_ended) {
  World world;
  world.serve(9876, test::routes({10911}));
  auto& server = world.serve(10911, broker);
  {
    auto producer = TransactionProducer::start(
        Client(world.open()), {.producer = {.group = "p", .trace = true},
                               .check = [](const auto&) { return TransactionState::unknown; }});
    ASSERT_TRUE(producer);
    auto transaction = producer->begin({.topic = "t", .body = "m"});
    ASSERT_TRUE(transaction);
    EXPECT_TRUE(transaction->commit().ok());
  }
  const auto all = traces(server);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].type, TraceRecord::Type::half);
  EXPECT_EQ(all[1].kind, Kind::end_transaction);
  EXPECT_EQ(all[1].id, all[0].id);
  EXPECT_EQ(all[1].state, "COMMIT_MESSAGE");
}

TEST(Tracer, that_cannot_send_troubles_no_send) {
  World world;
  world.serve(9876, [](const FakeRequest& request) -> std::optional<FakeAnswer> {
    if (request.field("topic") == trace_topic_name || request.field("topic") == "TBW102")
      return FakeAnswer{.code = remoting::response_code::topic_not_exist};
    return test::routes({10911})(request);
  });
  world.serve(10911, broker);
  auto producer = Producer::start(Client(world.open()), {.trace = true});
  ASSERT_TRUE(producer);
  for (int i = 0; i < 10; ++i)
    EXPECT_TRUE(producer->send({.topic = "t", .body = "m"})) << "without its trace";
}

TEST(Tracer, splits_what_is_too_much_for_one_message) {
  World world;
  world.serve(9876, test::routes({10911}));
  auto& server = world.serve(10911, broker);
  const auto tracer = Tracer::start(world.open(), {.group = "g", .consumes = true});
  ReceivedMessage message;
  message.topic = "t";
  for (int i = 0; i < 2000; ++i) {
    message.properties = {{"UNIQ_KEY", "ID" + std::to_string(1'000'000 + i)}};
    const std::string request = tracer->before(std::span(&message, 1));
    tracer->after(request, std::span(&message, 1), 4, TraceRecord::Code::failed);
  }
  tracer->stop();
  const auto messages = server.requests(request_code::send_message_v2);
  EXPECT_GT(messages.size(), 1U);
  for (const FakeRequest& request : messages) EXPECT_LT(request.field("i").size(), 20'000U);
}

TEST(Tracer, joins_the_two_records_of_consuming) {
  World world;
  world.serve(9876, test::routes({10911}));
  auto& server = world.serve(10911, broker);
  const auto tracer = Tracer::start(world.open(), {.group = "g", .consumes = true});
  std::vector<ReceivedMessage> messages(3);
  for (ReceivedMessage& message : messages) message.topic = "t";
  messages[0].properties = {{"UNIQ_KEY", "A"}, {"MSG_REGION", "north"}, {"KEYS", "k"}};
  messages[1].properties = {{"UNIQ_KEY", "B"}, {"TRACE_ON", "false"}};
  messages[2].properties = {{"UNIQ_KEY", "C"}};
  messages[2].topic = std::string(trace_topic_name);
  const std::string request = tracer->before(messages);
  tracer->after(request, messages, 30, TraceRecord::Code::exception);
  ASSERT_TRUE(eventually([&] { return traces(server).size() == 2; })) << "without stop()";
  tracer->stop();
  const auto all = traces(server);
  EXPECT_EQ(all[0].kind, Kind::sub_before);
  EXPECT_EQ(all[1].kind, Kind::sub_after);
  EXPECT_EQ(all[0].request_id, all[1].request_id);
  EXPECT_EQ(all[1].cost_ms, 10) << "each its share";
  EXPECT_EQ(all[1].code, TraceRecord::Code::exception);
  EXPECT_FALSE(all[1].success);
  EXPECT_EQ(all[0].region, "north");
}

}  // namespace
}  // namespace bolide::client
