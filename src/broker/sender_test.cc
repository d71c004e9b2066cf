// SPDX-License-Identifier: Apache-2.0
//
// Sending: what is accepted, what is refused and how (rocketmq semantics 3.1; the answers
// of 9.4, 9.5).
#include "broker/sender.h"

#include "broker/core_test_util.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <set>

namespace bolide::broker {
namespace {

using testing::batch_element;
using testing::CoreRig;
using testing::property;

class SenderTest : public ::testing::Test {
 protected:
  Errc refused(std::string_view topic, std::string_view body, std::int32_t queue_id = 0) {
    return rig_.refused(rig_.request(topic, body, queue_id));
  }
  Errc refused_batch(std::string_view body) {
    SendRequest request = rig_.request("orders", body);
    request.batch = true;
    return rig_.refused(request);
  }

  CoreRig rig_;
};

TEST_F(SenderTest, gives_dense_offsets_per_queue) {
  for (int i = 0; i < 10; ++i) {
    for (std::int32_t queue = 0; queue < 4; ++queue) {
      const auto sent = rig_.send("orders", "body", queue);
      ASSERT_FALSE(sent.error);
      EXPECT_EQ(sent.queue_id, queue);
      EXPECT_EQ(sent.queue_offset, i);
      EXPECT_EQ(sent.positions.size(), 1U);
    }
  }
  EXPECT_EQ(rig_.visible_end("orders", 3), 10);
}

TEST_F(SenderTest, goes_on_where_it_was_after_a_kill) {
  rig_.put_topic("orders", 4);
  for (int i = 0; i < 5; ++i) rig_.send("orders", "body");
  rig_.pass_ms(100);
  rig_.kill_and_reopen();
  EXPECT_EQ(rig_.visible_end("orders"), 5);
  EXPECT_EQ(rig_.send("orders", "body").queue_offset, 5);
}

TEST_F(SenderTest, stores_the_message_as_it_came) {
  SendRequest request = rig_.request("orders", "the body");
  const std::string properties =
      property("TAGS", "a") + property("UNIQ_KEY", "7F00") + property("colour", "red");
  request.properties = properties;
  request.flag = -7;
  request.born_ms = 12345;
  request.reconsume_times = 3;
  request.born_host = {.bytes = {10, 0, 0, 9}, .port = 999};
  EXPECT_EQ(rig_.send(request).unique_key, "7F00");
  const PullResult pulled = rig_.pull("orders", 0);
  const store::Record record = CoreRig::record(pulled);
  EXPECT_EQ(record.body, "the body");
  EXPECT_EQ(record.topic, "orders");
  EXPECT_EQ(record.flag, -7);
  EXPECT_EQ(record.born_ms, 12345);
  EXPECT_EQ(record.born_host.text(), "10.0.0.9:999");
  EXPECT_EQ(record.reconsume_times, 3);
  EXPECT_TRUE(record.properties.starts_with(properties));
  EXPECT_EQ(store::find_property(record.properties, "MSG_REGION"), "DefaultRegion");
  EXPECT_EQ(store::find_property(record.properties, "TRACE_ON"), "true");
  EXPECT_EQ(store::find_property(record.properties, "CLUSTER"), "DefaultCluster");
}

TEST_F(SenderTest, makes_a_unique_key_where_there_is_none) {
  std::set<std::string> keys;
  for (int i = 0; i < 100; ++i) {
    const auto sent = rig_.send("orders", "body", 0, i % 2 == 0 ? "" : "colour\x01red");
    EXPECT_EQ(sent.unique_key.size(), 32U);
    keys.insert(sent.unique_key);
  }
  EXPECT_EQ(keys.size(), 100U);
  const PullResult pulled = rig_.pull("orders", 1);
  const store::Record record = CoreRig::record(pulled);
  EXPECT_EQ(store::find_property(record.properties, "colour"), "red");
  EXPECT_TRUE(keys.contains(std::string(store::find_property(record.properties, "UNIQ_KEY"))));
}

TEST_F(SenderTest, answers_with_a_unique_key_of_any_length) {
  for (std::size_t size : {1U, 63U, 64U, 65U, 1000U}) {
    const std::string key(size, 'k');
    EXPECT_EQ(rig_.send("orders", "body", 0, property("UNIQ_KEY", key)).unique_key, key);
  }
}

TEST_F(SenderTest, chooses_the_queue_for_any_negative_number) {
  std::set<std::int32_t> chosen;
  for (int i = 0; i < 200; ++i)
    chosen.insert(rig_.send("orders", "body", i % 2 == 0 ? -1 : -9).queue_id);
  EXPECT_EQ(chosen, (std::set<std::int32_t>{0, 1, 2, 3}));
}

TEST_F(SenderTest, refuses_a_queue_that_the_topic_lacks) {
  rig_.put_topic("orders", 4);
  EXPECT_EQ(refused("orders", "body", 4), Errc::queue_out_of_range);
  EXPECT_EQ(refused("orders", "body", INT32_MAX), Errc::queue_out_of_range);
  EXPECT_EQ(rig_.visible_end("orders", 3), 0);
}

TEST_F(SenderTest, refuses_topics_that_are_blank_or_badly_named) {
  const std::string too_long(128, 't');
  for (std::string_view topic : {std::string_view(""), std::string_view(" "),
                                 std::string_view("a/b"), std::string_view(too_long)}) {
    const Errc code = refused(topic, "body");
    EXPECT_EQ(error_row(code).rocketmq, 29) << topic;
  }
}

TEST_F(SenderTest, refuses_topics_that_the_system_writes_and_takes_the_default_one) {
  for (std::string_view topic : {"SCHEDULE_TOPIC_XXXX", "RMQ_SYS_TRANS_HALF_TOPIC",
                                 "SELF_TEST_TOPIC", "OFFSET_MOVED_EVENT"}) {
    EXPECT_EQ(refused(topic, "body"), Errc::no_permission) << topic;
  }
  EXPECT_FALSE(rig_.send("TBW102", "body").error);
}

TEST_F(SenderTest, refuses_a_topic_that_may_not_be_made) {
  SendRequest request = rig_.request("orders", "body");
  request.default_topic = "unknown";
  EXPECT_EQ(rig_.refused(request), Errc::topic_not_found);
  EXPECT_EQ(rig_.core->topics().find("orders"), nullptr);
}

TEST_F(SenderTest, takes_bodies_up_to_the_limit) {
  EXPECT_EQ(refused("orders", ""), Errc::malformed);
  const std::string body((4 << 20) + 1, 'x');
  EXPECT_FALSE(rig_.send("orders", std::string_view(body).substr(1)).error);
  EXPECT_EQ(refused("orders", body), Errc::message_too_large);
  EXPECT_EQ(error_row(Errc::message_too_large).rocketmq, 13);
  EXPECT_EQ(rig_.visible_end("orders"), 1);
}

TEST_F(SenderTest, refuses_properties_that_do_not_fit_the_record) {
  rig_.put_topic("orders", 1);
  SendRequest request = rig_.request("orders", "body");
  const std::string properties = property("x", std::string(32'767, 'p'));
  request.properties = properties;
  EXPECT_EQ(rig_.refused(request), Errc::message_invalid);
  EXPECT_EQ(rig_.visible_end("orders"), 0);
}

TEST_F(SenderTest, refuses_too_many_properties_before_it_takes_them_apart) {
  std::string properties = property("DELAY", "1");
  for (int i = 0; i < 200'000; ++i) properties += property(std::to_string(i), "1");
  SendRequest request = rig_.request("orders", "body");
  request.properties = properties;
  const std::clock_t begin = std::clock();
  EXPECT_EQ(rig_.refused(request), Errc::message_invalid);
  EXPECT_LT(std::clock() - begin, 2 * CLOCKS_PER_SEC);
}

TEST_F(SenderTest, keeps_the_number_of_attempts_within_what_can_be_counted) {
  for (const std::int32_t times : {INT32_MAX, INT32_MIN}) {
    SendRequest request = rig_.request("orders", "body");
    request.reconsume_times = times;
    EXPECT_FALSE(rig_.send(request).error);
  }
  const PullResult pulled = rig_.pull("orders", 0);
  const store::Record most = CoreRig::record(pulled);
  EXPECT_GT(most.reconsume_times, 1'000'000);
  EXPECT_LT(most.reconsume_times, INT32_MAX / 2);
  const PullResult next = rig_.pull("orders", 1);
  EXPECT_EQ(CoreRig::record(next).reconsume_times, 0);
}

TEST_F(SenderTest, refuses_what_this_broker_cannot_do_instead_of_storing_it) {
  for (const std::string& special :
       {property("DELAY", "3"), property("INNER_MULTI_DISPATCH", "%LMQ%a"),
        property("__LITE_TOPIC", "a")}) {
    EXPECT_EQ(refused_batch(batch_element("a") + batch_element("b", special)), Errc::not_supported);
  }
  EXPECT_EQ(rig_.visible_end("orders"), 0);
}

// rocketmq 9.5: these bits hide acknowledged messages or tear the log.
TEST_F(SenderTest, masks_the_flags_that_a_client_may_not_set) {
  for (std::int32_t bits : {16, 32, 48, 4, 8, 12, 64, 128, 0x70FF, -1}) {
    SendRequest request = rig_.request("orders", "body " + std::to_string(bits));
    const std::string body = "body " + std::to_string(bits);
    request.body = body;
    request.sys_flag = bits;
    const auto sent = rig_.send(request);
    ASSERT_FALSE(sent.error);
    const PullResult pulled = rig_.pull("orders", sent.queue_offset);
    const store::Record record = CoreRig::record(pulled);
    EXPECT_EQ(record.body, body);
    EXPECT_EQ(record.sys_flag, bits & (store::sys_flag::compressed | store::sys_flag::multi_tags |
                                       store::sys_flag::compression_mask));
  }
  rig_.send("orders", "behind them");
  rig_.kill_and_reopen();
  EXPECT_EQ(rig_.store->next_offset(*rig_.store->find_queue("orders", 0)), 11);
}

TEST_F(SenderTest, sets_the_host_flags_from_the_hosts) {
  SendRequest request = rig_.request("orders", "body");
  request.born_host = {.bytes = {0xFE, 0x80}, .size = 16, .port = 5};
  rig_.send(request);
  const PullResult pulled = rig_.pull("orders", 0);
  EXPECT_EQ(CoreRig::record(pulled).sys_flag, store::sys_flag::born_host_v6);
  EXPECT_EQ(CoreRig::record(pulled).born_host.port, 5);
}

TEST_F(SenderTest, stores_a_batch_as_messages_of_their_own) {
  const std::string body = batch_element("a", property("UNIQ_KEY", "k1")) + batch_element("bb") +
                           batch_element("ccc", property("TAGS", "t"));
  rig_.send("orders", "before");
  SendRequest request = rig_.request("orders", body);
  request.batch = true;
  const auto sent = rig_.send(request);
  ASSERT_FALSE(sent.error);
  EXPECT_EQ(sent.queue_offset, 1);
  EXPECT_EQ(sent.positions.size(), 3U);
  EXPECT_TRUE(std::ranges::is_sorted(sent.positions));
  const PullResult pulled = rig_.pull("orders", 1);
  EXPECT_EQ(CoreRig::bodies(pulled), (std::vector<std::string>{"a", "bb", "ccc"}));
  const store::Record first = CoreRig::record(pulled);
  EXPECT_EQ(store::find_property(first.properties, "UNIQ_KEY"), "k1");
  EXPECT_EQ(store::find_property(first.properties, "CLUSTER"), "")
      << "batches get no extra properties";
}

TEST_F(SenderTest, takes_a_batch_of_more_messages_than_16_bits_count) {
  rig_.put_topic("orders", 1);
  std::string body;
  for (int i = 0; i < 70'000; ++i) body += batch_element("x");
  SendRequest request = rig_.request("orders", body);
  request.batch = true;
  const auto sent = rig_.send(request);
  ASSERT_FALSE(sent.error);
  EXPECT_EQ(sent.positions.size(), 70'000U);
  EXPECT_EQ(sent.queue_offset, 0);
  EXPECT_EQ(rig_.visible_end("orders"), 70'000);
}

TEST(Sender, stores_all_of_a_batch_larger_than_a_segment_of_the_log) {
  CoreRig rig({.segment_bytes = 64U << 10U});
  rig.put_topic("orders", 1);
  std::string body;
  for (int i = 0; i < 50; ++i)
    body += batch_element(std::string(4'000, static_cast<char>('0' + i)));
  SendRequest request = rig.request("orders", body);
  request.batch = true;
  const auto sent = rig.send(request);
  ASSERT_FALSE(sent.error) << sent.error->message();
  EXPECT_EQ(sent.queue_offset, 0);
  EXPECT_EQ(rig.send("orders", "next").queue_offset, 50);
  EXPECT_EQ(rig.refused(rig.request("orders", std::string(64U << 10U, 'x'))),
            Errc::message_too_large);
  const auto check = [&] {
    std::vector<std::string> found;
    while (found.size() < 51) {
      const auto more =
          CoreRig::bodies(rig.pull("orders", static_cast<std::int64_t>(found.size())));
      ASSERT_FALSE(more.empty());
      found.insert(found.end(), more.begin(), more.end());
    }
    for (int i = 0; i < 50; ++i) {
      EXPECT_EQ(found[static_cast<std::size_t>(i)], std::string(4'000, static_cast<char>('0' + i)));
    }
    EXPECT_EQ(found.back(), "next");
  };
  check();
  rig.kill_and_reopen();
  check();
}

TEST_F(SenderTest, stores_nothing_of_a_batch_that_is_cut_wrongly) {
  const std::string good = batch_element("good");
  std::string longer = batch_element("x");
  longer[3] = static_cast<char>(longer[3] + 1);
  std::string negative = batch_element("x");
  negative[16] = '\xFF';  // of the body's length
  for (const std::string& bad :
       {good.substr(0, good.size() - 1), longer, negative, std::string("abc"), batch_element("")}) {
    EXPECT_EQ(refused_batch(good + bad), Errc::malformed);
  }
  EXPECT_EQ(rig_.visible_end("orders"), 0);
  EXPECT_EQ(refused_batch(""), Errc::malformed);
}

TEST_F(SenderTest, refuses_an_oversized_batch_with_the_general_error) {
  std::string body;
  while (body.size() <= 4U << 20U) body += batch_element(std::string(100'000, 'x'));
  EXPECT_EQ(error_row(refused_batch(body)).rocketmq, 1);
}

TEST_F(SenderTest, says_nothing_to_who_wants_no_answer) {
  SendRequest request = rig_.request("orders", "body");
  request.ticket.sink = nullptr;
  rig_.core->send(request);
  request.body = "";
  rig_.core->send(request);
  rig_.core->end_of_turn();
  EXPECT_TRUE(rig_.sink.sent.empty());
  EXPECT_EQ(rig_.visible_end("orders"), 1);
  EXPECT_EQ(rig_.core->core_stats().send.messages, 1U);
  EXPECT_EQ(rig_.core->core_stats().send.refused, 1U);
}

TEST(Sender, refuses_everything_where_the_broker_may_not_be_written) {
  CoreRig rig({.core = {.permission = perm::read}});
  EXPECT_EQ(rig.refused(rig.request("TBW102", "body")), Errc::no_permission);
}

TEST_F(SenderTest, answers_a_whole_turn_in_the_order_in_which_it_came) {
  for (int i = 0; i < 100; ++i) rig_.core->send(rig_.request("orders", "body", i % 4));
  EXPECT_TRUE(rig_.sink.sent.empty()) << "before the turn is written";
  rig_.core->end_of_turn();
  ASSERT_EQ(rig_.sink.sent.size(), 100U);
  for (std::size_t i = 0; i < 100; ++i) {
    EXPECT_EQ(rig_.sink.sent[i].ticket.token, static_cast<std::int32_t>(i + 1));
    EXPECT_EQ(rig_.sink.sent[i].queue_offset, static_cast<std::int64_t>(i / 4));
  }
}

}  // namespace
}  // namespace bolide::broker
