// SPDX-License-Identifier: Apache-2.0
//
// What consumers of compacted topics see when the disk fails or has damaged what was kept.
#include "broker/compaction/compaction_test_util.h"

#include <gtest/gtest.h>

namespace bolide::broker {
namespace {

using os::FileOperation;
using testing::Bodies;
using testing::CompactedTest;
using testing::CoreRig;

class KeptFaultTest : public CompactedTest {
 protected:
  KeptFaultTest() {
    send("a", "a1");
    send("b", "b1");
    age();
  }
};

TEST_F(KeptFaultTest, tells_a_pull_to_try_again_when_the_disk_fails) {
  rig_.fs.fail_at(FileOperation::read_cached, 1, Errc::io);
  const PullResult failed = rig_.pull("state", 0);
  ASSERT_TRUE(failed.error);
  EXPECT_EQ(failed.error->code, Errc::io);
  EXPECT_EQ(all(), (Bodies{"a1", "b1"}));
}

TEST_F(KeptFaultTest, tells_a_pop_to_try_again_when_the_disk_fails) {
  rig_.fs.fail_at(FileOperation::read_cached, 1, Errc::io);
  const PopResult failed = pop();
  ASSERT_TRUE(failed.error);
  EXPECT_EQ(failed.error->code, Errc::io);
  EXPECT_EQ(bodies(pop()), (Bodies{"a1", "b1"}));
  rig_.pass_ms(10'000);
  rig_.fs.fail_at(FileOperation::read_cached, 1, Errc::io);
  EXPECT_TRUE(pop().error);
  EXPECT_EQ(bodies(pop()), (Bodies{"a1", "b1"})) << "no lease has gone";
}

TEST_F(KeptFaultTest, takes_consumers_past_a_damaged_message) {
  rig_.fs.flip_bit("kept/state/0", 60);
  EXPECT_EQ(all(), Bodies{"b1"});
  const PopResult given = pop();
  EXPECT_EQ(bodies(given), Bodies{"b1"});
  EXPECT_EQ(ack(1, given.given_ms).value(), Settled::done);
  EXPECT_EQ(committed(), 2);
}

TEST_F(KeptFaultTest, frees_the_log_though_a_kept_message_is_damaged) {
  rig_.fs.flip_bit("kept/state/0", 60);
  send("c", "c1");
  const std::int64_t before = min();
  age();
  EXPECT_EQ(all(), (Bodies{"b1", "c1"}));
  EXPECT_EQ(rig_.core->core_stats().compaction.kept, 2U);
  EXPECT_GT(min(), before);
}

// Else the place of a group that pops would jump to the log, and the next merge leave them out.
TEST_F(KeptFaultTest, reads_later_what_the_disk_does_not_give_at_the_start) {
  const store::QueueNo queue = rig_.store->find_queue("state", 0).value();
  for (const FileOperation failing :
       {FileOperation::list, FileOperation::open, FileOperation::read}) {
    rig_.fs.fail_at(failing, 1, Errc::io);
    Compactor compactor({&rig_.fs, "kept"}, {.topics = rig_.core->topics(),
                                             .store = *rig_.store,
                                             .background = rig_.background.background()});
    EXPECT_EQ(compactor.first_offset(queue, 2), 0);
    EXPECT_EQ(compactor.count(queue, 1, 2), 1);
    const auto failed = compactor.read(queue, 0, 2, {}, {});
    EXPECT_EQ(failed.status, store::ReadStatus::failed);
    EXPECT_TRUE(failed.may_pass);
    EXPECT_EQ(failed.next_offset, 0);
    EXPECT_FALSE(compactor.done_below(INT64_MAX)) << "a merge would leave them out";
    compactor.tick(1'000);
    EXPECT_EQ(store::testing::bodies(compactor.read(queue, 0, 2, {}, {})), (Bodies{"a1", "b1"}));
    EXPECT_EQ(compactor.stats().kept, 2U);
  }
}

}  // namespace
}  // namespace bolide::broker
