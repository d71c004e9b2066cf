// SPDX-License-Identifier: Apache-2.0
//
// The core through its door: clients, offsets, look-ups, administration, restarts.
#include "broker/core.h"

#include "broker/core_test_util.h"

#include <gtest/gtest.h>

namespace bolide::broker {
namespace {

using testing::Answer;
using testing::CoreRig;
using testing::property;
using Changes = std::vector<std::pair<SessionId, std::string>>;

class CoreTest : public ::testing::Test {
 protected:
  CoreTest() { rig_.put_topic("orders", 2); }

  Result<std::int64_t> consumer_offset(std::string_view group, std::string_view topic,
                                       std::int32_t queue_id = 0, bool zero_if_absent = true) {
    Answer<std::int64_t> answer;
    rig_.core->consumer_offset(rig_.anonymous, group, {topic, queue_id}, zero_if_absent,
                               answer.reply());
    return answer.get();
  }
  Result<> commit(std::string_view topic, std::int32_t queue_id, std::int64_t offset) {
    return rig_.commit("readers", {topic, queue_id}, offset);
  }
  using Chosen = std::map<std::int32_t, std::int64_t>;
  Result<Chosen> reset(const ResetRequest& request) {
    Answer<Chosen> answer;
    rig_.core->reset_offsets(rig_.anonymous, request, answer.reply());
    return answer.get();
  }
  Result<Slices> find(std::string_view key, bool unique_key = false, std::size_t count_max = 10) {
    Answer<Slices> answer;
    rig_.core->find_messages(rig_.anonymous, "orders", key, unique_key, count_max, 0, INT64_MAX,
                             answer.reply());
    return answer.get();
  }
  Result<Slices> message_at(std::int64_t position) {
    Answer<Slices> answer;
    rig_.core->message_at(rig_.anonymous, position, answer.reply());
    return answer.get();
  }
  void join(SessionId session) {
    rig_.heartbeat(session,
                   {.group = "readers", .subscriptions = {{.topic = "orders", .version = 1}}});
  }

  // The journal's pages reach the disk, those of the log that were not synced do not.
  static void lose_power_of_the_log(CoreRig& rig) {
    const auto names = rig.fs.list("meta");
    for (const std::string& name : *names) {
      if (!name.starts_with("changes.")) continue;
      ASSERT_TRUE(rig.fs.open("meta/" + name, os::OpenMode::read_write).value()->sync());
    }
    rig.power_loss_and_reopen();
  }

  CoreRig rig_;
};

// --- clients ---

TEST_F(CoreTest, makes_group_and_retry_topic_at_the_first_heartbeat) {
  join(1);
  EXPECT_NE(rig_.core->groups().find("readers"), nullptr);
  ASSERT_NE(rig_.core->topics().find("%RETRY%readers"), nullptr);
  EXPECT_EQ(rig_.core->topics().find("%RETRY%readers")->config.write_queues, 1);
}

TEST_F(CoreTest, tells_the_members_of_a_group_when_one_joins_or_goes) {
  join(1);
  EXPECT_EQ(rig_.sink.changed, (Changes{{1, "readers"}}));
  rig_.sink.changed.clear();
  join(2);
  EXPECT_EQ(rig_.sink.changed, (Changes{{1, "readers"}, {2, "readers"}}));
  rig_.sink.changed.clear();
  join(2);
  EXPECT_TRUE(rig_.sink.changed.empty()) << "nothing new";
  rig_.core->session_closed(1);
  EXPECT_EQ(rig_.sink.changed, (Changes{{2, "readers"}}));
  rig_.sink.changed.clear();
  rig_.core->unregister_client({.sink = &rig_.sink, .session = 2}, "client-2", "", "readers");
  EXPECT_TRUE(rig_.sink.changed.empty());
  Answer<GroupMembers> members;
  rig_.core->consumer_members(rig_.anonymous, "readers", members.reply());
  EXPECT_EQ(members.get().error().code, Errc::consumer_not_online);
}

TEST_F(CoreTest, drops_a_client_that_was_silent_for_two_minutes) {
  join(1);
  rig_.pass_ms(60'000);
  join(2);
  rig_.pass_ms(59'000);
  EXPECT_EQ(rig_.core->core_stats().clients, 2U);
  rig_.pass_ms(15'000);
  EXPECT_EQ(rig_.core->core_stats().clients, 1U);
  EXPECT_EQ(rig_.sink.changed.back(), (std::pair<SessionId, std::string>{2, "readers"}));
}

TEST_F(CoreTest, answers_a_heartbeat_before_it_tells_the_members) {
  Heartbeat heartbeat;
  heartbeat.client_id = "c";
  heartbeat.fingerprint = 5;
  heartbeat.consumers = {
      {.group = "readers", .subscriptions = {{.topic = "orders", .version = 1}}}};
  std::size_t told_before = 99;
  bool changed = false;
  const auto beat = [&] {
    rig_.core->heartbeat(rig_.anonymous, {.sink = &rig_.sink, .session = 1}, heartbeat,
                         [&](Result<HeartbeatReply> reply) {
                           told_before = rig_.sink.changed.size();
                           changed = reply->subscriptions_changed;
                         });
  };
  beat();
  EXPECT_EQ(told_before, 0U);
  EXPECT_EQ(rig_.sink.changed.size(), 1U);
  EXPECT_TRUE(changed);
  beat();
  EXPECT_FALSE(changed) << "a heartbeat with a fingerprint may leave its subscriptions out now";
  heartbeat.fingerprint = 0;
  beat();
  EXPECT_TRUE(changed) << "one without must always send them";
}

TEST_F(CoreTest, takes_an_empty_heartbeat_but_none_without_a_name) {
  Answer<HeartbeatReply> empty;
  rig_.core->heartbeat(rig_.anonymous, {.sink = &rig_.sink, .session = 1}, {}, empty.reply());
  EXPECT_TRUE(empty.get());
  Heartbeat nameless;
  nameless.producer_groups = {"p"};
  Answer<HeartbeatReply> refused;
  rig_.core->heartbeat(rig_.anonymous, {.sink = &rig_.sink, .session = 1}, nameless,
                       refused.reply());
  EXPECT_EQ(refused.get().error().code, Errc::malformed);
}

TEST_F(CoreTest, lists_producers) {
  Heartbeat heartbeat;
  heartbeat.client_id = "c";
  heartbeat.producer_groups = {"p"};
  Answer<HeartbeatReply> beat;
  rig_.core->heartbeat(rig_.anonymous, {.sink = &rig_.sink, .session = 3}, heartbeat, beat.reply());
  Answer<std::vector<Member>> members;
  rig_.core->producer_members(rig_.anonymous, "p", members.reply());
  ASSERT_TRUE(members.get());
  EXPECT_EQ(members.get()->at(0).client_id, "c");
  Answer<std::vector<Member>> none;
  rig_.core->producer_members(rig_.anonymous, "unknown", none.reply());
  EXPECT_FALSE(none.get());
}

// --- offsets ---

// A message that lands between this answer and a question for the maximum must not be missed.
TEST_F(CoreTest, starts_a_new_group_of_a_young_queue_at_zero) {
  rig_.send("orders", "m");
  EXPECT_EQ(consumer_offset("readers", "orders"), 0);
  EXPECT_EQ(consumer_offset("readers", "orders", 0, false).error().code, Errc::not_found);
  EXPECT_EQ(consumer_offset("readers", "orders", 2).error().code, Errc::not_found);
  EXPECT_EQ(consumer_offset("readers", "unknown").error().code, Errc::not_found);
  EXPECT_EQ(error_row(Errc::not_found).rocketmq, 22);
}

TEST_F(CoreTest, leaves_the_start_to_a_new_group_of_a_queue_that_was_trimmed) {
  rig_.send("orders", "m");
  rig_.store->trim_queue(*rig_.store->find_queue("orders", 0), rig_.store->stats().max_position);
  rig_.send("orders", "m");
  EXPECT_EQ(consumer_offset("readers", "orders").error().code, Errc::not_found);
}

TEST_F(CoreTest, commits_for_groups_that_it_knows) {
  EXPECT_EQ(commit("orders", 0, 5).error().code, Errc::group_not_found);
  join(1);
  ASSERT_TRUE(commit("orders", 0, 5)) << "beyond the end is accepted";
  EXPECT_EQ(consumer_offset("readers", "orders", 0, false), 5);
  EXPECT_EQ(commit("orders", 2, 5).error().code, Errc::queue_out_of_range);
  EXPECT_EQ(commit("orders", -1, 5).error().code, Errc::queue_out_of_range);
  EXPECT_EQ(commit("unknown", 0, 5).error().code, Errc::topic_not_found);
  EXPECT_EQ(commit("orders", 0, -1).error().code, Errc::invalid_argument);
}

TEST_F(CoreTest, keeps_committed_offsets_over_a_kill_and_a_restart) {
  join(1);
  for (int i = 0; i < 5; ++i) rig_.send("orders", "m", 1);
  ASSERT_TRUE(commit("orders", 1, 5));
  rig_.pass_ms(1000);
  rig_.kill_and_reopen();
  EXPECT_EQ(consumer_offset("readers", "orders", 1, false), 5);
  rig_.restart();
  EXPECT_EQ(consumer_offset("readers", "orders", 1, false), 5);
}

// Of a queue, of one that is out of sight, and of a light queue that is gone altogether.
TEST_F(CoreTest, gives_a_group_the_messages_that_follow_those_which_a_loss_of_power_took) {
  CoreRig rig({.inline_sync = false});
  rig.put_topic("orders", 2);
  rig.heartbeat(1, {.group = "readers"});
  rig.send("orders", "old");
  rig.pass_ms(1000);
  rig.sync.run();
  for (const std::int32_t queue_id : {0, 0, 1}) rig.send("orders", "lost", queue_id);
  rig.send("%LMQ%x", "lost");
  ASSERT_TRUE(rig.commit("readers", {"orders", 1}, 1));
  rig.put_topic("orders", 1);
  for (const auto& [topic, offset] : {std::pair("orders", 3), std::pair("%LMQ%x", 1)})
    ASSERT_TRUE(rig.commit("readers", {topic, 0}, offset));
  rig.pass_ms(1000);
  lose_power_of_the_log(rig);
  const auto offset_of = [&](std::string_view topic, std::int32_t queue_id = 0) {
    return rig.core->offsets().find("readers", topic, queue_id);
  };
  EXPECT_EQ(offset_of("orders"), 1);
  EXPECT_EQ(offset_of("orders", 1), 0);
  EXPECT_EQ(offset_of("%LMQ%x"), 0);
  rig.send("orders", "new");
  EXPECT_EQ(CoreRig::bodies(rig.pull("orders", 1)), std::vector<std::string>{"new"});
  rig.send("orders", "newer");
  rig.kill_and_reopen();
  EXPECT_EQ(offset_of("orders"), 1) << "it was noted before anything was stored";
}

TEST_F(CoreTest, keeps_an_offset_beyond_the_end_over_a_clean_stop) {
  join(1);
  ASSERT_TRUE(commit("orders", 1, 5));
  rig_.restart();
  EXPECT_EQ(consumer_offset("readers", "orders", 1, false), 5);
}

TEST_F(CoreTest, resets_a_group_that_is_away_at_once) {
  join(1);
  rig_.core->session_closed(1);
  for (int i = 0; i < 5; ++i) rig_.send("orders", "m");
  EXPECT_EQ(reset({.group = "readers", .topic = "orders"}).value(), (Chosen{{0, 5}, {1, 0}}));
  EXPECT_EQ(reset({.group = "readers", .topic = "orders", .queue_id = 0, .offset = 3}).value(),
            (Chosen{{0, 3}}));
  EXPECT_EQ(reset({.group = "readers", .topic = "orders", .queue_id = 0, .offset = 99}).value(),
            (Chosen{{0, 5}}));
  EXPECT_EQ(consumer_offset("readers", "orders"), 5);
  EXPECT_EQ(rig_.pull("orders", 3).status, PullStatus::found) << "nobody was to be told";
}

TEST_F(CoreTest, resets_to_a_time_and_forward_only_by_force) {
  join(1);
  const std::int64_t start_ms = rig_.clock.now().wall_ms;
  for (int i = 0; i < 5; ++i) {
    rig_.send("orders", "m");
    rig_.clock.advance_ms(1000);
  }
  ResetRequest request{.group = "readers",
                       .topic = "orders",
                       .queue_id = 0,
                       .timestamp_ms = start_ms + 2000,
                       .force = false};
  EXPECT_EQ(reset(request).value(), (Chosen{{0, 2}}));
  request.timestamp_ms = start_ms + 4000;
  EXPECT_EQ(reset(request).value(), (Chosen{{0, 2}})) << "not forward";
  request.force = true;
  EXPECT_EQ(reset(request).value(), (Chosen{{0, 4}}));
}

TEST_F(CoreTest, refuses_a_reset_of_what_it_does_not_know) {
  EXPECT_EQ(reset({.group = "nobody", .topic = "orders"}).error().code, Errc::group_not_found);
  join(1);
  EXPECT_EQ(reset({.group = "readers", .topic = "unknown"}).error().code, Errc::topic_not_found);
  EXPECT_EQ(reset({.group = "readers", .topic = "orders", .queue_id = 2}).error().code,
            Errc::queue_out_of_range);
}

TEST_F(CoreTest, tells_the_next_pull_of_a_reset_once) {
  join(1);
  for (int i = 0; i < 5; ++i) rig_.send("orders", "m");
  ASSERT_TRUE(reset({.group = "readers", .topic = "orders", .queue_id = 0, .offset = 2}));
  const PullResult told = rig_.pull("orders", 5);
  EXPECT_EQ(told.status, PullStatus::offset_reset);
  EXPECT_EQ(told.next_offset, 2);
  EXPECT_EQ(rig_.pull("orders", 2).messages, 3);
}

TEST_F(CoreTest, lets_a_waiting_pull_learn_of_a_reset_at_once) {
  join(1);
  for (int i = 0; i < 5; ++i) rig_.send("orders", "m");
  rig_.core->pull(rig_.pull_request("orders", 5, 10'000));
  ASSERT_TRUE(rig_.sink.pulled.empty());
  ASSERT_TRUE(reset({.group = "readers", .topic = "orders", .queue_id = 0, .offset = 2}));
  ASSERT_EQ(rig_.sink.pulled.size(), 1U) << "the client asks again";
  EXPECT_EQ(rig_.pull("orders", 5).status, PullStatus::offset_reset);
}

TEST_F(CoreTest, clones_the_offsets_of_a_group) {
  join(1);
  rig_.put_topic("other", 1);
  ASSERT_TRUE(commit("orders", 1, 5));
  ASSERT_TRUE(commit("other", 0, 6));
  Answer<void> answer;
  rig_.core->clone_offsets(rig_.anonymous, "readers", "clones", "orders", answer.reply());
  ASSERT_TRUE(answer.get());
  EXPECT_EQ(consumer_offset("clones", "orders", 1, false), 5);
  EXPECT_FALSE(consumer_offset("clones", "other", 0, false));
}

TEST_F(CoreTest, tells_how_far_a_group_is) {
  join(1);
  for (int i = 0; i < 5; ++i) rig_.send("orders", "m");
  const std::int64_t stored_ms = rig_.clock.now().wall_ms;
  ASSERT_TRUE(commit("orders", 0, 2));
  rig_.pull("orders", 4);
  Answer<GroupProgress> answer;
  rig_.core->group_progress(rig_.anonymous, "readers", {}, answer.reply());
  ASSERT_TRUE(answer.get());
  ASSERT_EQ(answer.get()->queues.size(), 2U);
  const QueueProgress& first = answer.get()->queues[0];
  EXPECT_EQ(first.broker_offset, 5);
  EXPECT_EQ(first.consumer_offset, 2);
  EXPECT_EQ(first.last_timestamp_ms, stored_ms);
}

TEST_F(CoreTest, answers_for_the_ends_of_a_queue) {
  const std::int64_t start_ms = rig_.clock.now().wall_ms;
  const auto ask = [&](auto call) {
    Answer<std::int64_t> answer;
    call(answer.reply());
    return answer.get();
  };
  const auto earliest = [&](std::int32_t queue) {
    return ask([&](auto reply) {
      rig_.core->earliest_store_time(rig_.anonymous, {"orders", queue}, std::move(reply));
    });
  };
  EXPECT_EQ(earliest(0), -1);
  rig_.send("orders", "m");
  EXPECT_EQ(earliest(0), start_ms);
  EXPECT_EQ(earliest(7).error().code, Errc::queue_out_of_range);
  EXPECT_EQ(ask([&](auto reply) {
              rig_.core->offset_by_time(rig_.anonymous, {"orders", 0}, start_ms + 1, false,
                                        std::move(reply));
            }),
            1);
  Answer<std::map<std::int32_t, QueueRange>> ranges;
  rig_.core->topic_ranges(rig_.anonymous, "orders", ranges.reply());
  ASSERT_TRUE(ranges.get());
  EXPECT_EQ(ranges.get()->at(0).max_offset, 1);
  EXPECT_EQ(ranges.get()->at(0).last_update_ms, start_ms);
  EXPECT_EQ(ranges.get()->at(1).max_offset, 0);
}

// --- ordered consumption ---

TEST_F(CoreTest, locks_only_queues_that_exist_and_forgets_locks_that_ended) {
  join(1);
  const auto lock = [&](std::string_view group) {
    Answer<std::vector<QueueRef>> answer;
    rig_.core->lock_queues(rig_.anonymous, group, "client",
                           {{.topic = "orders", .broker = "b", .queue_id = 1},
                            {.topic = "orders", .broker = "b", .queue_id = 2},
                            {.topic = "orders", .broker = "b", .queue_id = -1},
                            {.topic = "unknown", .broker = "b", .queue_id = 0}},
                           answer.reply());
    return answer.get();
  };
  const auto held = lock("readers");
  ASSERT_TRUE(held);
  ASSERT_EQ(held->size(), 1U);
  EXPECT_EQ(held->front().queue_id, 1);
  EXPECT_EQ(lock("not a group").error().code, Errc::invalid_argument);
  EXPECT_EQ(rig_.core->core_stats().queue_locks, 1U);
  rig_.pass_ms(QueueLocks::lock_ms);
  EXPECT_EQ(rig_.core->core_stats().queue_locks, 1U);
  rig_.pass_ms(QueueLocks::lock_ms);
  EXPECT_EQ(rig_.core->core_stats().queue_locks, 0U);
}

// --- looking up messages ---

TEST_F(CoreTest, finds_messages_by_key_and_by_unique_key) {
  rig_.send("orders", "one", 0, property("KEYS", "k1 k2") + property("UNIQ_KEY", "U1"));
  rig_.send("orders", "two", 1, property("KEYS", "k2") + property("UNIQ_KEY", "U2"));
  EXPECT_EQ(find("k1").value().size(), 1U);
  EXPECT_EQ(find("k2").value().size(), 2U);
  EXPECT_EQ(find("k2", false, 1).value().size(), 1U);
  EXPECT_EQ(find("U1", true).value().size(), 1U);
  EXPECT_EQ(find("k1", true).error().code, Errc::not_found) << "no unique key";
  EXPECT_EQ(find("k").error().code, Errc::not_found);
}

TEST_F(CoreTest, shows_a_message_by_its_position_and_never_raw_bytes) {
  const auto first = rig_.send("orders", "one");
  const auto second = rig_.send("orders", "two");
  const auto found = message_at(second.positions.at(0));
  ASSERT_TRUE(found);
  store::Record record;
  ASSERT_EQ(store::decode_record(found->front().view(), store::Verify::checksums, &record),
            store::DecodeStatus::record);
  EXPECT_EQ(record.body, "two");
  for (std::int64_t position = first.positions[0] + 1; position < second.positions[0]; ++position) {
    EXPECT_FALSE(message_at(position)) << position;
  }
  EXPECT_FALSE(message_at(-1));
  EXPECT_FALSE(message_at(INT64_MAX));
}

TEST(Core, shows_no_message_by_position_or_key_before_it_is_safe) {
  CoreRig rig({.level = store::ReplyLevel::sync, .inline_sync = false});
  rig.put_topic("orders", 1);
  const std::string key = property("UNIQ_KEY", "U1");
  SendRequest request = rig.request("orders", "m");
  request.properties = key;
  rig.core->send(request);
  rig.core->end_of_turn();
  const auto found = [&] {
    Answer<Slices> answer;
    rig.core->find_messages(rig.anonymous, "orders", "U1", true, 1, 0, INT64_MAX, answer.reply());
    return answer.get().has_value();
  };
  EXPECT_FALSE(found());
  rig.sync.run();
  EXPECT_TRUE(found());
}

// --- administration ---

TEST_F(CoreTest, refuses_a_send_to_the_retry_topic_of_a_group_without_retry_queues) {
  Answer<void> put;
  rig_.core->put_group(rig_.anonymous, {.name = "readers", .retry_queues = 0}, put.reply());
  ASSERT_TRUE(put.get());
  join(1);
  for (std::int32_t queue_id : {-1, 0}) {
    EXPECT_EQ(rig_.refused(rig_.request("%RETRY%readers", "m", queue_id)),
              Errc::queue_out_of_range);
  }
  EXPECT_EQ(rig_.pull("%RETRY%readers", 0).error->code, Errc::queue_out_of_range);
}

TEST(Core, counts_only_the_queues_that_a_foreign_topic_really_has) {
  CoreRig rig;
  rig.core.reset();
  {
    auto opened = Metadata::open(rig.fs, "meta");
    ASSERT_TRUE(opened);
    opened->metadata->save_topic({.name = "huge", .read_queues = 100'000, .write_queues = 100'000},
                                 {});
    opened->metadata->save_group({.name = "readers", .retry_queues = 100'000}, {});
    ASSERT_TRUE(opened->metadata->flush());
  }
  rig.kill_and_reopen();
  rig.heartbeat(1, {.group = "readers", .subscriptions = {{.topic = "huge", .version = 1}}});
  for (std::string_view topic : {"huge", "%RETRY%readers"}) {
    PullRequest beyond = rig.pull_request(topic, 0);
    beyond.queue_id = 70'000;
    EXPECT_EQ(rig.pull(beyond).error->code, Errc::queue_out_of_range) << topic;
    Answer<std::map<std::int32_t, QueueRange>> ranges;
    rig.core->topic_ranges(rig.anonymous, topic, ranges.reply());
    EXPECT_EQ(ranges.get()->size(), static_cast<std::size_t>(queues_max)) << topic;
  }
}

TEST_F(CoreTest, deletes_a_topic_with_its_offsets_and_gives_no_offset_twice) {
  join(1);
  rig_.send("orders", "old");
  ASSERT_TRUE(commit("orders", 0, 1));
  Answer<void> answer;
  rig_.core->delete_topic(rig_.anonymous, "orders", answer.reply());
  ASSERT_TRUE(answer.get());
  EXPECT_FALSE(consumer_offset("readers", "orders"));
  rig_.put_topic("orders", 2);
  EXPECT_EQ(rig_.send("orders", "new").queue_offset, 1);
  const PullResult pulled = rig_.pull("orders", 1);
  EXPECT_EQ(CoreRig::bodies(pulled), std::vector<std::string>{"new"});
  EXPECT_EQ(rig_.pull("orders", 0).status, PullStatus::offset_too_small);
}

TEST_F(CoreTest, deletes_a_group_with_its_offsets_only_when_told) {
  join(1);
  ASSERT_TRUE(commit("orders", 0, 1));
  const auto erase = [&](bool clean) {
    Answer<void> answer;
    rig_.core->delete_group(rig_.anonymous, "readers", clean, answer.reply());
    return answer.get();
  };
  ASSERT_TRUE(erase(false));
  EXPECT_EQ(consumer_offset("readers", "orders", 0, false), 1);
  EXPECT_EQ(erase(true).error().code, Errc::group_not_found);
  EXPECT_FALSE(consumer_offset("readers", "orders", 0, false));
}

TEST_F(CoreTest, names_groups_of_a_topic_and_topics_of_a_group) {
  join(1);
  ASSERT_TRUE(commit("TBW102", 0, 1));
  Answer<std::vector<std::string>> groups;
  rig_.core->groups_of_topic(rig_.anonymous, "orders", groups.reply());
  EXPECT_EQ(groups.get().value(), std::vector<std::string>{"readers"});
  Answer<std::vector<std::string>> topics;
  rig_.core->topics_of_group(rig_.anonymous, "readers", topics.reply());
  EXPECT_EQ(topics.get().value(), std::vector<std::string>{"TBW102"});
}

TEST_F(CoreTest, tells_when_what_was_stored_and_consumed) {
  const std::int64_t start_ms = rig_.clock.now().wall_ms;
  join(1);
  for (int i = 0; i < 3; ++i) {
    rig_.send("orders", "m");
    rig_.clock.advance_ms(1000);
  }
  ASSERT_TRUE(commit("orders", 0, 2));
  Answer<std::vector<ConsumeSpan>> spans;
  rig_.core->consume_spans(rig_.anonymous, "orders", "readers", spans.reply());
  ASSERT_TRUE(spans.get());
  const ConsumeSpan& span = spans.get()->at(0);
  EXPECT_EQ(span.min_store_ms, start_ms);
  EXPECT_EQ(span.max_store_ms, start_ms + 2000);
  EXPECT_EQ(span.consumed_store_ms, start_ms + 1000);
  EXPECT_EQ(span.delay_ms, 1000);
}

TEST_F(CoreTest, keeps_topics_and_groups_over_a_restart) {
  join(1);
  rig_.restart();
  EXPECT_NE(rig_.core->topics().find("orders"), nullptr);
  EXPECT_NE(rig_.core->topics().find("%RETRY%readers"), nullptr);
  EXPECT_NE(rig_.core->groups().find("readers"), nullptr);
  EXPECT_EQ(rig_.core->core_stats().clients, 0U);
}

TEST_F(CoreTest, keeps_over_a_kill_the_topic_that_an_answered_send_has_made) {
  ASSERT_FALSE(rig_.send("made-by-a-send", "body").error);
  rig_.kill_and_reopen();
  ASSERT_NE(rig_.core->topics().find("made-by-a-send"), nullptr);
  EXPECT_EQ(rig_.pull("made-by-a-send", 0).records.size(), 1U);
}

TEST_F(CoreTest, counts_what_it_did) {
  rig_.send("orders", "four");
  rig_.pull("orders", 0);
  const CoreStats stats = rig_.core->core_stats();
  EXPECT_EQ(stats.send.messages, 1U);
  EXPECT_EQ(stats.send.bytes, 4U);
  EXPECT_EQ(stats.pull.messages, 1U);
  EXPECT_EQ(stats.pull.requests, 1U);
  Answer<std::map<std::string, std::string>> info;
  rig_.core->runtime_info(rig_.anonymous, info.reply());
  ASSERT_TRUE(info.get());
  EXPECT_TRUE(info.get()->contains("brokerVersionDesc"));
  EXPECT_EQ(info.get()->at("runtime"), "[ 0 days, 0 hours, 0 minutes, 0 seconds ]");
  EXPECT_EQ(info.get()->at("earliestMessageTimeStamp"), std::to_string(rig_.clock.now().wall_ms));
}

TEST_F(CoreTest, has_no_earliest_message_before_the_first) {
  Answer<std::map<std::string, std::string>> info;
  rig_.core->runtime_info(rig_.anonymous, info.reply());
  ASSERT_TRUE(info.get());
  EXPECT_EQ(info.get()->at("earliestMessageTimeStamp"), "-1");
}

TEST_F(CoreTest, keeps_the_messages_of_a_deleted_topic_away_after_a_kill) {
  const auto erase = [&](std::string_view topic) {
    Answer<void> answer;
    rig_.core->delete_topic(rig_.anonymous, topic, answer.reply());
    ASSERT_TRUE(answer.get());
  };
  for (std::int32_t queue_id : {0, 1}) rig_.send("orders", "old", queue_id);
  rig_.put_topic("orders", 1);  // its second queue is out of sight now
  erase("orders");
  rig_.kill_and_reopen();
  rig_.put_topic("orders", 2);
  EXPECT_EQ(rig_.visible_end("orders", 1), 1) << "offsets are never given twice";
  EXPECT_EQ(rig_.pull("orders", 0).messages, 0);
  rig_.send("orders", "new");
  rig_.kill_and_reopen();
  for (std::int32_t queue_id : {0, 1}) {
    Answer<std::int64_t> min;
    rig_.core->min_offset(rig_.anonymous, {"orders", queue_id}, min.reply());
    EXPECT_EQ(min.get().value(), 1) << queue_id;
  }
  EXPECT_EQ(CoreRig::bodies(rig_.pull("orders", 1)), std::vector<std::string>{"new"});
}

TEST_F(CoreTest, gives_up_no_new_message_when_a_loss_of_power_took_the_log_behind_a_deletion) {
  rig_.send("orders", "old");
  rig_.pass_ms(1000);  // on disk
  for (int i = 0; i < 100; ++i) rig_.send("others", "lost");
  Answer<void> answer;
  rig_.core->delete_topic(rig_.anonymous, "orders", answer.reply());
  ASSERT_TRUE(answer.get());
  lose_power_of_the_log(rig_);
  rig_.put_topic("orders", 1);
  const auto sent = rig_.send("orders", "new");
  ASSERT_FALSE(sent.error);
  rig_.kill_and_reopen();
  EXPECT_EQ(CoreRig::bodies(rig_.pull("orders", sent.queue_offset)),
            std::vector<std::string>{"new"});
}

TEST_F(CoreTest, writes_no_more_for_a_topic_however_many_there_are) {
  const auto cost = [&](int from) {
    const auto changes = rig_.fs.count_of_changes();
    const auto free = rig_.fs.space("meta")->free_bytes;
    for (int i = from; i < from + 100; ++i) rig_.put_topic("t" + std::to_string(i), 4);
    return std::pair(rig_.fs.count_of_changes() - changes,
                     free - rig_.fs.space("meta")->free_bytes);
  };
  const auto [first_writes, first_bytes] = cost(10'000);
  for (int i = 20'000; i < 23'000; ++i) rig_.put_topic("t" + std::to_string(i), 4);
  const auto [writes, bytes] = cost(30'000);
  EXPECT_EQ(first_writes, 100U);
  EXPECT_EQ(writes, 100U);
  EXPECT_LE(bytes, first_bytes + 8'192);
}

}  // namespace
}  // namespace bolide::broker
