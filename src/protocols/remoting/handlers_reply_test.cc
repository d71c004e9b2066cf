// SPDX-License-Identifier: Apache-2.0
//
// Request-reply through two sessions.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "protocols/remoting/front_test_util.h"
#include "protocols/remoting/wire/request_codes.h"

#include <gtest/gtest.h>

#include <ctime>

namespace bolide::remoting {
namespace {

using testing::BrokerDesk;
using testing::Peer;
using testing::Received;

std::string property(std::string_view name, std::string_view value) {
  return std::string(name) + "\x01" + std::string(value) + "\x02";
}

class ReplyTest : public ::testing::Test {
 protected:
  ReplyTest() : asker_(desk_.front) {
    asker_.feed(
        testing::frame_of(R"({"code":34,"opaque":1,"version":475})",
                          R"({"clientID":"asker@1","producerDataSet":[{"groupName":"askers"}],)"
                          R"("consumerDataSet":[]})"));
    EXPECT_EQ(asker_.answer(1).code, response_code::success);
  }
  testing::Request reply_to(std::string_view client) {
    properties_ = property("REPLY_TO_CLIENT", client) + property("CORRELATION_ID", "c-1");
    fields_ = {{"a", "answerers"}, {"b", "DefaultCluster_REPLY_TOPIC"},
               {"e", "0"},         {"f", "0"},
               {"g", "5"},         {"h", "0"},
               {"i", properties_}};
    return {.code = request_code::send_reply_message_v2, .fields = fields_, .body = "42"};
  }

  BrokerDesk desk_;
  Peer asker_;
  std::string properties_;
  testing::FieldList fields_;
};

TEST_F(ReplyTest, goes_to_the_client_that_asked_and_its_answer_back) {
  const std::int32_t opaque = desk_.peer.send(reply_to("asker@1"));
  const Received pushed = asker_.take().at(0);
  EXPECT_EQ(pushed.code, request_code::push_reply_message_to_client);
  EXPECT_EQ(pushed.body, "42");
  EXPECT_EQ(pushed.fields.at("topic"), "DefaultCluster_REPLY_TOPIC");
  EXPECT_EQ(pushed.fields.at("producerGroup"), "answerers");
  EXPECT_NE(pushed.fields.at("properties").find(property("CORRELATION_ID", "c-1")),
            std::string::npos);
  EXPECT_NE(pushed.fields.at("properties").find("PUSH_REPLY_TIME"), std::string::npos);
  EXPECT_TRUE(desk_.peer.take().empty()) << "not before the asker has it";
  asker_.feed(testing::frame_of(R"({"code":0,"flag":1,"opaque":)" + std::to_string(pushed.opaque) +
                                R"(,"version":475})"));
  const Received answer = desk_.peer.answer(opaque);
  EXPECT_EQ(answer.code, response_code::success);
  EXPECT_EQ(answer.fields.at("msgId"), "0");
}

TEST_F(ReplyTest, is_refused_with_more_properties_than_a_message_may_have) {
  testing::Request request = reply_to("asker@1");
  for (int i = 0; i < 200'000; ++i) properties_ += property(std::to_string(i), "1");
  fields_.back() = {"i", properties_};
  request.fields = fields_;
  const std::clock_t begin = std::clock();
  EXPECT_EQ(desk_.peer.ask(request).code, 13);
  EXPECT_LT(std::clock() - begin, 2 * CLOCKS_PER_SEC);
  EXPECT_TRUE(asker_.take().empty());
}

TEST_F(ReplyTest, is_an_error_when_nobody_takes_it) {
  EXPECT_EQ(desk_.peer.ask(reply_to("gone@1")).code, response_code::system_error);
  testing::Request nobody = reply_to("x");
  nobody.fields = {{"b", "t"}, {"e", "0"}};
  EXPECT_EQ(desk_.peer.ask(nobody).code, response_code::system_error);
  const std::int32_t opaque = desk_.peer.send(reply_to("asker@1"));
  EXPECT_TRUE(desk_.peer.take().empty());
  desk_.rig.clock.advance_ms(10'001);
  desk_.front.tick(desk_.rig.clock.now());
  EXPECT_EQ(desk_.peer.answer(opaque).code, response_code::system_error);
}

TEST_F(ReplyTest, is_an_error_soon_when_the_client_that_asked_goes) {
  const std::int32_t opaque = desk_.peer.send(reply_to("asker@1"));
  asker_.close();
  EXPECT_TRUE(desk_.peer.take().empty());
  desk_.front.tick(desk_.rig.clock.now());
  EXPECT_EQ(desk_.peer.answer(opaque).code, response_code::system_error);
}

}  // namespace
}  // namespace bolide::remoting
