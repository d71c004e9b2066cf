// SPDX-License-Identifier: Apache-2.0
//
// One connection: frames in pieces and in heaps, malformed ones, back-pressure, going away.
#include "protocols/remoting/session.h"

#include "protocols/remoting/front_test_util.h"
#include "protocols/remoting/wire/request_codes.h"

#include <gtest/gtest.h>

namespace bolide::remoting {
namespace {

using testing::BrokerDesk;
using testing::bytes_of;
using testing::frame_of;
using testing::Peer;
using testing::Received;
using testing::Request;

const Request max_offset{.code = request_code::get_max_offset,
                         .fields = {{"topic", "orders"}, {"queueId", "0"}}};

std::uint64_t malformed(Front& front, Malformed reason) {
  return front.stats().malformed[static_cast<std::size_t>(reason)];
}

TEST(RemotingSession, understands_requests_byte_by_byte) {
  for (const Serialization serialization : {Serialization::json, Serialization::binary}) {
    BrokerDesk desk;
    Request request = max_offset;
    request.serialization = serialization;
    desk.peer.feed_byte_by_byte(bytes_of(request, 1) + bytes_of(request, 2));
    const auto answers = desk.peer.take();
    ASSERT_EQ(answers.size(), 2U);
    EXPECT_EQ(answers[0].opaque, 1);
    EXPECT_EQ(answers[1].opaque, 2);
    EXPECT_EQ(answers[0].serialization, serialization);
    EXPECT_EQ(answers[0].fields.at("offset"), "0");
  }
}

TEST(RemotingSession, answers_pipelined_requests_in_order) {
  BrokerDesk desk;
  std::string bytes;
  for (std::int32_t i = 0; i < 100; ++i) bytes += bytes_of(max_offset, i);
  const std::string half = bytes_of(max_offset, 100);
  desk.peer.feed(bytes + half.substr(0, 10));
  EXPECT_EQ(desk.peer.unconsumed(), half.substr(0, 10));
  const auto answers = desk.peer.take();
  ASSERT_EQ(answers.size(), 100U);
  for (std::int32_t i = 0; i < 100; ++i) EXPECT_EQ(answers[static_cast<std::size_t>(i)].opaque, i);
  desk.peer.feed(half.substr(10));
  EXPECT_EQ(desk.peer.take().size(), 1U);
}

TEST(RemotingSession, closes_only_the_connection_of_a_malformed_frame) {
  using namespace std::string_view_literals;
  BrokerDesk desk;
  const auto closes = [&](std::string_view bytes, Malformed reason) {
    Peer bad(desk.front);
    const auto before = malformed(desk.front, reason);
    bad.feed(bytes);
    EXPECT_TRUE(bad.connection.is_closed);
    EXPECT_FALSE(bad.connection.close_reason.empty());
    EXPECT_EQ(bad.connection.take(), "") << "without an answer";
    EXPECT_EQ(malformed(desk.front, reason), before + 1);
  };
  closes("\xFF\xFF\xFF\xFF____"sv, Malformed::length);
  closes("\x7F\xFF\xFF\xFF____"sv, Malformed::length);
  closes("GET / HTTP/1.1\r\n\r\n", Malformed::length);
  closes("\0\0\0\x08\x02\0\0\0____"sv, Malformed::serialization);
  closes("\0\0\0\x08\0\0\0\x09____"sv, Malformed::header_length);
  closes(frame_of("not JSON"), Malformed::header);
  closes(frame_of("{\"code\":\"x\"}"), Malformed::header);
  closes("\0\0\0\x08\x01\0\0\x04\xFF\xFF\xFF\xFF"sv, Malformed::header);
  EXPECT_EQ(desk.ask(max_offset).code, response_code::success);
  EXPECT_EQ(desk.front.sessions(), 1U);
}

TEST(RemotingSession, answers_what_came_before_a_malformed_frame) {
  BrokerDesk desk;
  desk.peer.feed(bytes_of(max_offset, 5) + std::string(8, '\xFF') + bytes_of(max_offset, 6));
  const auto answers = desk.peer.take();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].opaque, 5);
  EXPECT_TRUE(desk.peer.connection.is_closed);
}

TEST(RemotingSession, takes_a_header_without_fields_or_with_ones_it_does_not_know) {
  BrokerDesk desk;
  desk.peer.feed(frame_of(R"({"code":28,"opaque":7,"news":{"a":[1]},"version":"475"})"));
  ASSERT_EQ(desk.peer.take().size(), 1U);
  desk.peer.feed(
      frame_of(R"({"code":30,"opaque":8,"extFields":{"topic":"orders","queueId":"0","lo":"false",)"
               R"("x":"y"}})"));
  EXPECT_EQ(desk.peer.take().at(0).code, response_code::success);
}

TEST(RemotingSession, counts_answers_of_the_peer_and_answers_none) {
  BrokerDesk desk;
  desk.peer.feed(frame_of(R"({"code":0,"opaque":7,"flag":1})"));
  EXPECT_EQ(desk.peer.connection.take(), "");
  EXPECT_EQ(desk.front.stats().responses_in, 1U);
  EXPECT_FALSE(desk.peer.connection.is_closed);
}

TEST(RemotingSession, takes_no_more_requests_than_answers_can_leave) {
  BrokerDesk desk;
  desk.peer.connection.is_congested = true;
  desk.peer.feed(bytes_of(max_offset, 1) + bytes_of(max_offset, 2));
  EXPECT_EQ(desk.peer.connection.take(), "");
  desk.peer.connection.is_congested = false;
  desk.peer.feed({});
  EXPECT_EQ(desk.peer.take().size(), 2U);
}

TEST(RemotingSession, is_asked_about_transactions_while_its_connection_has_room) {
  BrokerDesk desk;
  desk.ask({.code = request_code::heart_beat,
            .body = R"({"clientID":"payer","producerDataSet":[{"groupName":"payers"}],)"
                    R"("consumerDataSet":[]})"});
  desk.rig.send("orders", "m", 0,
                broker::testing::property("TRAN_MSG", "true") +
                    broker::testing::property("PGROUP", "payers"));
  desk.peer.connection.is_congested = true;
  desk.rig.pass_ms(31'000);
  EXPECT_EQ(desk.peer.connection.take(), "");
  desk.peer.connection.is_congested = false;
  desk.rig.pass_ms(31'000);
  const auto asked = desk.peer.take();
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].code, request_code::check_transaction_state);
}

TEST(RemotingSession, sends_clients_away_when_the_server_stops) {
  BrokerDesk desk;
  desk.front.drain();
  const auto code_for = [&](int version) {
    desk.peer.feed(frame_of(R"({"code":30,"opaque":8,"version":)" + std::to_string(version) +
                            R"(,"extFields":{"topic":"orders","queueId":"0"}})"));
    return desk.peer.take().at(0).code;
  };
  EXPECT_EQ(code_for(475), response_code::service_not_available) << "too old for GO_AWAY";
  EXPECT_EQ(code_for(476), 1500);
}

TEST(RemotingSession, drops_answers_to_who_has_gone) {
  BrokerDesk desk;
  auto gone = std::make_unique<Peer>(desk.front);
  gone->send({.code = request_code::send_message_v2,
              .fields = {{"b", "orders"}, {"e", "0"}, {"f", "0"}},
              .body = "m"});
  gone->close();
  EXPECT_EQ(desk.front.sessions(), 1U);
  gone.reset();
  desk.rig.core->end_of_turn();
  EXPECT_EQ(desk.peer.connection.take(), "");
  EXPECT_EQ(desk.rig.visible_end("orders"), 1);
}

TEST(RemotingSession, takes_its_client_along_when_it_closes) {
  BrokerDesk desk;
  Peer other(desk.front);
  const Request heartbeat{.code = request_code::heart_beat,
                          .body = R"({"clientID":"c","producerDataSet":[{"groupName":"p"}]})"};
  other.ask(heartbeat);
  EXPECT_EQ(desk.rig.core->core_stats().clients, 1U);
  other.close();
  EXPECT_EQ(desk.rig.core->core_stats().clients, 0U);
}

TEST(RemotingSession, takes_nothing_in_once_the_broker_stops) {
  BrokerDesk desk;
  desk.front.drain();
  const testing::FieldList fields = {{"topic", "orders"}, {"queueId", "0"}, {"sysFlag", "0"}};
  const Request send{.code = request_code::send_message, .fields = fields, .body = "m"};
  EXPECT_EQ(desk.peer.ask(send).code, 1500) << "GO_AWAY";
  desk.peer.feed(frame_of(R"({"code":10,"opaque":5,"version":401,"extFields":)"
                          R"({"topic":"orders","queueId":"0","sysFlag":"0"}})",
                          "m"));
  EXPECT_EQ(desk.peer.answer(5).code, response_code::service_not_available);
  desk.rig.core->end_of_turn();
  EXPECT_EQ(desk.rig.visible_end("orders"), 0);
}

}  // namespace
}  // namespace bolide::remoting
