// SPDX-License-Identifier: Apache-2.0
//
// Tests of routes, heartbeats and requests of servers, on a simulated network.
// Runs on: the test's thread and the client's agent.  Owns: nothing.  Invariant: none.
#include "client/core.h"

#include "client/fake_server.h"

#include <gtest/gtest.h>

#include <future>

namespace bolide::client {
namespace {

using test::eventually;
using test::FakeAnswer;
using test::FakeRequest;
using test::World;
namespace request_code = remoting::request_code;

Result<RoutePtr> route_of(World& world, const std::shared_ptr<Core>& core,
                          const std::string& topic) {
  const auto promise = std::make_shared<std::promise<Result<RoutePtr>>>();
  world.run([&] { core->route(topic, [promise](auto route) { promise->set_value(route); }); });
  return promise->get_future().get();
}

TEST(CoreRoutes, asks_a_name_server_once_for_many_who_ask) {
  World world;
  auto& names = world.serve(9876, test::routes({10911}));
  const auto core = world.open();
  std::atomic<int> told{0};
  world.run([&] {
    for (int i = 0; i < 10; ++i)
      core->route("t", [&](const auto& route) { told += route ? 1 : 0; });
  });
  EXPECT_TRUE(eventually([&] { return told == 10; }));
  EXPECT_TRUE(route_of(world, core, "t"));
  EXPECT_EQ(names.count(request_code::get_route_info_by_topic), 1U);
  std::string address;
  world.run([&] { address = core->broker_address("b10911", false); });
  EXPECT_EQ(address, "127.0.0.1:10911");
}

TEST(CoreRoutes, asks_the_next_name_server_where_one_is_away) {
  World world;
  world.serve(9877, test::routes({10911}));
  const auto core = world.open({.name_servers = "a:9875;b:9876;c:9877"});
  EXPECT_TRUE(route_of(world, core, "t"));
}

TEST(CoreRoutes, says_that_no_name_server_answers) {
  World world;
  const auto core = world.open({.name_servers = "a:9875;b:9876"});
  const auto route = route_of(world, core, "t");
  ASSERT_FALSE(route);
  EXPECT_EQ(route.error().code, Errc::connection_failed);
}

TEST(CoreRoutes, knows_a_topic_that_is_missing_from_a_silent_server) {
  World world;
  world.serve(9876, [](const FakeRequest& request) -> std::optional<FakeAnswer> {
    if (request.field("topic") == "silent") return std::nullopt;
    return FakeAnswer{.code = 17, .remark = "No topic route info"};
  });
  const auto core = world.open({.request_timeout = std::chrono::milliseconds(100)});
  EXPECT_EQ(route_of(world, core, "missing").error().code, Errc::topic_not_found);
  EXPECT_EQ(route_of(world, core, "silent").error().code, Errc::timeout);
}

TEST(CoreRoutes, keeps_what_it_knows_while_no_name_server_answers) {
  World world;
  std::atomic<int> asked{0};
  world.serve(9876, [&](const FakeRequest&) -> std::optional<FakeAnswer> {
    if (++asked == 1) return FakeAnswer{.body = test::route_body({10911})};
    return FakeAnswer{.code = 1, .remark = "no"};
  });
  const auto core = world.open();
  ASSERT_TRUE(route_of(world, core, "t"));
  EXPECT_TRUE(eventually([&] {
    world.run([&] { core->refresh_route("t"); });
    return asked >= 2;
  }));
  EXPECT_TRUE(route_of(world, core, "t"));
}

TEST(CoreRoutes, keeps_what_it_knows_while_a_restarted_name_server_knows_nothing) {
  World world;
  std::atomic<bool> knows{true};
  auto& names = world.serve(9876, [&](const FakeRequest&) -> std::optional<FakeAnswer> {
    if (knows) return FakeAnswer{.body = test::route_body({10911})};
    return FakeAnswer{.code = remoting::response_code::topic_not_exist};
  });
  const auto core = world.open();
  ASSERT_TRUE(route_of(world, core, "t"));
  knows = false;
  const auto is_gone = [&] {
    world.run([&] { core->refresh_route("t"); });
    return !route_of(world, core, "t");
  };
  ASSERT_TRUE(eventually([&] {
    EXPECT_FALSE(is_gone());
    return names.count(request_code::get_route_info_by_topic) >= 3;
  }));
  world.clock.advance_ms(200'000);
  EXPECT_TRUE(eventually(is_gone)) << "a deleted topic";
}

TEST(CoreRoutes, forgets_a_topic_that_a_broker_does_not_know_either) {
  World world;
  std::atomic<bool> knows{true};
  world.serve(9876, [&](const FakeRequest&) -> std::optional<FakeAnswer> {
    if (knows) return FakeAnswer{.body = test::route_body({10911})};
    return FakeAnswer{.code = remoting::response_code::topic_not_exist};
  });
  const auto core = world.open();
  ASSERT_TRUE(route_of(world, core, "t"));
  knows = false;
  EXPECT_TRUE(eventually([&] {
    world.run([&] { core->doubt_route("t"); });
    return !route_of(world, core, "t");
  }));
}

TEST(CoreRoutes, asks_the_next_name_server_where_one_does_not_know_the_topic) {
  World world;
  std::atomic<int> asked{0};
  for (const std::uint16_t port : {std::uint16_t{9876}, std::uint16_t{9877}}) {
    world.serve(port, [&](const FakeRequest&) -> std::optional<FakeAnswer> {
      if (++asked > 1) return FakeAnswer{.body = test::route_body({10911})};
      return FakeAnswer{.code = remoting::response_code::topic_not_exist};
    });
  }
  const auto core = world.open({.name_servers = "a:9876;b:9877"});
  EXPECT_TRUE(route_of(world, core, "t"));
}

TEST(CoreRoutes, look_ups_at_one_moment_all_find_the_name_server_that_is_there) {
  World world;
  world.serve(9876, test::routes({10911}));
  // Each begins at one of the two by chance.
  for (int i = 0; i < 10; ++i) {
    const auto core = world.open({.name_servers = "a:9875;b:9876"});
    std::atomic<int> found{0}, ended{0};
    world.run([&] {
      for (const char* const topic : {"t", "u"}) {
        core->route(topic, [&](const auto& route) {
          found += route ? 1 : 0;
          ++ended;
        });
      }
    });
    ASSERT_TRUE(eventually([&] { return ended == 2; }));
    EXPECT_EQ(found, 2);
  }
}

TEST(CoreRoutes, refuses_a_route_that_is_no_route) {
  World world;
  world.serve(9876, [](const FakeRequest&) { return FakeAnswer{.body = "[nonsense"}; });
  const auto core = world.open();
  EXPECT_EQ(route_of(world, core, "t").error().code, Errc::malformed);
}

class TestMember final : public Member {
 public:
  const std::string& group() const override { return name; }
  bool consumes() const override { return true; }
  std::vector<std::string> topics() const override { return {"t"}; }
  void write_heartbeat(JsonWriter& out) const override {
    out.begin_object();
    out.member("groupName", name);
    out.end_object();
  }
  void on_members_changed() override { ++changes; }
  void on_reset_offsets(const std::string& topic,
                        const std::map<QueueKey, std::int64_t>& offsets) override {
    for (const auto& [key, offset] : offsets) reset = topic + std::to_string(offset);
  }

  std::string name = "g";
  std::string reset;
  int changes = 0;
};

TEST(Core, beats_for_its_members_and_serves_what_brokers_ask) {
  World world;
  world.serve(9876, test::routes({10911}));
  auto& broker = world.serve(10911, [](const FakeRequest&) { return FakeAnswer{}; });
  const auto core = world.open({.instance = "me"});
  TestMember member, twin;
  world.run([&] {
    EXPECT_TRUE(core->add(&member));
    EXPECT_EQ(core->add(&twin).error().code, Errc::in_use);
  });
  ASSERT_TRUE(route_of(world, core, "t"));
  ASSERT_TRUE(eventually([&] { return broker.count(request_code::heart_beat) > 0; }));
  const std::string beat = broker.requests(request_code::heart_beat).front().body;
  EXPECT_NE(beat.find("@me\""), std::string::npos);
  EXPECT_NE(beat.find(R"({"groupName":"g"})"), std::string::npos);

  world.run([&] {
    broker.write(40, 1, 2, {.fields = {{"consumerGroup", "other"}}});
    broker.write(40, 1, 2, {.fields = {{"consumerGroup", "g"}}});
    broker.write(220, 9, 0,
                 {.fields = {{"group", "g"}, {"topic", "t"}},
                  .body = R"({"offsetTable":{{"brokerName":"b","queueId":0,"topic":"t"}:42}})"});
  });
  ASSERT_TRUE(eventually([&] { return broker.count(0) == 1; })) << "the reset is answered";
  EXPECT_EQ(member.changes, 1);
  EXPECT_EQ(member.reset, "t42");
  world.run([&] {
    core->unregister(member, {});
    core->remove(&member);
  });
  EXPECT_TRUE(eventually([&] { return broker.count(request_code::unregister_client) == 1; }));
}

TEST(Core, a_broker_that_is_not_known_is_one_that_may_be_back) {
  World world;
  const auto core = world.open();
  std::promise<Error> failed;
  world.run([&] {
    core->call(core->broker_address("b", true), request_code::heart_beat, {},
               [&](const Result<Reply>& reply) { failed.set_value(reply.error()); });
  });
  const Error error = failed.get_future().get();
  EXPECT_EQ(error.code, Errc::connection_failed);
  EXPECT_TRUE(error_row(error.code).retriable);
  EXPECT_NE(error.message().find("no broker is known"), std::string::npos);
}

TEST(Core, may_go_while_requests_are_on_their_way) {
  World world;
  world.serve(9876, [](const FakeRequest&) -> std::optional<FakeAnswer> { return std::nullopt; });
  std::atomic<bool> ended{false};
  auto core = world.open();
  world.run([&] {
    core->call("ns:9876", request_code::heart_beat, {}, [&](const Result<Reply>& reply) {
      ended = !reply && reply.error().code == Errc::shutting_down;
    });
  });
  core.reset();
  EXPECT_TRUE(eventually([&] { return ended.load(); }));
}

TEST(Core, runs_later_tasks_in_time_and_none_after_its_end) {
  World world;
  std::atomic<int> ran{0};
  auto core = world.open();
  world.run([&] { core->after(1, [&] { ++ran; }); });
  EXPECT_TRUE(eventually([&] { return ran == 1; }));
  world.run([&] { core->after(60'000, [&] { ++ran; }); });
  core.reset();
  world.run([] {});
  EXPECT_EQ(ran, 1);
}

}  // namespace
}  // namespace bolide::client
