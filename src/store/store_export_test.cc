// SPDX-License-Identifier: Apache-2.0
//
// Exporting a store: what is written is read back by a decoder of RocketMQ's formats written for
// this test.
#include "store/store_export.h"

#include "base/crc.h"
#include "base/cursor.h"
#include "os/sim_file_system.h"
#include "store/segment.h"
#include "store/store_layout.h"
#include "store/store_test_util.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>
#include <map>
#include <string>

namespace bolide::store {
namespace {

constexpr std::int64_t units_per_file = 10;
constexpr IndexFileShape small_index{.slots = 7, .entries = 50};

class StoreExport : public ::testing::Test {
 protected:
  void SetUp() override {
    options_.directory = "/store";
    options_.segment_bytes = 16 << 10;
    open();
  }
  void open() {
    auto opened =
        open_store(disk_, options_, {agent_.background(), agent_.background()}, clock_.now());
    ASSERT_TRUE(opened) << opened.error().message();
    store_ = std::move(*opened);
  }
  void close() {
    ASSERT_TRUE(store_->close());
    store_.reset();
  }
  std::int64_t send(std::string_view topic, int queue, std::string_view properties = "") {
    clock_.advance_ms(700);
    const auto done = testing::append(*store_, store_->queue(topic, queue), std::string(200, 'b'),
                                      clock_.now(), properties);
    EXPECT_TRUE(done);
    EXPECT_TRUE(store_->write_turn(clock_.now()));
    return done ? done->position : -1;
  }
  Result<ExportReport> try_export() {
    ExportOptions options;
    options.queue_file_units = units_per_file;
    options.index_shape = small_index;
    options.leave_out = [](std::string_view topic) { return topic == "batches"; };
    return export_store(disk_, "/store", options);
  }
  ExportReport exported() {
    const auto report = try_export();
    EXPECT_TRUE(report) << report.error().message();
    return report ? *report : ExportReport{};
  }

  // Every unit of a queue by its offset, fillers too.
  std::map<std::int64_t, QueueUnit> units(const std::string& queue) {
    std::map<std::int64_t, QueueUnit> found;
    const std::string directory = "/store/consumequeue/" + queue;
    const auto names = disk_.list(directory);
    if (!names) return found;
    for (const std::string& name : *names) {
      const auto bytes = os::read_file(disk_, directory + "/" + name);
      EXPECT_TRUE(bytes);
      EXPECT_EQ(bytes->size(), static_cast<std::size_t>(units_per_file * queue_unit_bytes));
      EXPECT_EQ(name.size(), 20U);
      ByteReader from(*bytes);
      for (std::int64_t at = 0; at < units_per_file; ++at) {
        QueueUnit unit;
        unit.position = from.i64();
        unit.size = from.i32();
        unit.tags_code = from.i64();
        if (unit.size > 0) found[name_position(name) / queue_unit_bytes + at] = unit;
      }
      EXPECT_TRUE(found.contains(name_position(name) / queue_unit_bytes)) << "a file of zeros";
    }
    return found;
  }

  // As the broker looks a key up in one file, newest first; with the seconds since its first entry.
  std::vector<std::pair<std::int64_t, std::int32_t>> look_up(const std::string& file,
                                                             const std::string& key) {
    const std::string bytes = *os::read_file(disk_, "/store/index/" + file);
    EXPECT_EQ(bytes.size(), small_index.file_bytes());
    const std::int32_t hash = std::abs(java_hash(key));
    const auto at = [&](std::size_t offset) { return load_big<std::int32_t>(&bytes[offset]); };
    std::vector<std::pair<std::int64_t, std::int32_t>> found;
    const std::size_t entries = 40 + 4 * static_cast<std::size_t>(small_index.slots);
    for (std::int32_t number = at(40 + 4 * static_cast<std::size_t>(hash % small_index.slots));
         number > 0;) {
      EXPECT_LT(number, at(36));
      const std::size_t entry = entries + 20 * static_cast<std::size_t>(number);
      if (at(entry) == hash)
        found.emplace_back(load_big<std::int64_t>(&bytes[entry + 4]), at(entry + 12));
      EXPECT_LT(at(entry + 16), number);
      number = at(entry + 16);
    }
    return found;
  }

  os::SimFileSystem disk_;
  StoreOptions options_;
  ManualClock clock_;
  testing::StepAgent agent_;
  std::unique_ptr<MessageStore> store_;
};

TEST_F(StoreExport, writes_a_unit_for_each_message_at_its_offset_over_many_files) {
  std::map<std::int64_t, std::int64_t> positions;
  for (int i = 0; i < 95; ++i) positions[i] = send("orders", 1, "TAGS\1paid\2");
  send("orders", 0);
  send("a queue of one whole file", 0);
  for (int i = 1; i < 10; ++i) send("a queue of one whole file", 0);
  close();
  const ExportReport report = exported();
  EXPECT_EQ(report.records, 106U);
  EXPECT_EQ(report.queues, 3U);
  EXPECT_EQ(report.queue_files, 12U);
  const auto found = units("orders/1");
  ASSERT_EQ(found.size(), 95U);
  for (const auto& [offset, unit] : found) {
    EXPECT_EQ(unit.position, positions[offset]);
    EXPECT_EQ(unit.tags_code, java_hash("paid"));
    EXPECT_GT(unit.size, 200);
  }
  EXPECT_EQ(units("orders/0").at(0).tags_code, 0);
  EXPECT_EQ(disk_.list("/store/consumequeue/a queue of one whole file/0")->size(), 1U)
      << "a file without units would be taken for one with a unit";
  EXPECT_FALSE(disk_.exists("/store/bolide/export"));
  EXPECT_FALSE(disk_.exists("/store/abort"));
}

TEST_F(StoreExport, signs_extends_the_hash_of_tags) {
  ASSERT_LT(java_hash("negative tags"), 0);
  send("t", 0, "TAGS\1negative tags\2");
  send("t", 0, "TAGS\1first\2TAGS\1last\2");
  send("t", 0, "TAGS\1\2");
  close();
  exported();
  EXPECT_EQ(units("t/0").at(0).tags_code, java_hash("negative tags"));
  EXPECT_EQ(units("t/0").at(1).tags_code, java_hash("last"));
  EXPECT_EQ(units("t/0").at(2).tags_code, 0);
}

TEST_F(StoreExport, gives_delayed_messages_the_time_at_which_they_are_due) {
  send("SCHEDULE_TOPIC_XXXX", 2, "DELAY\0013\2TAGS\1x\2");
  const std::int64_t first_ms = clock_.now().wall_ms;
  send("SCHEDULE_TOPIC_XXXX", 17, "DELAY\00199\2");
  send("orders", 0, "DELAY\0013\2");
  close();
  exported();
  EXPECT_EQ(units("SCHEDULE_TOPIC_XXXX/2").at(0).tags_code, first_ms + 10'000);
  EXPECT_EQ(units("SCHEDULE_TOPIC_XXXX/17").at(0).tags_code, first_ms + 700 + 7'200'000);
  EXPECT_EQ(units("orders/0").at(0).tags_code, 0);
}

TEST_F(StoreExport, writes_the_units_of_light_queues) {
  const auto named = [](std::string_view queues, std::string_view offsets) {
    std::string properties = "INNER_MULTI_DISPATCH\x01" + std::string(queues) + "\x02";
    properties += "INNER_MULTI_QUEUE_OFFSET\x01" + std::string(offsets) + "\x02";
    return properties;
  };
  const std::int64_t first = send("orders", 0, named("%LMQ%a", "0"));
  const std::int64_t both = send("orders", 1, named("%LMQ%a,%LMQ%b,%LMQ%b", "1,0,0"));
  send("%RETRY%g", 0, named("%LMQ%a", "0"));
  close();
  exported();
  const auto a = units("%LMQ%a/0");
  ASSERT_EQ(a.size(), 2U);
  EXPECT_EQ(a.at(0).position, first);
  EXPECT_EQ(a.at(1).position, both);
  ASSERT_EQ(units("%LMQ%b/0").size(), 1U);
  EXPECT_EQ(units("orders/1").at(0).position, both);
}

TEST_F(StoreExport, finds_every_key_in_chained_slots_and_further_files) {
  std::vector<std::int64_t> positions;
  for (int i = 0; i < 40; ++i)
    positions.push_back(send(
        "orders", 0,
        "TAGS\1T\2KEYS\1k" + std::to_string(i) + "  all\2UNIQ_KEY\1u" + std::to_string(i) + "\2"));
  close();
  const ExportReport report = exported();
  EXPECT_EQ(report.keys, 160U);
  EXPECT_EQ(report.index_files, 4U);
  const auto names = disk_.list("/store/index");
  ASSERT_TRUE(names);
  ASSERT_EQ(names->size(), 4U);
  std::vector<std::int64_t> all;
  for (const std::string& name : *names) {
    EXPECT_EQ(name.size(), 17U);
    const auto found = look_up(name, "orders#all");
    for (auto entry = found.rbegin(); entry != found.rend(); ++entry) all.push_back(entry->first);
  }
  EXPECT_EQ(all, positions);
  const auto third = look_up(names->front(), "orders#k3");
  ASSERT_EQ(third.size(), 1U);
  EXPECT_EQ(third[0], std::make_pair(positions[3], 2)) << "3 * 700 ms after the first";
  EXPECT_EQ(look_up(names->front(), "orders#u3").size(), 1U);
  EXPECT_FALSE(look_up(names->front(), "orders#T#T").empty());
  EXPECT_TRUE(look_up(names->front(), "others#k3").empty());

  const std::string head = *os::read_file(disk_, "/store/index/" + names->front());
  ByteReader header(head);
  EXPECT_EQ(header.i64(), 1'700'000'000'700) << "time of the first entry";
  EXPECT_EQ(header.i64(), 1'700'000'000'700 + 12 * 700) << "and of the last, the 49th";
  EXPECT_EQ(header.i64(), positions[0]);
  EXPECT_EQ(header.i64(), positions[12]);
  EXPECT_LE(header.i32(), small_index.slots);
  EXPECT_EQ(header.i32(), small_index.entries) << "as in a full file";
}

TEST_F(StoreExport, says_in_the_checkpoint_how_far_it_goes) {
  send("t", 0);
  const std::int64_t last = send("t", 0);
  close();
  const ExportReport report = exported();
  const auto bytes = os::read_file(disk_, "/store/checkpoint");
  ASSERT_TRUE(bytes);
  EXPECT_EQ(bytes->size(), 4096U);
  ByteReader from(*bytes);
  EXPECT_EQ(from.i64(), clock_.now().wall_ms);
  EXPECT_EQ(from.i64(), clock_.now().wall_ms);
  from.skip(16);
  EXPECT_EQ(from.i64(), report.end_position);
  EXPECT_EQ(from.i64(), last);
}

TEST_F(StoreExport, begins_a_queue_in_the_middle_of_a_file_when_the_log_was_trimmed) {
  options_.retention_ms = 100'000;
  close();
  open();
  for (int i = 0; i < 7; ++i) send("gone", 0);
  for (int i = 0; i < 400; ++i) {
    send("orders", 0);
    store_->tick(clock_.now());
  }
  const std::int64_t min = store_->min_offset(*store_->find_queue("orders", 0));
  const std::int64_t log_min = store_->stats().min_position;
  ASSERT_GT(log_min, 0);
  ASSERT_GT(min % units_per_file, 0);
  close();
  exported();
  const auto found = units("orders/0");
  EXPECT_EQ(found.begin()->first, min - min % units_per_file);
  EXPECT_EQ(found.rbegin()->first, 399);
  for (const auto& [offset, unit] : found) EXPECT_EQ(unit.position < log_min, offset < min);
  // A queue without a message left: its next offset must not be given again, and what is appended
  // next must not look as if it were indexed already.
  const auto gone = units("gone/0");
  ASSERT_EQ(gone.size(), 7U);
  EXPECT_EQ(gone.at(6).position + gone.at(6).size, 1);
}

TEST_F(StoreExport, leaves_out_what_a_deleted_topic_has_left_in_a_trimmed_log) {
  options_.retention_ms = 100'000;
  close();
  open();
  for (int i = 0; i < 300; ++i) {
    send(i % 9 == 0 ? "deleted" : "orders", 0);
    store_->tick(clock_.now());
  }
  ASSERT_GT(store_->stats().min_position, 0);
  store_->trim_queue(*store_->find_queue("deleted", 0), store_->stats().max_position);
  const std::int64_t position = send("deleted", 0);
  close();
  exported();
  const auto found = units("deleted/0");
  EXPECT_EQ(found.begin()->first, 30);
  EXPECT_EQ(found.rbegin()->first, 34);
  EXPECT_EQ(found.at(34).position, position);
  EXPECT_EQ(found.at(33).position, 0) << "no message but a filler";
}

TEST_F(StoreExport, leaves_out_topics_that_it_is_told_to) {
  send("batches", 0, "KEYS\1k\2");
  send("orders", 0);
  close();
  const ExportReport report = exported();
  EXPECT_EQ(report.left_out, 1U);
  EXPECT_FALSE(disk_.exists("/store/consumequeue/batches"));
  EXPECT_EQ(units("orders/0").size(), 1U);
}

TEST_F(StoreExport, replaces_an_earlier_one_and_is_set_aside_by_the_next_start) {
  send("orders", 0);
  close();
  exported();
  exported();
  open();
  EXPECT_FALSE(disk_.exists("/store/consumequeue"));
  EXPECT_FALSE(disk_.exists("/store/index"));
  EXPECT_FALSE(disk_.exists("/store/checkpoint"));
  send("orders", 0);
  close();
  exported();
  EXPECT_EQ(units("orders/0").size(), 2U);
}

TEST_F(StoreExport, refuses_what_bolide_has_not_closed) {
  send("orders", 0);
  auto refused = try_export();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::in_use);
  store_.reset();  // as if killed
  disk_.kill();
  refused = try_export();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::invalid_argument);
  open();
  close();
  exported();
  // Another server appends.
  const auto file = disk_.open("/store/commitlog/00000000000000000000", os::OpenMode::read_write);
  Record record;
  record.topic = "orders";
  record.queue_offset = 1;
  const auto report = try_export();
  ASSERT_TRUE(report);
  record.position = report->end_position;
  std::string bytes(record_size(record), '\0');
  encode_record(record, bytes.data());
  ASSERT_TRUE((*file)->write(static_cast<std::uint64_t>(record.position), bytes));
  refused = try_export();
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().context.find("another server"), std::string::npos);
}

TEST_F(StoreExport, leaves_the_old_files_when_the_disk_is_full) {
  for (int i = 0; i < 20; ++i) send("orders", i);
  close();
  exported();
  disk_.fail_at(os::FileOperation::write, 5, Errc::disk_full);
  const auto refused = try_export();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::disk_full);
  EXPECT_EQ(units("orders/19").size(), 1U);
  EXPECT_TRUE(disk_.exists("/store/checkpoint"));
  EXPECT_FALSE(disk_.exists("/store/bolide/export"));
}

}  // namespace
}  // namespace bolide::store
