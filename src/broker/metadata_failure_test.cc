// SPDX-License-Identifier: Apache-2.0
//
// A journal that cannot be written: what depends on it is refused, everything else goes on.
#include "broker/core_test_util.h"

#include <gtest/gtest.h>

namespace bolide::broker {
namespace {

using testing::Answer;
using testing::CoreRig;

// The next write goes to the journal: the call makes its change there before it does anything else.
class FailedJournal : public ::testing::Test {
 protected:
  FailedJournal() {
    rig_.send("old", "before");
    Answer<void> made;
    rig_.core->put_group(rig_.anonymous, {.name = "readers"}, made.reply());
  }
  void fail() { rig_.fs.fail_at(os::FileOperation::write, 1, Errc::io); }
  template <class Call>
  Errc refused(Call call) {
    Answer<void> answer;
    call(answer.reply());
    return answer.get() ? Errc::internal : answer.get().error().code;
  }
  bool exists(std::string_view topic) { return rig_.core->topics().find(topic) != nullptr; }

  CoreRig rig_;
};

TEST_F(FailedJournal, refuses_a_send_whose_topic_it_could_not_keep_and_no_other) {
  fail();
  EXPECT_EQ(rig_.refused(rig_.request("new", "lost")), Errc::io);
  EXPECT_FALSE(exists("new"));
  EXPECT_FALSE(rig_.send("old", "goes on").error);
  rig_.pass_ms(200);
  EXPECT_FALSE(rig_.send("new", "made now").error);
  rig_.kill_and_reopen();
  EXPECT_TRUE(exists("new"));
  EXPECT_EQ(rig_.pull("new", 0).messages, 1);
}

TEST_F(FailedJournal, refuses_what_an_administrator_wants_kept_and_changes_nothing) {
  const TopicConfig made{.name = "made"};
  const auto put_topic = [&](Reply<void> reply) {
    rig_.core->put_topic(rig_.anonymous, made, {}, std::move(reply));
  };
  const auto delete_topic = [&](Reply<void> reply) {
    rig_.core->delete_topic(rig_.anonymous, "old", std::move(reply));
  };
  const auto put_group = [&](Reply<void> reply) {
    rig_.core->put_group(rig_.anonymous, {.name = "others"}, std::move(reply));
  };
  const auto delete_group = [&](Reply<void> reply) {
    rig_.core->delete_group(rig_.anonymous, "readers", true, std::move(reply));
  };
  fail();
  EXPECT_EQ(refused(put_topic), Errc::io);
  EXPECT_EQ(refused(delete_topic), Errc::io) << "the same failure, soon after";
  EXPECT_EQ(refused(put_group), Errc::io);
  EXPECT_EQ(refused(delete_group), Errc::io);
  const auto unchanged = [&] {
    EXPECT_FALSE(exists("made"));
    EXPECT_EQ(rig_.pull("old", 0).messages, 1);
    EXPECT_EQ(rig_.core->groups().find("others"), nullptr);
    EXPECT_NE(rig_.core->groups().find("readers"), nullptr);
  };
  unchanged();
  rig_.kill_and_reopen();
  unchanged();
}

TEST_F(FailedJournal, does_not_delete_at_a_start_what_it_has_refused_to_delete) {
  fail();
  EXPECT_EQ(refused([&](Reply<void> reply) {
              rig_.core->delete_topic(rig_.anonymous, "old", std::move(reply));
            }),
            Errc::io);
  rig_.kill_and_reopen();
  EXPECT_TRUE(exists("old"));
  EXPECT_EQ(rig_.pull("old", 0).messages, 1);
}

TEST_F(FailedJournal, never_had_what_was_answered_only_in_memory) {
  rig_.put_topic("made", 3);
  rig_.kill_and_reopen();
  EXPECT_TRUE(exists("made"));
}

TEST_F(FailedJournal, holds_no_more_memory_however_many_topics_are_refused) {
  rig_.fs.fail_at(os::FileOperation::write, 1, Errc::io, true);
  const std::size_t topics = rig_.core->topics().all().size();
  const std::size_t queues = rig_.store->queue_count();
  for (int i = 0; i < 1000; ++i) rig_.core->send(rig_.request("new" + std::to_string(i), "lost"));
  EXPECT_EQ(rig_.core->topics().all().size(), topics);
  EXPECT_EQ(rig_.store->queue_count(), queues);
  rig_.fs.clear_faults();
  rig_.pass_ms(200);
  const auto bytes = rig_.fs.space("meta")->free_bytes;
  ASSERT_FALSE(rig_.send("last", "kept").error);
  EXPECT_LT(bytes - rig_.fs.space("meta")->free_bytes, 16U << 10U) << "no backlog is written";
}

}  // namespace
}  // namespace bolide::broker
