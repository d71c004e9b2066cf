// SPDX-License-Identifier: Apache-2.0
//
// Tests of the name server's settings by namespace and key.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "naming/kv_config.h"

#include <gtest/gtest.h>

namespace bolide::naming {
namespace {

class KvConfigTest : public testing::Test {
 protected:
  std::string saved_;
  bool broken_ = false;
  KvConfig config_{[this](std::string_view json) -> Result<> {
    if (broken_) return fail(Errc::io, "no");
    saved_ = json;
    return {};
  }};
};

TEST_F(KvConfigTest, saves_every_change_in_apaches_form) {
  ASSERT_TRUE(config_.put("ns", "k", "v"));
  EXPECT_EQ(saved_, R"({"configTable":{"ns":{"k":"v"}}})");
  ASSERT_TRUE(config_.erase("ns", "k"));
  EXPECT_EQ(saved_, R"({"configTable":{"ns":{}}})");
}

TEST_F(KvConfigTest, finds_what_was_put) {
  ASSERT_TRUE(config_.put("ns", "k", "v"));
  ASSERT_NE(config_.find("ns", "k"), nullptr);
  EXPECT_EQ(*config_.find("ns", "k"), "v");
  EXPECT_EQ(config_.find("ns", "other"), nullptr);
  EXPECT_EQ(config_.find("other", "k"), nullptr);
  EXPECT_EQ(config_.find("other"), nullptr);
}

TEST_F(KvConfigTest, an_emptied_namespace_stays) {
  ASSERT_TRUE(config_.put("ns", "k", "v"));
  ASSERT_TRUE(config_.erase("ns", "k"));
  ASSERT_NE(config_.find("ns"), nullptr);
  EXPECT_TRUE(config_.find("ns")->empty());
}

TEST_F(KvConfigTest, erasing_what_is_not_there_succeeds_and_saves_nothing) {
  ASSERT_TRUE(config_.erase("ns", "k"));
  EXPECT_EQ(saved_, "");
}

TEST_F(KvConfigTest, a_change_that_cannot_be_saved_is_undone) {
  ASSERT_TRUE(config_.put("ns", "k", "v"));
  broken_ = true;
  EXPECT_EQ(config_.put("ns", "k", "w").error().code, Errc::io);
  EXPECT_EQ(*config_.find("ns", "k"), "v");
  EXPECT_FALSE(config_.erase("ns", "k"));
  EXPECT_EQ(*config_.find("ns", "k"), "v");
}

TEST_F(KvConfigTest, loads_what_it_saved_and_what_apache_saved_prettily) {
  ASSERT_TRUE(config_.load("{\n\t\"configTable\":{\n\t\t\"ORDER_TOPIC_CONFIG\":{\"T\":\"a:4\"}}}"));
  EXPECT_EQ(*config_.find(order_topic_namespace, "T"), "a:4");
  ASSERT_TRUE(config_.load(config_.json()));
  EXPECT_EQ(*config_.find(order_topic_namespace, "T"), "a:4");
}

TEST_F(KvConfigTest, an_empty_file_is_an_empty_table_and_a_broken_one_an_error) {
  ASSERT_TRUE(config_.put("ns", "k", "v"));
  EXPECT_EQ(config_.load("{\"configTable\":").error().code, Errc::malformed);
  EXPECT_EQ(*config_.find("ns", "k"), "v");
  ASSERT_TRUE(config_.load("\n"));
  EXPECT_EQ(config_.find("ns"), nullptr);
}

}  // namespace
}  // namespace bolide::naming
