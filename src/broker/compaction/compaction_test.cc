// SPDX-License-Identifier: Apache-2.0
//
// Compacted topics (rocketmq semantics 3.16).
#include "broker/compaction/compaction.h"

#include "broker/core_test_util.h"

#include <gtest/gtest.h>

namespace bolide::broker {
namespace {

using testing::Answer;
using testing::CoreRig;
using testing::property;

constexpr std::string_view compacted = "+cleanup.policy=COMPACTION";

TEST(Compaction, refuses_a_message_without_a_key) {
  CoreRig rig;
  rig.put_topic("state", 1, compacted);
  EXPECT_EQ(rig.refused(rig.request("state", "v")), Errc::message_invalid);
  const std::string blank = property("KEYS", "  ");
  SendRequest request = rig.request("state", "v");
  request.properties = blank;
  EXPECT_EQ(rig.refused(request), Errc::message_invalid);
  EXPECT_FALSE(rig.send("state", "v", 0, property("KEYS", "k")).error);
  EXPECT_EQ(rig.visible_end("state"), 1);
}

TEST(Compaction, refuses_a_batch_of_which_one_message_has_no_key) {
  CoreRig rig;
  rig.put_topic("state", 1, compacted);
  const std::string keyed = testing::batch_element("a", property("KEYS", "k"));
  const std::string body = keyed + testing::batch_element("b");
  SendRequest batch = rig.request("state", body);
  batch.batch = true;
  EXPECT_EQ(rig.refused(batch), Errc::message_invalid);
  EXPECT_EQ(rig.visible_end("state"), 0);
  batch.body = keyed;
  EXPECT_FALSE(rig.send(batch).error);
  EXPECT_EQ(rig.visible_end("state"), 1);
}

constexpr std::int64_t day_ms = 24LL * 3600 * 1000;

class CompactedTest : public ::testing::Test {
 protected:
  CompactedTest() {
    rig_.store_options.retention_ms = 3 * day_ms;
    rig_.restart();
    rig_.put_topic("state", 1, compacted);
  }
  void send(std::string_view key, std::string_view body, std::string_view more = {}) {
    ASSERT_FALSE(rig_.send("state", body, 0, property("KEYS", key) + std::string(more)).error);
  }
  // So much time and so many messages of others that all before it goes from the log.
  void age() {
    const std::string filler(1U << 20U, 'x');
    for (int day = 0; day < 9; ++day) {
      for (int i = 0; i < 10; ++i) rig_.send("filler", filler);
      for (int i = 0; i < 24; ++i) rig_.pass_ms(day_ms / 24);
      for (int i = 0; i < 25; ++i) rig_.pass_ms(100);
    }
  }
  std::int64_t min() {
    Answer<std::int64_t> answer;
    rig_.core->min_offset(rig_.anonymous, {"state", 0}, answer.reply());
    return answer.get().value();
  }
  std::vector<std::string> all(std::int64_t offset = 0, std::string_view tags = "*") {
    std::vector<std::string> bodies;
    for (int i = 0; i < 100; ++i) {
      PullRequest request = rig_.pull_request("state", offset);
      request.messages_max = 2;
      request.subscription = tags;
      const PullResult pulled = rig_.pull(request);
      for (std::string& body : CoreRig::bodies(pulled)) bodies.push_back(std::move(body));
      if (pulled.next_offset <= offset) break;
      offset = pulled.next_offset;
    }
    return bodies;
  }

  CoreRig rig_;
};

using Bodies = std::vector<std::string>;

TEST_F(CompactedTest, keeps_the_newest_message_of_each_key) {
  send("a", "a1");
  send("b", "b1");
  send("a", "a2");
  send("c", "c1");
  send("b", "b2");
  EXPECT_EQ(all(), (Bodies{"a1", "b1", "a2", "c1", "b2"}));
  age();
  ASSERT_GT(rig_.store->stats().min_position, 0);
  EXPECT_EQ(all(), (Bodies{"a2", "c1", "b2"}));
  EXPECT_EQ(all(3), (Bodies{"c1", "b2"}));
  EXPECT_EQ(min(), 2);
  EXPECT_EQ(rig_.visible_end("state"), 5);
}

TEST_F(CompactedTest, keeps_them_over_a_kill_and_what_comes_later) {
  send("a", "a1");
  send("b", "b1");
  age();
  rig_.kill_and_reopen();
  EXPECT_EQ(all(), (Bodies{"a1", "b1"}));
  send("a", "a2");
  EXPECT_EQ(all(), (Bodies{"a1", "b1", "a2"})) << "the older one until the log goes";
  age();
  EXPECT_EQ(all(), (Bodies{"b1", "a2"}));
  rig_.restart();
  EXPECT_EQ(all(), (Bodies{"b1", "a2"}));
  EXPECT_EQ(rig_.core->core_stats().compaction.kept, 2U);
}

TEST_F(CompactedTest, selects_by_tags_among_what_was_kept) {
  send("a", "red", property("TAGS", "red"));
  send("b", "blue", property("TAGS", "blue"));
  age();
  EXPECT_EQ(all(0, "blue"), Bodies{"blue"});
}

TEST_F(CompactedTest, forgets_a_topic_that_is_deleted) {
  send("a", "a1");
  age();
  Answer<void> gone;
  rig_.core->delete_topic(rig_.anonymous, "state", gone.reply());
  ASSERT_TRUE(gone.get());
  rig_.put_topic("state", 1, compacted);
  send("b", "b1");
  EXPECT_EQ(all(rig_.visible_end("state") - 1), Bodies{"b1"});
  rig_.kill_and_reopen();
  EXPECT_EQ(all(), Bodies{"b1"});
}

// Jobs of the background agent end when the test says so.
class CompactorTest : public ::testing::Test {
 protected:
  CompactorTest() {
    rig_.put_topic("filler", 1);
    rig_.put_topic("state", 1, compacted);
    rig_.background.run();
  }
  // Until retention wants to drop the segments.
  void age() {
    const std::string filler(1U << 20U, 'x');
    for (int i = 0; i < 30; ++i) {
      rig_.send("filler", filler);
      rig_.pass_ms(100);
      rig_.background.run();
    }
    rig_.clock.advance_ms(10 * day_ms);
  }
  void ask_until_there_is_a_job() {
    for (int i = 0; i < 100 && rig_.background.waiting() == 0; ++i) rig_.pass_ms(100);
    ASSERT_GT(rig_.background.waiting(), 0U);
  }

  CoreRig rig_{{.inline_background = false, .retention_ms = 3 * day_ms}};
};

TEST_F(CompactorTest, merges_once_what_lies_on_a_cold_disk) {
  for (int i = 0; i < 3'000; ++i)
    rig_.send("state", std::string(1'000, 'x'), 0, property("KEYS", std::to_string(i)));
  age();
  rig_.kill_and_reopen();
  rig_.background.run();
  rig_.fs.set_cached(false);
  for (int i = 0; i < 50; ++i) {
    rig_.pass_ms(100);
    EXPECT_LE(rig_.background.run(), 3) << "a disk that stays cold is left alone";
  }
  EXPECT_EQ(rig_.core->core_stats().compaction.merges, 0U);
  rig_.fs.set_cached(true);
  for (int i = 0; i < 20; ++i) {
    rig_.pass_ms(100);
    rig_.background.run();
  }
  EXPECT_EQ(rig_.core->core_stats().compaction.merges, 1U);
  EXPECT_EQ(rig_.core->core_stats().compaction.kept, 3'000U);
}

TEST_F(CompactorTest, forgets_what_it_merges_when_its_topic_is_deleted) {
  rig_.send("state", "old", 0, property("KEYS", "a"));
  age();
  ask_until_there_is_a_job();
  Answer<void> gone;
  rig_.core->delete_topic(rig_.anonymous, "state", gone.reply());
  ASSERT_TRUE(gone.get());
  rig_.put_topic("state", 1, compacted);
  rig_.send("state", "new", 0, property("KEYS", "b"));
  rig_.background.run();
  EXPECT_EQ(rig_.core->core_stats().compaction.kept, 0U);
  rig_.kill_and_reopen();
  EXPECT_EQ(rig_.core->core_stats().compaction.kept, 0U);
}

TEST(KeptBatch, has_the_newest_of_each_key_and_none_that_was_taken_away) {
  KeptBatch batch;
  const auto add = [&](std::int64_t offset, std::string_view key, std::string_view body) {
    const std::string properties = property("KEYS", key);
    store::Record record;
    record.queue_offset = offset;
    record.properties = properties;
    record.body = body;
    batch.add(record, body);
  };
  add(0, "a", "a0");
  add(1, "b", "b1");
  add(2, "a", "a2");
  add(3, "b", "");
  EXPECT_EQ(batch.records(), (std::map<std::int64_t, std::string>{{2, "a2"}}));
  EXPECT_EQ(batch.bytes(), 2U);
  EXPECT_TRUE(batch.has("b"));
}

}  // namespace
}  // namespace bolide::broker
