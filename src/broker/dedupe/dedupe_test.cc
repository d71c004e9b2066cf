// SPDX-License-Identifier: Apache-2.0
//
// Tests of sends that are repeated, by the sequence numbers of their producers and by their keys.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "broker/dedupe/dedupe.h"

#include "base/producer_identity.h"
#include "broker/core_test_util.h"

#include <gtest/gtest.h>

namespace bolide::broker {
namespace {

using testing::Answer;
using testing::batch_element;
using testing::CoreRig;
using testing::property;
using testing::RecordingSink;
using testing::RigOptions;

std::string by(std::string_view producer, std::int64_t sequence, std::string_view topic = "orders",
               std::int32_t queue_id = 0) {
  const ProducerSequence number{.sequence = sequence,
                                .queue_check = ProducerSequence::check_of(topic, queue_id)};
  return property(producer_id_property, producer) +
         property(producer_sequence_property, number.text());
}

std::vector<std::string> all_bodies(CoreRig& rig, std::string_view topic = "orders") {
  return rig.visible_end(topic) == 0 ? std::vector<std::string>{}
                                     : CoreRig::bodies(rig.pull(topic, 0));
}

void put_window(CoreRig& rig, std::string_view topic, std::int64_t window_ms) {
  rig.put_topic(topic, 2, "+bolide.dedupe.window.ms=" + std::to_string(window_ms));
}

TEST(Dedupe, stores_a_repeated_send_once_and_answers_as_the_first_time) {
  CoreRig rig;
  const auto first = rig.send("orders", "one", 0, by("p", 0));
  rig.send("orders", "two", 0, by("p", 1));
  const auto again = rig.send("orders", "one", 0, by("p", 0));
  ASSERT_FALSE(again.error);
  EXPECT_EQ(again.queue_offset, first.queue_offset);
  EXPECT_EQ(again.positions, first.positions);
  EXPECT_EQ(again.queue_id, first.queue_id);
  EXPECT_EQ(all_bodies(rig), (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(rig.core->core_stats().dedupe.repeats, 1U);
}

TEST(Dedupe, tells_producers_and_queues_apart) {
  CoreRig rig;
  rig.put_topic("orders", 2);
  rig.send("orders", "p0", 0, by("p", 0));
  rig.send("orders", "q0", 0, by("q", 0));
  rig.send("orders", "p0 elsewhere", 1, by("p", 0, "orders", 1));
  EXPECT_EQ(rig.visible_end("orders", 0), 2);
  EXPECT_EQ(rig.visible_end("orders", 1), 1);
}

TEST(Dedupe, allows_gaps_and_other_orders) {
  CoreRig rig;
  for (const std::int64_t sequence : {10, 3, 7, 3, 10})
    EXPECT_FALSE(rig.send("orders", std::to_string(sequence), 0, by("p", sequence)).error);
  EXPECT_EQ(all_bodies(rig), (std::vector<std::string>{"10", "3", "7"}));
}

TEST(Dedupe, refuses_what_is_too_old_to_tell) {
  RigOptions options;
  options.core.dedupe.window = 4;
  CoreRig rig(options);
  for (std::int64_t i = 0; i < 8; ++i) rig.send("orders", "m", 0, by("p", i));
  auto request = rig.request("orders", "m");
  const std::string properties = by("p", 3);
  request.properties = properties;
  EXPECT_EQ(rig.refused(request), Errc::message_invalid);
  EXPECT_FALSE(rig.send("orders", "m", 0, by("p", 4)).error);
  EXPECT_EQ(rig.visible_end("orders"), 8);
  EXPECT_EQ(rig.core->core_stats().dedupe.too_old, 1U);
}

TEST(Dedupe, refuses_names_that_are_none) {
  CoreRig rig;
  for (const std::string& properties :
       {property(producer_id_property, "p"), property(producer_sequence_property, "1@00000000"),
        property(producer_id_property, "p") + property(producer_sequence_property, "one"),
        property(producer_id_property, std::string(129, 'p')) +
            property(producer_sequence_property, "1@00000000")}) {
    auto request = rig.request("orders", "m");
    request.properties = properties;
    EXPECT_EQ(rig.refused(request), Errc::message_invalid) << properties;
  }
}

// A consumer that sends on what it got, properties and all, is not the producer.
TEST(Dedupe, does_not_take_a_copy_in_another_queue_for_the_producers) {
  CoreRig rig;
  rig.send("orders", "m", 0, by("p", 0));
  rig.send("copies", "m", 0, by("p", 0));
  rig.send("copies", "m", 0, by("p", 0));
  EXPECT_EQ(rig.visible_end("copies"), 2);
}

// The priority chooses the queue; the producer has numbered the message for the one it knows.
TEST(Dedupe, stores_a_message_with_a_priority_once) {
  CoreRig rig;
  rig.put_topic("orders", 4);
  const std::string properties = by("p", 0, "orders", 1) + property(priority_property, "3");
  const auto first = rig.send("orders", "m", 1, properties);
  EXPECT_EQ(first.queue_id, 3);
  for (int i = 0; i < 3; ++i) {
    if (i == 1) rig.kill_and_reopen();
    if (i == 2) rig.put_topic("orders", 2);
    const auto again = rig.send("orders", "m", 1, properties);
    EXPECT_EQ(again.positions, first.positions) << i;
    EXPECT_EQ(again.queue_id, 3) << i;
    EXPECT_EQ(again.queue_offset, 0) << i;
  }
  rig.put_topic("orders", 4);
  EXPECT_EQ(rig.visible_end("orders", 3), 1);
  EXPECT_EQ(rig.visible_end("orders", 1), 0);
  // Another queue's numbers are its own.
  rig.send("orders", "n", 1, by("p", 1, "orders", 1));
  rig.send("orders", "o", 3, by("p", 0, "orders", 3));
  EXPECT_EQ(rig.visible_end("orders", 1), 1);
  EXPECT_EQ(rig.visible_end("orders", 3), 2);
}

// A place in a batch is written by the broker; from a client it may be any.
TEST(Dedupe, starts_again_whatever_place_in_a_batch_a_client_has_claimed) {
  for (const std::int32_t place : {INT32_MAX, 1'000'000'000}) {
    CoreRig rig;
    const ProducerSequence number{
        .sequence = 0, .queue_check = ProducerSequence::check_of("orders", 0), .place = place};
    const std::string properties =
        property(producer_id_property, "p") + property(producer_sequence_property, number.text());
    rig.send("orders", "m", 0, properties);
    for (int i = 0; i < 2; ++i) {
      rig.kill_and_reopen();
      rig.pass_ms(100);
    }
    const std::string body = batch_element("a") + batch_element("b");
    SendRequest batch = rig.request("orders", body);
    batch.batch = true;
    const std::string same = by("p", 0);
    batch.properties = same;
    EXPECT_FALSE(rig.send(batch).error) << place;
  }
}

TEST(Dedupe, answers_a_repeat_when_the_first_is_safe) {
  CoreRig rig({.level = store::ReplyLevel::sync, .inline_sync = false});
  auto request = rig.request("orders", "m");
  const std::string properties = by("p", 0);
  request.properties = properties;
  rig.core->send(request);
  rig.core->send(request);
  rig.core->end_of_turn();
  EXPECT_TRUE(rig.sink.sent.empty());
  rig.sync.run();
  rig.core->end_of_turn();
  ASSERT_EQ(rig.sink.sent.size(), 2U);
  EXPECT_EQ(rig.sink.sent[0].positions, rig.sink.sent[1].positions);
  EXPECT_EQ(rig.visible_end("orders"), 1);
}

TEST(Dedupe, knows_after_a_kill_what_was_stored_before) {
  CoreRig rig;
  const auto first = rig.send("orders", "one", 0, by("p", 0));
  rig.kill_and_reopen();
  const auto again = rig.send("orders", "one", 0, by("p", 0));
  EXPECT_EQ(again.positions, first.positions);
  EXPECT_EQ(again.queue_offset, first.queue_offset);
  rig.kill_and_reopen();
  rig.kill_and_reopen();
  rig.send("orders", "one", 0, by("p", 0));
  rig.send("orders", "two", 0, by("p", 1));
  EXPECT_EQ(all_bodies(rig), (std::vector<std::string>{"one", "two"}));
}

TEST(Dedupe, knows_after_a_stop_what_was_stored_before) {
  CoreRig rig;
  const auto first = rig.send("orders", "one", 0, by("p", 0));
  rig.restart();
  EXPECT_EQ(rig.send("orders", "one", 0, by("p", 0)).positions, first.positions);
  rig.restart();
  rig.kill_and_reopen();
  EXPECT_EQ(rig.send("orders", "one", 0, by("p", 0)).positions, first.positions);
}

TEST(Dedupe, saves_on_the_way_and_reads_the_rest_of_the_log) {
  RigOptions options;
  options.core.dedupe.uncovered_bytes_max = 4096;
  CoreRig rig(options);
  std::vector<std::vector<std::int64_t>> stored;
  for (std::int64_t i = 0; i < 200; ++i) {
    stored.push_back(rig.send("orders", std::string(300, 'x'), 0, by("p", i)).positions);
    if (i % 7 == 0) rig.pass_ms(300);
    if (i % 40 == 39) rig.kill_and_reopen();
  }
  rig.kill_and_reopen();
  for (std::int64_t i = 0; i < 200; ++i)
    EXPECT_EQ(rig.send("orders", std::string(300, 'x'), 0, by("p", i)).positions,
              stored[static_cast<std::size_t>(i)]);
  EXPECT_EQ(rig.visible_end("orders"), 200);
}

TEST(Dedupe, forgets_with_a_loss_of_power_what_the_log_forgets) {
  RigOptions options;
  options.core.dedupe.uncovered_bytes_max = 1;
  CoreRig rig(options);
  rig.send("orders", "safe", 0, by("p", 0));
  rig.pass_ms(300);
  rig.pass_ms(300);
  rig.send("orders", "lost", 0, by("p", 1));
  rig.core->tick();
  rig.power_loss_and_reopen();
  const auto end = rig.visible_end("orders");
  EXPECT_FALSE(rig.send("orders", "lost", 0, by("p", 1)).error);
  EXPECT_EQ(rig.visible_end("orders"), 2);
  EXPECT_LE(end, 2);
  rig.send("orders", "safe", 0, by("p", 0));
  EXPECT_EQ(rig.visible_end("orders"), 2);
}

TEST(Dedupe, forgets_a_producer_that_has_gone) {
  RigOptions options;
  options.core.dedupe.producer_expiry_ms = 60'000;
  CoreRig rig(options);
  rig.send("orders", "m", 0, by("p", 0));
  EXPECT_EQ(rig.core->core_stats().dedupe.producers, 1U);
  rig.pass_ms(61'000);
  EXPECT_EQ(rig.core->core_stats().dedupe.producers, 0U);
  rig.send("orders", "m", 0, by("p", 0));
  EXPECT_EQ(rig.visible_end("orders"), 2);
}

TEST(Dedupe, refuses_a_producer_too_many_but_takes_the_place_of_an_idle_one) {
  RigOptions options;
  options.core.dedupe.producers_max = 2;
  CoreRig rig(options);
  rig.send("orders", "m", 0, by("p", 0));
  rig.send("orders", "m", 0, by("q", 0));
  auto request = rig.request("orders", "m");
  const std::string properties = by("r", 0);
  request.properties = properties;
  EXPECT_EQ(rig.refused(request), Errc::busy);
  rig.pass_ms(700'000);
  EXPECT_FALSE(rig.send("orders", "m", 0, by("q", 1)).error);
  EXPECT_FALSE(rig.send(request).error);
  EXPECT_EQ(rig.core->core_stats().dedupe.producers, 2U);
}

TEST(Dedupe, stores_a_batch_once) {
  CoreRig rig;
  const std::string body = batch_element("a") + batch_element("b") + batch_element("c");
  const std::string properties = by("p", 0);
  auto request = rig.request("orders", body);
  request.batch = true;
  request.properties = properties;
  const auto first = rig.send(request);
  ASSERT_FALSE(first.error);
  ASSERT_EQ(first.positions.size(), 3U);
  rig.send("orders", "between", 0);
  const auto again = rig.send(request);
  EXPECT_EQ(again.positions, first.positions);
  EXPECT_EQ(again.queue_offset, first.queue_offset);
  rig.kill_and_reopen();
  const auto after = rig.send(request);
  EXPECT_EQ(after.positions, first.positions);
  EXPECT_EQ(all_bodies(rig), (std::vector<std::string>{"a", "b", "c", "between"}));
}

// The disk was full, or a crash has cut it.
TEST(Dedupe, stores_the_rest_of_a_batch_of_which_a_part_is_stored) {
  CoreRig rig;
  const ProducerSequence number{.sequence = 5,
                                .queue_check = ProducerSequence::check_of("orders", 0)};
  const std::string properties =
      property(producer_id_property, "p") + property(producer_sequence_property, number.text());
  const std::string part = batch_element("a") + batch_element("b");
  auto request = rig.request("orders", part);
  request.batch = true;
  request.properties = properties;
  const auto first = rig.send(request);
  rig.send("orders", "between", 0);
  const std::string whole = part + batch_element("c") + batch_element("d");
  request.body = whole;
  const auto rest = rig.send(request);
  ASSERT_FALSE(rest.error);
  ASSERT_EQ(rest.positions.size(), 4U);
  EXPECT_EQ(rest.positions[0], first.positions[0]);
  EXPECT_EQ(rest.positions[1], first.positions[1]);
  EXPECT_EQ(rest.queue_offset, 0);
  rig.kill_and_reopen();
  EXPECT_EQ(rig.send(request).positions, rest.positions);
  EXPECT_EQ(all_bodies(rig), (std::vector<std::string>{"a", "b", "between", "c", "d"}));
}

TEST(Dedupe, tells_a_delayed_message_apart_when_it_is_taken_in) {
  CoreRig rig;
  rig.put_topic("orders", 1);
  const std::string properties =
      property("TIMER_DELAY_MS", "5000") + property("UNIQ_KEY", "K1") + by("p", 0);
  const auto first = rig.send("orders", "later", 0, properties);
  ASSERT_FALSE(first.error);
  EXPECT_FALSE(first.recall_handle.empty());
  rig.pass_ms(1000);
  const auto again = rig.send("orders", "later", 0, properties);
  EXPECT_EQ(again.positions, first.positions);
  EXPECT_EQ(again.recall_handle, first.recall_handle);
  rig.kill_and_reopen();
  EXPECT_EQ(rig.send("orders", "later", 0, properties).positions, first.positions);
  rig.pass_ms(6000);
  rig.pass_ms(100);
  EXPECT_EQ(rig.visible_end("orders"), 1);
  for (int i = 0; i < 4; ++i) rig.pass_ms(300);  // its delivery is on the disk
  // Its copy is not taken for another send.
  rig.kill_and_reopen();
  EXPECT_EQ(rig.send("orders", "later", 0, properties).positions, first.positions);
  EXPECT_EQ(rig.visible_end("orders"), 1);
}

TEST(Dedupe, forgets_a_topic_with_its_messages) {
  CoreRig rig;
  rig.put_topic("orders", 1);
  rig.send("orders", "m", 0, by("p", 0));
  rig.pass_ms(300);
  Answer<void> answer;
  rig.core->delete_topic(rig.anonymous, "orders", answer.reply());
  ASSERT_TRUE(answer.get().has_value());
  rig.put_topic("orders", 1);
  rig.send("orders", "m", 0, by("p", 0));
  EXPECT_EQ(rig.visible_end("orders"), 2);
  rig.kill_and_reopen();
  rig.send("orders", "m", 0, by("p", 0));
  EXPECT_EQ(rig.visible_end("orders"), 2);
}

TEST(Dedupe, stores_a_key_once_within_the_topics_window) {
  CoreRig rig;
  put_window(rig, "orders", 10'000);
  const auto first = rig.send("orders", "one", 0, property("KEYS", "k1"));
  rig.send("orders", "other", 0, property("KEYS", "k2"));
  const auto again = rig.send("orders", "one", 1, property("KEYS", "k1"));
  ASSERT_FALSE(again.error);
  EXPECT_EQ(again.queue_id, 0);
  EXPECT_EQ(again.queue_offset, first.queue_offset);
  EXPECT_EQ(again.positions, first.positions);
  EXPECT_EQ(rig.visible_end("orders", 1), 0);
  rig.pass_ms(10'001);
  EXPECT_NE(rig.send("orders", "one", 0, property("KEYS", "k1")).positions, first.positions);
  EXPECT_EQ(rig.visible_end("orders"), 3);
}

TEST(Dedupe, takes_the_unique_id_for_the_key_of_a_message_without_one) {
  CoreRig rig;
  put_window(rig, "orders", 10'000);
  rig.send("orders", "one", 0, property("UNIQ_KEY", "U1"));
  rig.send("orders", "one", 0, property("UNIQ_KEY", "U1"));
  rig.send("orders", "no name");
  rig.send("orders", "no name");
  EXPECT_EQ(rig.visible_end("orders"), 3);
}

TEST(Dedupe, knows_keys_after_a_kill_and_after_a_stop) {
  RigOptions options;
  options.core.dedupe.uncovered_bytes_max = 1024;
  CoreRig rig(options);
  put_window(rig, "orders", 1'000'000);
  for (int i = 0; i < 100; ++i) {
    rig.send("orders", std::string(100, 'x'), 0, property("KEYS", std::to_string(i)));
    if (i % 9 == 0) rig.pass_ms(300);
    if (i == 50) rig.restart();
    if (i == 70) rig.kill_and_reopen();
  }
  rig.kill_and_reopen();
  for (int i = 0; i < 100; ++i)
    rig.send("orders", std::string(100, 'x'), 0, property("KEYS", std::to_string(i)));
  EXPECT_EQ(rig.visible_end("orders"), 100);
}

TEST(Dedupe, stores_of_a_batch_only_the_keys_that_are_new) {
  CoreRig rig;
  put_window(rig, "orders", 10'000);
  const auto first = rig.send("orders", "a", 0, property("KEYS", "a"));
  const std::string body = batch_element("a", property("KEYS", "a")) +
                           batch_element("b", property("KEYS", "b")) +
                           batch_element("b", property("KEYS", "b")) + batch_element("c");
  auto request = rig.request("orders", body);
  request.batch = true;
  const auto sent = rig.send(request);
  ASSERT_FALSE(sent.error);
  ASSERT_EQ(sent.positions.size(), 4U);
  EXPECT_EQ(sent.positions[0], first.positions[0]);
  EXPECT_EQ(sent.positions[1], sent.positions[2]);
  EXPECT_EQ(all_bodies(rig), (std::vector<std::string>{"a", "b", "c"}));
}

TEST(Dedupe, remembers_so_many_keys_and_no_more) {
  RigOptions options;
  options.core.dedupe.keys_max = 10;
  CoreRig rig(options);
  put_window(rig, "orders", 1'000'000);
  for (int i = 0; i < 30; ++i) rig.send("orders", "m", 0, property("KEYS", std::to_string(i)));
  EXPECT_EQ(rig.core->core_stats().dedupe.keys, 10U);
  EXPECT_EQ(rig.core->core_stats().dedupe.keys_dropped, 20U);
}

TEST(Dedupe, holds_nothing_for_those_who_do_not_ask) {
  CoreRig rig;
  rig.send("orders", "m", 0, property("KEYS", "k") + property("UNIQ_KEY", "U"));
  rig.send("orders", "m", 0, property("KEYS", "k") + property("UNIQ_KEY", "U"));
  rig.pass_ms(1000);
  EXPECT_EQ(rig.visible_end("orders"), 2);
  EXPECT_EQ(rig.core->core_stats().dedupe.keys, 0U);
  EXPECT_EQ(rig.core->core_stats().dedupe.producers, 0U);
}

}  // namespace
}  // namespace bolide::broker
