// SPDX-License-Identifier: Apache-2.0
//
// Topics and groups: made on first use or by an administrator (rocketmq semantics 3.1).
#include "broker/topics.h"

#include "broker/core_test_util.h"
#include "broker/groups.h"

#include <gtest/gtest.h>

namespace bolide::broker {
namespace {

// Topics over a store and a journal of their own.
class TopicsTest : public ::testing::Test {
 protected:
  TopicsTest() { open(); }
  void open() {
    topics_.reset();
    metadata_.reset();
    fs_.kill();
    auto opened = Metadata::open(fs_, "topics");
    ASSERT_TRUE(opened);
    metadata_ = std::move(opened->metadata);
    topics_ = std::make_unique<Topics>(settings_, *rig_.store, *metadata_);
    topics_->load(opened->stored.topics, opened->stored.topic_version);
    topics_->announce_to([this](const TopicConfig* changed) {
      announced_.push_back(changed == nullptr ? "gone" : changed->name);
    });
  }
  Errc refused(const Result<>& result) {
    EXPECT_FALSE(result);
    return result ? Errc::internal : result.error().code;
  }

  testing::CoreRig rig_;
  os::SimFileSystem fs_;
  TopicSettings settings_{.cluster = "C", .broker = "b"};
  std::unique_ptr<Metadata> metadata_;
  std::unique_ptr<Topics> topics_;
  std::vector<std::string> announced_;
};

TEST_F(TopicsTest, starts_with_the_topics_of_the_system) {
  for (std::string_view name :
       {"TBW102", "SELF_TEST_TOPIC", "BenchmarkTest", "OFFSET_MOVED_EVENT", "SCHEDULE_TOPIC_XXXX",
        "RMQ_SYS_TRANS_HALF_TOPIC", "RMQ_SYS_TRANS_OP_HALF_TOPIC", "TRANS_CHECK_MAX_TIME_TOPIC",
        "C", "b", "C_REPLY_TOPIC"}) {
    EXPECT_NE(topics_->find(name), nullptr) << name;
  }
  EXPECT_EQ(topics_->find("TBW102")->config.permission, perm::read | perm::write | perm::inherit);
  EXPECT_EQ(topics_->find("TBW102")->config.write_queues, 8);
  EXPECT_EQ(topics_->find("BenchmarkTest")->config.write_queues, 1024);
  EXPECT_EQ(topics_->find("b")->config.write_queues, 1);
}

TEST_F(TopicsTest, makes_a_topic_like_the_default_one_names) {
  const auto made = topics_->find_or_create("orders", "TBW102", 4, 5);
  ASSERT_TRUE(made);
  EXPECT_EQ((*made)->config.read_queues, 4);
  EXPECT_EQ((*made)->config.write_queues, 4);
  EXPECT_EQ((*made)->config.permission, perm::read | perm::write) << "without inherit";
  EXPECT_EQ((*made)->queue_count(), 4);
  EXPECT_EQ(announced_, std::vector<std::string>{"orders"});
  EXPECT_EQ(topics_->version().counter, 1);
  EXPECT_EQ(topics_->version().timestamp_ms, 5);
  EXPECT_EQ(*topics_->find_or_create("orders", "TBW102", 2, 6), topics_->find("orders"));
  EXPECT_EQ(announced_.size(), 1U);
}

TEST_F(TopicsTest, gives_no_more_queues_than_the_default_topic_has) {
  EXPECT_EQ((*topics_->find_or_create("many", "TBW102", 100, 0))->config.write_queues, 8);
  EXPECT_EQ((*topics_->find_or_create("none", "TBW102", 0, 0))->config.write_queues, 1);
  EXPECT_EQ((*topics_->find_or_create("negative", "TBW102", -3, 0))->config.write_queues, 1);
}

TEST_F(TopicsTest, makes_no_topic_that_nothing_allows) {
  for (std::string_view model : {"", "unknown", "BenchmarkTest"}) {
    const auto made = topics_->find_or_create("orders", model, 4, 0);
    ASSERT_FALSE(made) << model;
    EXPECT_EQ(made.error().code, Errc::topic_not_found);
    EXPECT_TRUE(made.error().context.starts_with("topic[orders] not exist, apply first please!"));
  }
  EXPECT_EQ(topics_->find_or_create("%RETRY%g", "TBW102", 4, 0).error().code,
            Errc::topic_not_found);
  EXPECT_EQ(topics_->find_or_create("a b", "TBW102", 4, 0).error().code, Errc::topic_not_valid);
  settings_.auto_create = false;
  open();
  EXPECT_EQ(topics_->find_or_create("orders", "TBW102", 4, 0).error().code, Errc::topic_not_found);
  EXPECT_TRUE(announced_.empty());
}

TEST_F(TopicsTest, gives_the_permission_to_inherit_back_with_the_setting) {
  settings_.auto_create = false;
  open();
  EXPECT_EQ(topics_->find("TBW102")->config.permission & perm::inherit, 0);
  settings_.auto_create = true;
  open();
  EXPECT_NE(topics_->find("TBW102")->config.permission & perm::inherit, 0);
}

TEST_F(TopicsTest, keeps_what_an_administrator_made_over_a_kill) {
  ASSERT_TRUE(topics_->put({.name = "orders", .read_queues = 3, .write_queues = 2, .order = true},
                           "+message.type=FIFO", 9));
  ASSERT_TRUE(metadata_->flush());
  open();
  const Topic* found = topics_->find("orders");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->config.attributes.at("message.type"), "FIFO");
  EXPECT_EQ(found->queue_count(), 3);
  EXPECT_TRUE(found->config.order);
  EXPECT_EQ(topics_->version().counter, 1);
}

TEST_F(TopicsTest, counts_only_real_changes) {
  const TopicConfig config{.name = "orders", .read_queues = 3, .write_queues = 3};
  ASSERT_TRUE(topics_->put(config, "", 1));
  ASSERT_TRUE(topics_->put(config, "", 2));
  EXPECT_EQ(topics_->version().counter, 1);
  EXPECT_EQ(announced_.size(), 1U);
}

TEST_F(TopicsTest, marks_topics_that_are_made_by_clients_in_units) {
  ASSERT_TRUE(topics_->find_or_create("orders", "TBW102", 4, 5, topic_flag::unit));
  ASSERT_TRUE(topics_->own("%RETRY%g", 1, 5, topic_flag::unit_subscription));
  open();
  EXPECT_EQ(topics_->find("orders")->config.sys_flag, 1);
  EXPECT_EQ(topics_->find("%RETRY%g")->config.sys_flag, 2);
}

TEST_F(TopicsTest, keeps_the_attributes_when_the_rest_changes) {
  ASSERT_TRUE(topics_->put({.name = "orders"}, "+message.type=FIFO,+queue.type=SimpleCQ", 1));
  ASSERT_TRUE(topics_->put({.name = "orders", .read_queues = 2, .write_queues = 2}, "", 2));
  EXPECT_EQ(topics_->find("orders")->config.attributes.size(), 2U);
  EXPECT_EQ(refused(topics_->put({.name = "orders"}, "+queue.type=BatchCQ", 3)), Errc::malformed);
  EXPECT_EQ(topics_->find("orders")->config.read_queues, 2);
}

TEST_F(TopicsTest, finds_the_same_queues_when_a_topic_shrinks_and_grows) {
  ASSERT_TRUE(topics_->put({.name = "orders", .read_queues = 4, .write_queues = 4}, "", 1));
  const auto before = topics_->find("orders")->queues;
  ASSERT_TRUE(topics_->put({.name = "orders", .read_queues = 1, .write_queues = 1}, "", 2));
  EXPECT_EQ(topics_->find("orders")->queue_count(), 1);
  ASSERT_TRUE(topics_->put({.name = "orders", .read_queues = 2, .write_queues = 4}, "", 3));
  EXPECT_EQ(topics_->find("orders")->queues, before);
}

TEST_F(TopicsTest, refuses_bad_settings) {
  EXPECT_EQ(refused(topics_->put({.name = "a b"}, "", 1)), Errc::topic_not_valid);
  EXPECT_EQ(refused(topics_->put({.name = "TBW102"}, "", 1)), Errc::topic_not_valid);
  EXPECT_EQ(refused(topics_->put({.name = "a", .read_queues = 0}, "", 1)), Errc::invalid_argument);
  EXPECT_EQ(refused(topics_->put({.name = "a", .write_queues = queues_max + 1}, "", 1)),
            Errc::invalid_argument);
  EXPECT_EQ(topics_->find("a"), nullptr);
  EXPECT_TRUE(announced_.empty());
}

TEST_F(TopicsTest, deletes_what_users_made_only) {
  ASSERT_TRUE(topics_->put({.name = "orders"}, "", 1));
  ASSERT_TRUE(topics_->erase("orders", 2));
  EXPECT_EQ(topics_->find("orders"), nullptr);
  EXPECT_EQ(announced_, (std::vector<std::string>{"orders", "gone"}));
  EXPECT_EQ(refused(topics_->erase("orders", 3)), Errc::topic_not_found);
  EXPECT_EQ(refused(topics_->erase("TBW102", 3)), Errc::topic_not_valid);
  ASSERT_TRUE(metadata_->flush());
  open();
  EXPECT_EQ(topics_->find("orders"), nullptr);
}

TEST_F(TopicsTest, makes_a_retry_topic_once) {
  const Topic* made = topics_->own("%RETRY%readers", 2, 1).value();
  EXPECT_EQ(made->config.name, "%RETRY%readers");
  EXPECT_EQ(made->config.write_queues, 2);
  EXPECT_EQ(topics_->own("%RETRY%readers", 5, 2).value(), made);
  EXPECT_EQ(made->config.write_queues, 2);
  EXPECT_EQ(announced_.size(), 1U);
}

TEST_F(TopicsTest, survives_nonsense_that_a_file_claims) {
  topics_->load({{.name = "negative", .read_queues = -1, .write_queues = -5},
                 {.name = "huge", .read_queues = 2'000'000'000, .write_queues = 1}},
                {});
  EXPECT_EQ(topics_->find("negative")->queue_count(), 0);
  EXPECT_EQ(topics_->find("negative")->config.write_queues, 0) << "others count with it";
  EXPECT_EQ(topics_->find("huge")->queue_count(), queues_max);
  EXPECT_EQ(topics_->find("huge")->config.read_queues, queues_max);
}

class GroupsTest : public ::testing::Test {
 protected:
  GroupsTest() { open(true); }
  void open(bool auto_create) {
    groups_.reset();
    metadata_.reset();
    fs_.kill();
    auto opened = Metadata::open(fs_, "meta");
    ASSERT_TRUE(opened);
    metadata_ = std::move(opened->metadata);
    groups_ = std::make_unique<Groups>(auto_create, *metadata_);
    groups_->load(opened->stored.groups, opened->stored.group_version);
  }

  os::SimFileSystem fs_;
  std::unique_ptr<Metadata> metadata_;
  std::unique_ptr<Groups> groups_;
};

TEST_F(GroupsTest, are_made_at_the_first_look) {
  EXPECT_EQ(groups_->find("readers"), nullptr);
  const auto made = groups_->find_or_create("readers", 3);
  ASSERT_TRUE(made);
  EXPECT_EQ((*made)->retry_max_times, 16);
  EXPECT_EQ(groups_->version().counter, 1);
  ASSERT_TRUE(groups_->find_or_create("readers", 4));
  EXPECT_EQ(groups_->version().counter, 1);
  ASSERT_TRUE(metadata_->flush());
  open(true);
  EXPECT_NE(groups_->find("readers"), nullptr);
}

TEST_F(GroupsTest, are_not_made_where_that_is_off_but_those_of_the_system) {
  open(false);
  EXPECT_EQ(groups_->find_or_create("readers", 1).error().code, Errc::group_not_found);
  EXPECT_TRUE(groups_->find_or_create("CID_RMQ_SYS_TRANS", 1));
}

TEST_F(GroupsTest, have_names_like_topics) {
  EXPECT_EQ(groups_->find_or_create("a b", 1).error().code, Errc::invalid_argument);
  EXPECT_EQ(groups_->put({.name = ""}, 1).error().code, Errc::invalid_argument);
}

TEST_F(GroupsTest, have_no_more_retry_queues_than_a_topic_may_have) {
  for (std::int32_t count : {-1, queues_max + 1}) {
    EXPECT_EQ(groups_->put({.name = "readers", .retry_queues = count}, 1).error().code,
              Errc::invalid_argument)
        << count;
  }
  EXPECT_EQ(groups_->find("readers"), nullptr);
  for (std::int32_t count : {0, queues_max}) {
    EXPECT_TRUE(groups_->put({.name = "readers", .retry_queues = count}, 1)) << count;
  }
}

TEST_F(GroupsTest, change_and_go) {
  ASSERT_TRUE(groups_->put({.name = "readers", .consume_enabled = false}, 1));
  ASSERT_TRUE(groups_->put({.name = "readers", .consume_enabled = false}, 2));
  EXPECT_EQ(groups_->version().counter, 1) << "nothing changed";
  EXPECT_FALSE(groups_->find("readers")->consume_enabled);
  ASSERT_TRUE(groups_->erase("readers", 3));
  EXPECT_EQ(groups_->erase("readers", 4).error().code, Errc::group_not_found);
  ASSERT_TRUE(metadata_->flush());
  open(true);
  EXPECT_EQ(groups_->find("readers"), nullptr);
  EXPECT_EQ(groups_->version().counter, 2);
}

}  // namespace
}  // namespace bolide::broker
