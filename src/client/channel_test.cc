// SPDX-License-Identifier: Apache-2.0
//
// Tests of requests and answers on one connection after the other.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "client/channel.h"

#include "client/fake_server.h"

#include <gtest/gtest.h>

namespace bolide::client {
namespace {

using test::FakeAnswer;
using test::FakeRequest;
using test::FakeServer;

constexpr std::int64_t far = 1'000'000;

class ChannelTest : public testing::Test {
 protected:
  FakeServer serve(test::FakeHandler handler) {
    return FakeServer(*servers, 10911, std::move(handler));
  }
  void ask(std::int32_t code, std::int64_t deadline_ms = far, std::string_view body = {}) {
    channel->send({.code = code, .fields = {}, .body = body}, {.deadline_ms = deadline_ms},
                  [this](const Result<Reply>& reply) {
                    if (!reply) return (void)ends.emplace_back(error_row(reply.error().code).name);
                    ends.push_back(std::to_string(reply->code()) + " " + std::string(reply->body));
                  });
  }

  std::vector<std::string> ends;
  ManualClock clock;
  net::SimNetwork network{clock};
  std::unique_ptr<net::Transport> client = network.make_transport();
  std::unique_ptr<net::Transport> servers = network.make_transport();
  std::shared_ptr<Channel> channel = std::make_shared<Channel>(
      *client, ChannelSettings{.address = {.host = "b", .port = 10911}, .on_request = {}});
};

std::optional<FakeAnswer> echo(const FakeRequest& request) {
  return FakeAnswer{.code = request.code, .body = request.body};
}
std::optional<FakeAnswer> silence(const FakeRequest&) {
  return std::nullopt;
}

TEST_F(ChannelTest, answers_each_request_with_its_own_answer) {
  std::vector<FakeRequest> held;
  FakeServer server = serve([&](const FakeRequest& request) -> std::optional<FakeAnswer> {
    held.push_back(request);
    return std::nullopt;
  });
  for (int i = 1; i <= 3; ++i) ask(i, far, std::to_string(i));
  EXPECT_TRUE(ends.empty()) << "an answer from within send()";
  network.run();
  ASSERT_EQ(held.size(), 3U);
  for (const std::size_t i : {2U, 0U, 1U})
    server.write(0, held[i].opaque, remoting::header_flag::response, {.body = held[i].body});
  network.run();
  EXPECT_EQ(ends, (std::vector<std::string>{"0 3", "0 1", "0 2"}));
  EXPECT_EQ(network.pairs(), 1U);
}

TEST_F(ChannelTest, understands_answers_that_come_byte_by_byte) {
  FakeServer server = serve(echo);
  network.set_byte_at_a_time(true);
  ask(7, far, "body");
  network.run();
  EXPECT_EQ(ends, std::vector<std::string>{"7 body"});
}

TEST_F(ChannelTest, ends_a_request_whose_time_is_over_and_drops_its_late_answer) {
  std::int32_t opaque = 0;
  FakeServer server = serve([&](const FakeRequest& request) -> std::optional<FakeAnswer> {
    opaque = request.opaque;
    return std::nullopt;
  });
  ask(1, 100);
  network.run();
  channel->expire(99);
  EXPECT_TRUE(ends.empty());
  channel->expire(100);
  EXPECT_EQ(ends, std::vector<std::string>{"timeout"});
  server.write(0, opaque, remoting::header_flag::response, {});
  network.run();
  EXPECT_EQ(ends.size(), 1U);
  EXPECT_TRUE(network.is_open(0)) << "a late answer is no reason to hang up";
}

TEST_F(ChannelTest, leaves_a_connection_on_which_nothing_comes_any_more) {
  FakeServer server = serve(echo);
  ask(1);
  network.run();
  network.freeze(0);
  ask(2, 3000);
  ask(3);
  channel->expire(2999);
  EXPECT_EQ(ends, std::vector<std::string>{"1 "});
  channel->expire(3000);
  EXPECT_EQ(ends, (std::vector<std::string>{"1 ", "timeout", "connection_closed"}));
  ask(4);
  network.run();
  EXPECT_EQ(ends.back(), "4 ");
  EXPECT_EQ(network.pairs(), 2U);
}

TEST_F(ChannelTest, leaves_it_too_where_each_request_has_little_time) {
  FakeServer server = serve(echo);
  ask(1);
  network.run();
  network.freeze(0);
  for (std::int64_t now_ms = 0; now_ms < 3000; now_ms += 100) {
    channel->expire(now_ms);
    channel->send({.code = 2}, {.now_ms = now_ms, .deadline_ms = now_ms + 100},
                  [](const Result<Reply>&) {});
  }
  network.run();
  EXPECT_EQ(network.pairs(), 2U);
}

TEST_F(ChannelTest, stays_where_one_request_has_no_answer_and_others_have) {
  FakeServer server = serve(
      [](const FakeRequest& request) { return request.code == 1 ? std::nullopt : echo(request); });
  ask(1, 3000);
  ask(2, 3000);
  network.run();
  channel->expire(3000);
  EXPECT_EQ(ends, (std::vector<std::string>{"2 ", "timeout"}));
  EXPECT_TRUE(network.is_open(0));
}

TEST_F(ChannelTest, ends_everything_when_the_connection_is_cut_and_connects_again) {
  FakeServer server = serve(silence);
  ask(1);
  ask(2);
  network.run();
  network.cut(0);
  network.run();
  EXPECT_EQ(ends, (std::vector<std::string>{"connection_closed", "connection_closed"}));
  EXPECT_EQ(channel->waiting(), 0U);
  ask(3);
  network.run();
  EXPECT_EQ(network.pairs(), 2U);
  EXPECT_EQ(server.count(3), 1U);
}

TEST_F(ChannelTest, what_fails_together_fails_in_the_order_of_sending) {
  FakeServer server = serve(silence);
  std::vector<int> order, expected;
  const auto ask_many = [&](std::int64_t deadline_ms) {
    for (int i = 0; i < 100; ++i) {
      expected.push_back(i);
      channel->send({.code = 1, .fields = {}, .body = {}}, {.deadline_ms = deadline_ms},
                    [&order, i](const Result<Reply>&) { order.push_back(i); });
    }
  };
  ask_many(far);
  network.run();
  network.cut(0);
  network.run();
  ask_many(100);
  network.run();
  channel->expire(100);
  EXPECT_EQ(order, expected);
}

TEST_F(ChannelTest, says_that_nobody_listens_and_tries_again_at_the_next_request) {
  ask(1);
  network.run();
  EXPECT_EQ(ends, std::vector<std::string>{"connection_failed"});
  FakeServer server = serve(echo);
  ask(2);
  network.run();
  EXPECT_EQ(ends.back(), "2 ");
}

TEST_F(ChannelTest, hangs_up_on_a_peer_that_speaks_something_else) {
  FakeServer server = serve(silence);
  ask(1);
  network.run();
  server.write_raw("HTTP/1.1 400 Bad Request\r\n\r\n");
  network.run();
  EXPECT_EQ(ends, std::vector<std::string>{"malformed"});
  EXPECT_FALSE(network.is_open(0));
}

TEST_F(ChannelTest, ends_everything_when_it_is_closed) {
  FakeServer server = serve(silence);
  ask(1);
  network.run();
  channel->close();
  EXPECT_EQ(ends, std::vector<std::string>{"shutting_down"});
  network.run();
  EXPECT_FALSE(network.is_open(0));
}

TEST_F(ChannelTest, a_request_may_be_sent_from_an_answer) {
  FakeServer server = serve(echo);
  channel->send({.code = 1}, {.deadline_ms = far}, [this](const Result<Reply>&) { ask(2); });
  network.run();
  EXPECT_EQ(ends, std::vector<std::string>{"2 "});
}

TEST_F(ChannelTest, answers_what_the_server_asks) {
  std::vector<std::int32_t> asked;
  Respond later;
  channel = std::make_shared<Channel>(
      *client, ChannelSettings{.address = {.host = "b", .port = 10911},
                               .on_request = [&](const remoting::Header& header, std::string_view,
                                                 Respond respond) {
                                 asked.push_back(header.code);
                                 if (header.code == 40) return respond({.body = "done"});
                                 later = std::move(respond);
                               }});
  FakeServer server = serve(silence);
  ask(1);
  network.run();
  server.write(40, 91, 0, {});
  server.write(777, 92, 0, {});
  server.write(40, 93, remoting::header_flag::one_way, {});
  network.run();
  EXPECT_EQ(asked, (std::vector<std::int32_t>{40, 777, 40}));
  ASSERT_EQ(server.count(0), 1U);
  EXPECT_EQ(server.requests(0).front().opaque, 91);
  EXPECT_EQ(server.requests(0).front().body, "done");
  ASSERT_EQ(server.count(3), 0U);
  later(not_supported());
  network.run();
  ASSERT_EQ(server.count(3), 1U);
  EXPECT_EQ(server.requests(3).front().opaque, 92);
}

TEST_F(ChannelTest, one_way_requests_wait_for_nothing) {
  FakeServer server = serve(echo);
  int taken = 0;
  const auto count = [&](const Result<>& sent) { taken += sent ? 1 : 0; };
  channel->send_one_way({.code = 5}, 0, count);
  EXPECT_EQ(taken, 0) << "there is no connection yet";
  EXPECT_EQ(channel->waiting(), 0U);
  network.run();
  EXPECT_EQ(taken, 1);
  ASSERT_EQ(server.count(5), 1U);
  EXPECT_TRUE(server.requests(5).front().one_way);
  channel->send_one_way({.code = 5}, 0, count);
  EXPECT_EQ(taken, 2);
  network.run();
  EXPECT_EQ(server.count(5), 2U);
}

TEST_F(ChannelTest, says_of_a_one_way_request_that_nobody_took_it) {
  std::vector<Errc> errors;
  const auto note = [&](const Result<>& sent) { errors.push_back(sent.error().code); };
  channel->send_one_way({.code = 5}, 0, note);
  network.run();
  EXPECT_EQ(errors, std::vector<Errc>{Errc::connection_failed});
  FakeServer server = serve(silence);
  channel->send_one_way({.code = 5}, 0, note);
  channel->close();
  network.run();
  EXPECT_EQ(errors, (std::vector<Errc>{Errc::connection_failed, Errc::shutting_down}));
  EXPECT_EQ(server.count(5), 0U);
}

TEST_F(ChannelTest, sends_codes_above_16_bits_whole) {
  FakeServer server = serve(silence);
  ask(200'050);
  network.run();
  EXPECT_EQ(server.count(200'050), 1U);
}

}  // namespace
}  // namespace bolide::client
