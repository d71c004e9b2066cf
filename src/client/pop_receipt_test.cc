// SPDX-License-Identifier: Apache-2.0
//
// Tests of receipts and of lists of acknowledgements.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "client/pop_receipt.h"

#include <gtest/gtest.h>

namespace bolide::client {
namespace {

ReceivedMessage message(const std::string& topic, std::int32_t queue, std::int64_t offset) {
  ReceivedMessage made;
  made.topic = topic;
  made.queue = queue;
  made.offset = offset;
  return made;
}

PopAnswer answer(const std::string& starts, const std::string& counts = "") {
  return {.group = "g",
          .broker = "b",
          .popped_ms = 1000,
          .invisible_ms = 60,
          .revive_queue = 3,
          .start_offsets = PopTable::parse(starts).value(),
          .order_counts = PopTable::parse(counts).value()};
}

TEST(PopReceipt, is_made_of_what_the_answer_says_of_the_queue) {
  const auto out = popped(message("t", 2, 17), answer("0 1 5;0 2 15;1 2 7"));
  EXPECT_EQ(out.receipt, "15 1000 60 3 0 b 2 17");
  EXPECT_EQ(out.invisible_until_ms, 1060);
  EXPECT_EQ(out.attempt(), 1);
  EXPECT_EQ(out.broker, "b");
}

TEST(PopReceipt, names_the_retry_topic_in_which_the_message_lies) {
  EXPECT_EQ(popped(message("%RETRY%g_t", 0, 8), answer("0 0 5;1 0 7;2 0 6")).receipt,
            "7 1000 60 3 1 b 0 8");
  EXPECT_EQ(popped(message("%RETRY%g+t", 0, 8), answer("0 0 5;1 0 7;2 0 6")).receipt,
            "6 1000 60 3 2 b 0 8");
  EXPECT_EQ(popped_topic("g", "t", PopMark::retry_v1), "%RETRY%g_t");
  EXPECT_EQ(popped_topic("g", "t", PopMark::retry_v2), "%RETRY%g+t");
  EXPECT_EQ(popped_topic("g", "t", PopMark::own), "t");
}

TEST(PopReceipt, of_a_message_that_brings_its_own_is_that) {
  ReceivedMessage retried = message("t", 0, 8);
  retried.properties.emplace_back("POP_CK", "4 900 30 5 1 b 0 4");
  EXPECT_EQ(popped(std::move(retried), answer("0 0 5")).receipt, "4 900 30 5 1 b 0 4");
}

TEST(PopReceipt, counts_deliveries_in_order) {
  EXPECT_EQ(popped(message("t", 2, 17), answer("0 2 17", "0 2 0;0 qo2%17 3")).attempt(), 4);
  EXPECT_EQ(popped(message("t", 2, 17), answer("0 2 17", "0 2 1;0 qo2%16 3")).attempt(), 2);
}

TEST(PopReceipt, that_is_none_is_an_error) {
  for (const char* text : {"", "1 2 3 4 0 b 1", "1 2 3 4 7 b 1 2", "1 2 3 4 0  1 2",
                           "1 2 x 4 0 b 1 2", "1 2 3 4 0 b 1 -2"}) {
    const auto receipt = PopReceipt::parse(text);
    ASSERT_FALSE(receipt) << text;
    EXPECT_EQ(receipt.error().code, Errc::malformed);
  }
  EXPECT_FALSE(PopTable::parse("0 1"));
  EXPECT_FALSE(PopTable::parse("0 1 2;"));
}

TEST(BatchAck, puts_messages_of_one_pop_into_one_set_of_bits) {
  const auto acked = [](const std::string& text) {
    return Acked{.topic = "t", .receipt = PopReceipt::parse(text).value()};
  };
  const std::vector<Acked> all = {
      acked("10 1000 60 3 0 b 2 10"), acked("10 1000 60 3 0 b 2 12"),
      acked("10 1000 60 3 0 b 2 19"), acked("4 900 30 5 1 b 0 4"),
      acked("10 1000 60 3 0 b 2 9"),  acked("10 1000 60 3 0 b 2 1000010")};
  std::vector<std::size_t> left_out;
  EXPECT_EQ(
      batch_ack_body("b", "g", all, &left_out),
      R"({"acks":[{"b":"BQI=","c":"g","it":60,"pt":1000,"q":2,"r":"0","rq":3,"so":10,"t":"t"},)"
      R"({"b":"AQ==","c":"g","it":30,"pt":900,"q":0,"r":"1","rq":5,"so":4,"t":"t"}],)"
      R"("brokerName":"b"})");
  EXPECT_EQ(left_out, (std::vector<std::size_t>{4, 5}));
}

}  // namespace
}  // namespace bolide::client
