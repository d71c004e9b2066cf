// SPDX-License-Identifier: Apache-2.0
//
// Tests of recalling messages, on a simulated network.
// Runs on: the test's thread and the client's agent.  Owns: nothing.  Invariant: none.
#include "client/recall.h"

#include <bolide/producer.h>

#include "base/base64.h"
#include "client/fake_server.h"

#include <gtest/gtest.h>

namespace bolide::client {
namespace {

using test::FakeAnswer;
using test::FakeRequest;
using test::World;
namespace request_code = remoting::request_code;

TEST(Recall, a_handle_says_what_waits_where_and_until_when) {
  const auto place = RecallPlace::parse(base64_url("v1 t b 1700000000001 ID"));
  ASSERT_TRUE(place);
  EXPECT_EQ(place->topic + place->broker + place->id, "tbID");
  EXPECT_EQ(place->due_ms, 1'700'000'000'001);
  EXPECT_FALSE(RecallPlace::parse(base64_url("v1 t b soon ID")));
  EXPECT_FALSE(RecallPlace::parse(""));
}

TEST(Recall, goes_to_the_broker_that_keeps_the_message) {
  World world;
  world.serve(9876, test::routes({10911, 10921}));
  const std::string handle = base64_url("v1 t b10921 1700000000001 ID");
  world.serve(10911, [](const FakeRequest&) { return FakeAnswer{}; });
  auto& keeper = world.serve(10921, [&](const FakeRequest& request) {
    if (request.code == request_code::recall_message)
      return FakeAnswer{.fields = {{"msgId", "ID"}}};
    return FakeAnswer{};
  });
  auto producer = Producer::start(Client(world.open()), {.group = "p"});
  ASSERT_TRUE(producer);
  const auto recalled = producer->recall("t", handle);
  ASSERT_TRUE(recalled) << recalled.status().message();
  EXPECT_EQ(*recalled, "ID");
  const auto request = keeper.requests(request_code::recall_message).front();
  EXPECT_EQ(request.field("topic"), "t");
  EXPECT_EQ(request.field("recallHandle"), handle);
  EXPECT_EQ(request.field("producerGroup"), "p");
  EXPECT_EQ(producer->recall("missing", handle).status().code(), Errc::topic_not_found);
}

TEST(Recall, by_what_is_no_handle_asks_nobody) {
  for (const std::string& handle : {std::string(), std::string("&"), base64_url("v1 t b 1"),
                                    base64_url("v2 t b 1 ID"), base64_url("v1 t  1 ID")}) {
    const auto place = RecallPlace::parse(handle);
    ASSERT_FALSE(place) << handle;
    EXPECT_EQ(place.error().code, Errc::invalid_argument);
  }
}

TEST(Recall, handle_comes_with_the_receipt) {
  World world;
  world.serve(9876, test::routes({10911}));
  world.serve(10911, [](const FakeRequest& request) {
    FakeAnswer answer = test::stored_at(3);
    if (request.code == request_code::send_message_v2)
      answer.fields.emplace_back("recallHandle", "handle");
    return answer;
  });
  auto producer = Producer::start(Client(world.open()));
  ASSERT_TRUE(producer);
  const auto sent = producer->send({.topic = "t", .body = "m", .delay = std::chrono::seconds(9)});
  ASSERT_TRUE(sent);
  EXPECT_EQ(sent->recall_handle, "handle");
}

}  // namespace
}  // namespace bolide::client
