// SPDX-License-Identifier: Apache-2.0
//
// What only the simulated disk can show: loss of power, faults on demand, lack of space.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "os/sim_file_system.h"

#include <gtest/gtest.h>

#include <optional>
#include <set>

namespace bolide::os {
namespace {

class SimDisk : public testing::Test {
 protected:
  std::unique_ptr<File> open(const std::string& path) {
    return fs.open(path, OpenMode::create).value();
  }
  // A file that is on the disk with this content and name.
  void put(const std::string& path, std::string_view content) {
    const auto file = open(path);
    EXPECT_TRUE(file->truncate(0) && file->write(0, content) && file->sync());
    EXPECT_TRUE(fs.sync_directory("/"));
  }
  std::optional<std::string> content(const std::string& path) {
    auto text = read_file(fs, path);
    if (!text) return std::nullopt;
    return std::move(*text);
  }

  SimFileSystem fs;
};

TEST_F(SimDisk, loss_of_power_takes_what_was_not_synced) {
  put("/f", "first");
  const auto file = open("/f");
  ASSERT_TRUE(file->write(5, " second") && file->sync() && file->write(0, "FIRST"));
  fs.crash();
  EXPECT_EQ(content("/f"), "first second");
}

TEST_F(SimDisk, loss_of_power_takes_names_that_were_not_synced) {
  put("/kept", "k");
  put("/moved", "m");
  const auto file = open("/new");
  ASSERT_TRUE(file->write(0, "n") && file->sync());
  ASSERT_TRUE(fs.rename("/moved", "/elsewhere") && fs.remove("/kept"));
  fs.crash();
  EXPECT_EQ(fs.list("/").value(), (std::vector<std::string>{"kept", "moved"}));
  ASSERT_TRUE(fs.rename("/moved", "/elsewhere") && fs.remove("/kept") && fs.sync_directory("/"));
  fs.crash();
  EXPECT_EQ(fs.list("/").value(), (std::vector<std::string>{"elsewhere"}));
  EXPECT_EQ(content("/elsewhere"), "m");
}

TEST_F(SimDisk, a_name_without_content_is_an_empty_file_after_loss_of_power) {
  ASSERT_TRUE(open("/f")->write(0, "lost") && fs.sync_directory("/"));
  fs.crash();
  EXPECT_EQ(content("/f"), "");
}

TEST_F(SimDisk, made_directories_are_durable) {
  ASSERT_TRUE(fs.make_directories("/a/b"));
  fs.crash();
  EXPECT_TRUE(fs.exists("/a/b"));
}

TEST_F(SimDisk, truncation_is_durable_only_after_sync) {
  put("/f", std::string(10'000, 'x'));
  ASSERT_TRUE(open("/f")->truncate(100));
  fs.crash();
  EXPECT_EQ(content("/f"), std::string(10'000, 'x'));
  const auto file = open("/f");
  ASSERT_TRUE(file->truncate(100) && file->sync() && file->truncate(10'000));
  fs.crash();
  EXPECT_EQ(content("/f"), std::string(100, 'x'));
}

TEST_F(SimDisk, files_of_before_a_crash_are_dead) {
  for (const bool power : {true, false}) {
    const auto file = open("/f");
    ASSERT_TRUE(file->lock());
    power ? fs.crash() : fs.kill();
    char byte = 0;
    EXPECT_EQ(file->write(0, "x").error().code, Errc::io);
    EXPECT_EQ(file->read(0, &byte, 1).error().code, Errc::io);
    EXPECT_EQ(file->sync().error().code, Errc::io);
    EXPECT_EQ(file->size().error().code, Errc::io);
    const auto next = open("/f");
    EXPECT_TRUE(next->lock()) << "the lock died with its holder";
  }
}

TEST_F(SimDisk, death_of_the_process_keeps_what_was_written) {
  ASSERT_TRUE(open("/f")->write(0, "not synced"));
  fs.kill();
  EXPECT_EQ(content("/f"), "not synced");
}

TEST_F(SimDisk, a_random_crash_keeps_pages_sizes_and_names_of_every_kind) {
  std::set<std::string> outcomes;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SimFileSystem disk;
    {
      const auto file = disk.open("/f", OpenMode::create).value();
      ASSERT_TRUE(file->write(0, std::string(4096, 'a')) && file->sync());
      ASSERT_TRUE(disk.sync_directory("/"));
      ASSERT_TRUE(file->write(0, std::string(4096, 'b')));
      ASSERT_TRUE(file->write(4096, std::string(4096, 'c')));
      ASSERT_TRUE(disk.rename("/f", "/g"));
    }
    Random random(seed);
    disk.crash(random);
    const std::string name = disk.exists("/f") ? "f" : "g";
    EXPECT_NE(disk.exists("/f"), disk.exists("/g")) << "a rename is whole or absent";
    const std::string bytes = read_file(disk, name).value();
    ASSERT_TRUE(bytes.size() == 4096 || bytes.size() == 8192);
    std::string outcome = name;
    for (std::size_t page = 0; page < bytes.size(); page += 4096) {
      EXPECT_EQ(bytes.substr(page, 4096), std::string(4096, bytes[page])) << "pages are whole";
      outcome += bytes[page] == '\0' ? '0' : bytes[page];
    }
    outcomes.insert(outcome);
  }
  for (const char* one : {"fa", "fb", "fac", "fa0", "fbc", "fb0", "ga", "gbc"})
    EXPECT_TRUE(outcomes.contains(one)) << one;
}

TEST_F(SimDisk, the_same_seed_gives_the_same_disk) {
  std::string results[2];
  for (std::string& result : results) {
    SimFileSystem disk;
    const auto file = disk.open("/f", OpenMode::create).value();
    ASSERT_TRUE(disk.sync_directory("/") && file->write(0, std::string(100'000, 'x')));
    Random random(42);
    disk.crash(random);
    result = read_file(disk, "/f").value();
  }
  EXPECT_EQ(results[0], results[1]);
}

TEST_F(SimDisk, the_nth_call_fails_once_or_for_ever) {
  const auto file = open("/f");
  fs.fail_at(FileOperation::write, 2, Errc::io);
  fs.fail_at(FileOperation::sync, 1, Errc::disk_full, true);
  EXPECT_TRUE(file->write(0, "1"));
  EXPECT_EQ(file->write(0, "22").error().context, "write /f: fault on demand");
  EXPECT_EQ(content("/f"), "2") << "a failed write wrote its first half";
  EXPECT_TRUE(file->write(0, "3"));
  EXPECT_EQ(file->sync().error().code, Errc::disk_full);
  EXPECT_EQ(file->sync().error().code, Errc::disk_full);
  fs.clear_faults();
  EXPECT_TRUE(file->sync());
  EXPECT_EQ(fs.count(FileOperation::write), 3U);
  EXPECT_EQ(fs.count(FileOperation::sync), 3U);
}

TEST_F(SimDisk, what_a_failed_sync_lost_stays_lost) {
  put("/f", "old");
  const auto file = open("/f");
  ASSERT_TRUE(file->write(0, "new"));
  fs.fail_at(FileOperation::sync, 1, Errc::io);
  EXPECT_FALSE(file->sync());
  EXPECT_TRUE(file->sync()) << "it says so, as Linux does";
  EXPECT_EQ(content("/f"), "new");
  fs.crash();
  EXPECT_EQ(content("/f"), "old");
}

TEST_F(SimDisk, every_operation_can_fail) {
  const auto file = open("/f");
  char byte = 0;
  const auto expect_fault = [&](FileOperation operation, auto call) {
    fs.fail_at(operation, 1, Errc::no_permission);
    EXPECT_EQ(call().error().code, Errc::no_permission) << static_cast<int>(operation);
  };
  using enum FileOperation;
  expect_fault(FileOperation::open, [&] { return fs.open("/f", OpenMode::read); });
  expect_fault(FileOperation::read, [&] { return file->read(0, &byte, 1); });
  expect_fault(read_cached, [&] { return file->read_cached(0, &byte, 1); });
  expect_fault(truncate, [&] { return file->truncate(0); });
  expect_fault(reserve, [&] { return file->reserve(0, 1); });
  expect_fault(lock, [&] { return file->lock(); });
  expect_fault(make_directories, [&] { return fs.make_directories("/d"); });
  expect_fault(list, [&] { return fs.list("/"); });
  expect_fault(remove, [&] { return fs.remove("/f"); });
  expect_fault(rename, [&] { return fs.rename("/f", "/g"); });
  expect_fault(sync_directory, [&] { return fs.sync_directory("/"); });
  expect_fault(space, [&] { return fs.space("/"); });
  EXPECT_EQ(fs.list("/").value(), (std::vector<std::string>{"f"}));
}

TEST_F(SimDisk, a_full_disk_refuses_writes_and_reservations_until_room_is_made) {
  fs.set_capacity(10 * 4096);
  const auto file = open("/f");
  ASSERT_TRUE(file->reserve(0, 4 * 4096));
  ASSERT_TRUE(file->write(0, std::string(4 * 4096, 'x'))) << "into what was reserved";
  EXPECT_EQ(fs.space("/").value().total_bytes, 10U * 4096);
  EXPECT_EQ(fs.space("/").value().free_bytes, 6U * 4096);
  EXPECT_EQ(file->reserve(0, 11 * 4096).error().code, Errc::disk_full);
  EXPECT_EQ(fs.space("/").value().free_bytes, 0U);
  EXPECT_EQ(open("/g")->write(0, "x").error().code, Errc::disk_full);
  ASSERT_TRUE(file->truncate(4096));
  EXPECT_EQ(fs.space("/").value().free_bytes, 9U * 4096);
  const auto over = open("/g")->write(0, std::string(10 * 4096, 'y'));
  EXPECT_EQ(over.error().context, "write /g: No space left on device");
  EXPECT_EQ(content("/g")->size(), 9U * 4096) << "what found room was written";
  ASSERT_TRUE(fs.remove("/g") && fs.sync_directory("/"));
  EXPECT_EQ(fs.space("/").value().free_bytes, 9U * 4096);
}

TEST_F(SimDisk, a_cold_cache_gives_nothing) {
  put("/f", "cold");
  const auto file = open("/f");
  char bytes[4];
  fs.set_cached(false);
  EXPECT_FALSE(file->read_cached(0, bytes, 4).value().has_value());
  EXPECT_EQ(file->read(0, bytes, 4).value(), 4U);
  fs.set_cached(true);
  EXPECT_EQ(file->read_cached(0, bytes, 4).value(), 4U);
}

TEST_F(SimDisk, a_flipped_bit_survives_a_crash) {
  put("/f", "aaaa");
  fs.flip_bit("/f", 1);
  EXPECT_EQ(content("/f"), "a`aa");
  fs.crash();
  EXPECT_EQ(content("/f"), "a`aa");
  ASSERT_TRUE(open("/f")->write(2, "zz"));  // seen and durable differ now
  fs.flip_bit("/f", 1);
  EXPECT_EQ(content("/f"), "aazz");
  fs.crash();
  EXPECT_EQ(content("/f"), "aaaa");
}

// Power is cut at each call that replace_file makes, with every kind of loss.
TEST_F(SimDisk, replace_file_leaves_the_old_or_the_new_content_whenever_power_fails) {
  const std::string old_content(9'000, 'o');
  const std::string new_content(13'000, 'n');
  bool finished = false;
  std::set<std::string> seen;
  for (int nth = 1; !finished; ++nth) {
    ASSERT_LT(nth, 20);
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
      SimFileSystem disk;
      ASSERT_TRUE(disk.make_directories("/d") && replace_file(disk, "/d/f", old_content));
      disk.cut_power_at(nth);
      finished = replace_file(disk, "/d/f", new_content).has_value();
      EXPECT_NE(finished, disk.power_is_off());
      Random random(seed);
      seed == 0 ? disk.crash() : disk.crash(random);
      const auto after = read_file(disk, "/d/f");
      ASSERT_TRUE(after) << after.error().message();
      ASSERT_TRUE(*after == new_content || (!finished && *after == old_content))
          << "at call " << nth << ", seed " << seed;
      seen.insert(after->substr(0, 1));
      ASSERT_TRUE(replace_file(disk, "/d/f", "again"));
      ASSERT_EQ(read_file(disk, "/d/f").value(), "again");
    }
  }
  EXPECT_EQ(seen, (std::set<std::string>{"n", "o"}));
}

TEST_F(SimDisk, replace_file_that_fails_keeps_the_old_content) {
  using enum FileOperation;
  for (const FileOperation operation : {FileOperation::open, truncate, write, sync, rename}) {
    put("/f", "old");
    fs.fail_at(operation, 1, Errc::disk_full);
    EXPECT_EQ(replace_file(fs, "/f", "new").error().code, Errc::disk_full);
    EXPECT_EQ(content("/f"), "old");
    EXPECT_FALSE(fs.exists("/f.tmp"));
  }
}

}  // namespace
}  // namespace bolide::os
