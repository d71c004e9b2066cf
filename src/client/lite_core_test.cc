// SPDX-License-Identifier: Apache-2.0
//
// Tests of polling, on a simulated network.
// Runs on: the test's thread and the client's agent.  Owns: nothing.  Invariant: none.
#include <bolide/lite_pull_consumer.h>

#include "client/fake_server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <utility>

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

// A broker that takes the commits it is told to.
struct Committed {
  explicit Committed(LitePullConsumerOptions options) {
    world.serve(9876, test::routes({10911}, 1));
    broker = &world.serve(10911, [this](const FakeRequest& request) -> std::optional<FakeAnswer> {
      if (request.code == request_code::lite_pull_message) return std::nullopt;
      if (request.code != request_code::update_consumer_offset) return FakeAnswer{};
      return FakeAnswer{.code = refuses ? 1 : 0};
    });
    options.group = "g";
    auto started = LitePullConsumer::start(Client(world.open()), std::move(options));
    EXPECT_TRUE(started);
    consumer.emplace(std::move(*started));
    EXPECT_TRUE(consumer->assign({queue}).ok());
    EXPECT_TRUE(consumer->seek(queue, 7).ok());
  }
  std::size_t commits_of(const std::string& offset) const {
    std::size_t count = 0;
    for (const auto& commit : broker->requests(request_code::update_consumer_offset))
      count += commit.field("commitOffset") == offset ? 1 : 0;
    return count;
  }

  const QueueId queue{"t", "b10911", 0};
  std::atomic<bool> refuses{false};
  test::World world;
  test::FakeServer* broker = nullptr;
  std::optional<LitePullConsumer> consumer;
};

TEST(LitePullConsumer, commits_again_by_itself_what_a_broker_did_not_take) {
  Committed test({.auto_commit_interval = std::chrono::milliseconds(10)});
  test.refuses = true;
  ASSERT_TRUE(test.consumer->seek(test.queue, 9).ok());
  EXPECT_TRUE(eventually([&] { return test.commits_of("9") >= 3; }));
}

TEST(LitePullConsumer, an_explicit_commit_says_what_the_broker_says) {
  Committed test({.auto_commit_interval = std::chrono::milliseconds(10)});
  ASSERT_TRUE(eventually([&] { return test.commits_of("7") >= 1; }));
  test.refuses = true;
  EXPECT_FALSE(test.consumer->commit().ok());
  test.refuses = false;
  EXPECT_TRUE(test.consumer->commit().ok());
}

}  // namespace
}  // namespace bolide::client
