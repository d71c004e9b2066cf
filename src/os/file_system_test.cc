// SPDX-License-Identifier: Apache-2.0
//
// What both file systems promise, by one suite.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "os/file_system.h"

#include "os/posix_file.h"
#include "os/sim_file_system.h"
#include "os/test_dir.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace bolide::os {
namespace {

enum class Kind : std::uint8_t { posix, sim };

class FileSystems : public testing::TestWithParam<Kind> {
 protected:
  FileSystems() { EXPECT_TRUE(sim_.make_directories(directory_.path())); }

  FileSystem& fs() {
    if (GetParam() == Kind::sim) return sim_;
    return posix_file_system();
  }
  std::string at(std::string_view name) const { return directory_ / name; }
  std::unique_ptr<File> make(std::string_view name) {
    auto file = fs().open(at(name), OpenMode::create_new);
    EXPECT_TRUE(file) << file.error().message();
    return std::move(*file);
  }

 private:
  TemporaryDirectory directory_;
  SimFileSystem sim_;
};

INSTANTIATE_TEST_SUITE_P(Each, FileSystems, testing::Values(Kind::posix, Kind::sim),
                         [](const auto& each) {
                           return std::string(each.param == Kind::posix ? "posix" : "sim");
                         });

std::string read_at(const File& file, std::uint64_t offset, std::size_t size) {
  std::string bytes(size, '?');
  const auto n = file.read(offset, bytes.data(), size);
  EXPECT_TRUE(n);
  bytes.resize(n.value_or(0));
  return bytes;
}

TEST_P(FileSystems, read_what_was_written_and_stop_at_the_end) {
  const auto file = make("f");
  ASSERT_TRUE(file->write(0, "hello world"));
  ASSERT_TRUE(file->write(6, "there"));
  EXPECT_EQ(read_at(*file, 0, 100), "hello there");
  EXPECT_EQ(read_at(*file, 6, 3), "the");
  EXPECT_EQ(read_at(*file, 11, 5), "");
  EXPECT_EQ(read_at(*file, 5000, 5), "");
  EXPECT_EQ(file->size().value(), 11U);
  EXPECT_TRUE(file->sync());
}

TEST_P(FileSystems, holes_read_as_zeros) {
  const auto file = make("f");
  ASSERT_TRUE(file->write(10'000, "end"));
  EXPECT_EQ(read_at(*file, 4'000, 6'003), std::string(6'000, '\0') + "end");
}

TEST_P(FileSystems, large_writes_across_pages_come_back) {
  const auto file = make("f");
  std::string bytes(3U << 20U, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 131 >> 3U);
  ASSERT_TRUE(file->write(4095, bytes));
  file->start_writeback(0, bytes.size());
  EXPECT_EQ(read_at(*file, 4095, bytes.size()), bytes);
}

TEST_P(FileSystems, truncate_cuts_and_grows_with_zeros) {
  const auto file = make("f");
  ASSERT_TRUE(file->write(0, std::string(9'000, 'x')));
  ASSERT_TRUE(file->truncate(5'000));
  EXPECT_EQ(file->size().value(), 5'000U);
  ASSERT_TRUE(file->truncate(9'000));
  EXPECT_EQ(read_at(*file, 4'999, 10'000), "x" + std::string(4'000, '\0'));
}

TEST_P(FileSystems, reserve_does_not_change_the_size) {
  const auto file = make("f");
  ASSERT_TRUE(file->write(0, "abc"));
  ASSERT_TRUE(file->reserve(0, 1U << 20U));
  ASSERT_TRUE(file->reserve(0, 0));
  EXPECT_EQ(file->size().value(), 3U);
}

TEST_P(FileSystems, zeros_reserve_where_the_file_system_cannot) {
  const auto file = make("f");
  ASSERT_TRUE(file->truncate(100'000));
  ASSERT_TRUE(file->write(50'000, "kept"));
  ASSERT_TRUE(reserve_by_writing(*file, 1'000, 90'000));
  EXPECT_EQ(file->size().value(), 100'000U);
  EXPECT_EQ(read_at(*file, 0, 100'000),
            std::string(50'000, '\0') + "kept" + std::string(49'996, '\0'));
  EXPECT_EQ(reserve_by_writing(*file, 90'000, 10'001).error().code, Errc::io);
}

TEST(SimFileSystem, what_zeros_have_reserved_takes_no_more_room) {
  SimFileSystem disk;
  const auto file = std::move(disk.open("f", OpenMode::create)).value();
  ASSERT_TRUE(file->truncate(1U << 20U));
  disk.set_capacity(512U << 10U);
  EXPECT_EQ(reserve_by_writing(*file, 0, 1U << 20U).error().code, Errc::disk_full);
  disk.set_capacity(1U << 20U);
  ASSERT_TRUE(reserve_by_writing(*file, 0, 1U << 20U));
  EXPECT_EQ(disk.space("f")->free_bytes, 0U);
  EXPECT_TRUE(file->write(0, std::string(1U << 20U, 'x')));
}

TEST_P(FileSystems, cached_reads_give_the_bytes_or_nothing) {
  const auto file = make("f");
  ASSERT_TRUE(file->write(0, std::string(6'000, 'c')));
  std::string bytes(7'000, '?');
  const auto n = file->read_cached(0, bytes.data(), bytes.size());
  ASSERT_TRUE(n) << n.error().message();
  ASSERT_TRUE(n->has_value()) << "just written, so in memory";
  EXPECT_EQ(**n, 6'000U);
  EXPECT_EQ(bytes, std::string(6'000, 'c') + std::string(1'000, '?'));
  const auto at_end = file->read_cached(6'000, bytes.data(), 10);
  ASSERT_TRUE(at_end && at_end->has_value());
  EXPECT_EQ(**at_end, 0U);
}

TEST_P(FileSystems, open_modes_do_what_they_say) {
  EXPECT_EQ(fs().open(at("f"), OpenMode::read).error().code, Errc::not_found);
  EXPECT_EQ(fs().open(at("f"), OpenMode::read_write).error().code, Errc::not_found);
  EXPECT_EQ(fs().open(at("none/f"), OpenMode::create).error().code, Errc::not_found);
  ASSERT_TRUE(fs().open(at("f"), OpenMode::create).value()->write(0, "kept"));
  EXPECT_EQ(fs().open(at("f"), OpenMode::create_new).error().code, Errc::io);
  EXPECT_EQ(read_at(*fs().open(at("f"), OpenMode::create).value(), 0, 9), "kept");
  const auto reader = fs().open(at("f"), OpenMode::read).value();
  EXPECT_EQ(reader->write(0, "no").error().code, Errc::io);
  EXPECT_EQ(read_at(*reader, 0, 9), "kept");
}

TEST_P(FileSystems, errors_name_the_call_the_path_and_the_reason) {
  const Error error = fs().open(at("f"), OpenMode::read).error();
  EXPECT_EQ(error.context, "open " + at("f") + ": No such file or directory");
}

TEST_P(FileSystems, directories_are_made_listed_and_removed) {
  ASSERT_TRUE(fs().make_directories(at("a/b/c/")));
  ASSERT_TRUE(fs().make_directories(at("a/b/c"))) << "again";
  for (const char* name : {"a/z", "a/m"}) ASSERT_TRUE(fs().open(at(name), OpenMode::create));
  EXPECT_EQ(fs().list(at("a")).value(), (std::vector<std::string>{"b", "m", "z"}));
  EXPECT_EQ(fs().list(at("x")).error().code, Errc::not_found);
  EXPECT_EQ(fs().list(at("a/z")).error().code, Errc::io);
  EXPECT_FALSE(fs().make_directories(at("a/z/d")));
  EXPECT_FALSE(fs().remove(at("a"))) << "not empty";
  ASSERT_TRUE(fs().remove(at("a/m")));
  EXPECT_EQ(fs().remove(at("a/m")).error().code, Errc::not_found);
  ASSERT_TRUE(fs().remove(at("a/b/c"))) << "empty";
  EXPECT_TRUE(fs().exists(at("a/b")));
  ASSERT_TRUE(fs().remove_all(at("a")));
  EXPECT_FALSE(fs().exists(at("a")));
  EXPECT_TRUE(fs().remove_all(at("a"))) << "nothing there";
}

TEST_P(FileSystems, rename_replaces_and_moves_directories) {
  ASSERT_TRUE(make("a")->write(0, "new"));
  ASSERT_TRUE(make("b")->write(0, "old"));
  ASSERT_TRUE(fs().rename(at("a"), at("b")));
  EXPECT_FALSE(fs().exists(at("a")));
  EXPECT_EQ(read_file(fs(), at("b")).value(), "new");
  ASSERT_TRUE(fs().make_directories(at("d/e")));
  ASSERT_TRUE(fs().rename(at("b"), at("d/e/b")));
  ASSERT_TRUE(fs().rename(at("d"), at("g")));
  EXPECT_EQ(read_file(fs(), at("g/e/b")).value(), "new");
  EXPECT_TRUE(fs().sync_directory(at("g")));
  EXPECT_EQ(fs().rename(at("a"), at("c")).error().code, Errc::not_found);
  EXPECT_EQ(fs().sync_directory(at("d")).error().code, Errc::not_found);
}

TEST_P(FileSystems, a_removed_file_lives_while_it_is_open) {
  const auto file = make("f");
  ASSERT_TRUE(file->write(0, "still"));
  ASSERT_TRUE(fs().remove(at("f")));
  EXPECT_EQ(read_at(*file, 0, 9), "still");
}

TEST_P(FileSystems, a_lock_excludes_other_opens_of_the_same_process) {
  auto first = make("lock");
  const auto second = fs().open(at("lock"), OpenMode::create).value();
  ASSERT_TRUE(first->lock());
  EXPECT_TRUE(first->lock()) << "it has it already";
  EXPECT_EQ(second->lock().error().code, Errc::in_use);
  (void)fs().open(at("lock"), OpenMode::create).value();  // closing another must not free it
  EXPECT_EQ(second->lock().error().code, Errc::in_use);
  first.reset();
  EXPECT_TRUE(second->lock());
}

TEST_P(FileSystems, space_is_plausible) {
  const SpaceInfo space = fs().space(at("")).value();
  EXPECT_GT(space.total_bytes, 0U);
  EXPECT_LE(space.free_bytes, space.total_bytes);
  EXPECT_EQ(fs().space(at("none")).error().code, Errc::not_found);
}

TEST_P(FileSystems, small_files_are_read_and_replaced_whole) {
  EXPECT_EQ(read_file(fs(), at("f")).error().code, Errc::not_found);
  ASSERT_TRUE(replace_file(fs(), at("f"), "one"));
  EXPECT_EQ(read_file(fs(), at("f")).value(), "one");
  ASSERT_TRUE(fs().open(at("f.tmp"), OpenMode::create).value()->write(0, "left by a crash"));
  ASSERT_TRUE(replace_file(fs(), at("f"), "two"));
  EXPECT_EQ(read_file(fs(), at("f")).value(), "two");
  EXPECT_FALSE(fs().exists(at("f.tmp")));
  ASSERT_TRUE(replace_file(fs(), at("f"), ""));
  EXPECT_EQ(read_file(fs(), at("f")).value(), "");
  const std::string large(300'000, 'l');
  ASSERT_TRUE(replace_file(fs(), at("f"), large));
  EXPECT_EQ(read_file(fs(), at("f"), large.size()).value(), large);
  EXPECT_EQ(read_file(fs(), at("f"), large.size() - 1).error().code, Errc::malformed);
  EXPECT_EQ(read_file(fs(), at("f"), 0).error().code, Errc::malformed);
}

TEST_P(FileSystems, sync_and_read_run_beside_write) {
  const auto file = make("f");
  constexpr int blocks = 400;
  std::atomic<int> written = 0;
  std::thread syncer([&] {
    while (written < blocks) EXPECT_TRUE(file->sync());
  });
  std::thread reader([&] {
    while (written < blocks) {
      const auto offset = static_cast<std::uint64_t>(written) * 3'000;
      if (offset == 0) continue;
      EXPECT_EQ(read_at(*file, offset - 3'000, 3'000), std::string(3'000, 'w'));
    }
  });
  for (int i = 0; i < blocks; ++i) {
    EXPECT_TRUE(file->write(static_cast<std::uint64_t>(i) * 3'000, std::string(3'000, 'w')));
    ++written;
  }
  syncer.join();
  reader.join();
  EXPECT_EQ(file->size().value(), 3'000U * blocks);
}

}  // namespace
}  // namespace bolide::os
