// SPDX-License-Identifier: Apache-2.0
//
// Tests of names, and of where a broadcasting consumer keeps its offsets.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "client/names.h"

#include "client/offset_file.h"
#include "os/sim_file_system.h"

#include <gtest/gtest.h>

namespace bolide::client {
namespace {

TEST(Names, topics_and_groups_follow_the_servers_rule) {
  for (const char* const good : {"a", "A-z_0", "%RETRY%g", "a|b"}) {
    EXPECT_TRUE(check_topic(good)) << good;
    EXPECT_TRUE(check_group(good)) << good;
  }
  for (const char* const bad : {"", "a b", "a/b", "\xC3\xBC", "a.b", "a+b", "a\n"}) {
    EXPECT_FALSE(check_topic(bad)) << bad;
    EXPECT_FALSE(check_group(bad)) << bad;
  }
  EXPECT_TRUE(check_topic(std::string(127, 't')));
  const auto longer = check_topic(std::string(128, 't'));
  ASSERT_FALSE(longer);
  EXPECT_EQ(longer.error().code, Errc::topic_not_valid);
  EXPECT_NE(longer.error().message().find("127"), std::string::npos);
}

TEST(Names, a_name_space_stands_before_names_and_behind_prefixes) {
  EXPECT_EQ(wrap("ns", "t"), "ns%t");
  EXPECT_EQ(wrap("ns", "%RETRY%g"), "%RETRY%ns%g");
  EXPECT_EQ(wrap("ns", "%DLQ%g"), "%DLQ%ns%g");
  EXPECT_EQ(wrap("", "t"), "t");
  for (const char* const name : {"TBW102", "rmq_sys_x", "DefaultCluster_REPLY_TOPIC"})
    EXPECT_EQ(wrap("ns", name), name);
  EXPECT_EQ(unwrap("ns", "ns%t"), "t");
  EXPECT_EQ(unwrap("ns", "%RETRY%ns%g"), "%RETRY%g");
  EXPECT_EQ(unwrap("ns", "other%t"), "other%t");
  EXPECT_EQ(unwrap("", "ns%t"), "ns%t");
}

TEST(OffsetFile, keeps_offsets_where_the_java_client_looks_for_them) {
  os::SimFileSystem fs;
  const OffsetFile file(fs, "/home/offsets", "10.0.0.1@me", "group");
  ASSERT_TRUE(file.load());
  EXPECT_TRUE(file.load()->empty());
  const Offsets offsets{{{"t", "b", 0}, 5}, {{"t", "b", 1}, 1LL << 40}};
  ASSERT_TRUE(file.save(offsets));
  EXPECT_TRUE(fs.exists("/home/offsets/10.0.0.1@me/group/offsets.json"));
  EXPECT_EQ(*file.load(), offsets);
}

TEST(OffsetFile, reads_what_the_java_client_wrote) {
  os::SimFileSystem fs;
  ASSERT_TRUE(fs.make_directories("/o/c/g"));
  ASSERT_TRUE(os::replace_file(fs, "/o/c/g/offsets.json", R"({
	"offsetTable":{{
			"brokerName":"b",
			"queueId":3,
			"topic":"t"
		}:17
	}
})"));
  EXPECT_EQ(*OffsetFile(fs, "/o", "c", "g").load(), (Offsets{{{"t", "b", 3}, 17}}));
}

TEST(OffsetFile, says_which_file_is_damaged_and_keeps_the_old_when_a_write_fails) {
  os::SimFileSystem fs;
  const OffsetFile file(fs, "/o", "c", "g");
  ASSERT_TRUE(file.save({{{"t", "b", 0}, 5}}));
  fs.fail_at(os::FileOperation::write, 1, Errc::disk_full);
  EXPECT_FALSE(file.save({{{"t", "b", 0}, 6}}));
  EXPECT_EQ((*file.load()).begin()->second, 5);
  ASSERT_TRUE(os::replace_file(fs, "/o/c/g/offsets.json", "{"));
  const auto damaged = file.load();
  ASSERT_FALSE(damaged);
  EXPECT_NE(damaged.error().message().find("/o/c/g/offsets.json"), std::string::npos);
}

}  // namespace
}  // namespace bolide::client
