// SPDX-License-Identifier: Apache-2.0
//
// Tests of polling, on a simulated network.
// Runs on: the test's thread and the client's agent.  Owns: nothing.  Invariant: none.
#include <bolide/lite_pull_consumer.h>

#include "client/fake_server.h"

#include <gtest/gtest.h>

namespace bolide::client {
namespace {

using test::eventually;
using test::FakeAnswer;
using test::FakeRequest;
namespace request_code = remoting::request_code;

TEST(LitePullConsumer, may_seek_before_the_start_of_an_assigned_queue_is_known) {
  test::World world;
  world.serve(9876, test::routes({10911}, 2));
  auto& broker = world.serve(10911, [](const FakeRequest& request) -> std::optional<FakeAnswer> {
    const bool waits = request.code == request_code::lite_pull_message ||
                       request.code == request_code::query_consumer_offset;
    return waits ? std::nullopt : std::optional(FakeAnswer{});
  });
  auto consumer = LitePullConsumer::start(Client(world.open()), {.group = "g"});
  ASSERT_TRUE(consumer);
  const QueueId queue{"t", "b10911", 1};
  EXPECT_EQ(consumer->seek(queue, 7).code(), Errc::not_found) << "it is not ours yet";
  ASSERT_TRUE(consumer->assign({queue}).ok());
  EXPECT_TRUE(consumer->seek(queue, 7).ok());
  ASSERT_TRUE(eventually([&] { return broker.count(request_code::lite_pull_message) == 1; }));
  const auto pull = broker.requests(request_code::lite_pull_message).front();
  EXPECT_EQ(pull.field("queueId"), "1");
  EXPECT_EQ(pull.field("queueOffset"), "7");
}

}  // namespace
}  // namespace bolide::client
