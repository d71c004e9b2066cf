// SPDX-License-Identifier: Apache-2.0
//
// Tests of all leases and their journal: restarts, kills, power losses, a full disk.
#include "broker/leases/lease_table.h"

#include "base/assert.h"
#include "base/random.h"
#include "os/sim_file_system.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>

namespace bolide::broker {
namespace {

class Rig {
 public:
  Rig() { open(); }

  void open() {
    auto opened_metadata = Metadata::open(fs, "meta");
    BOLIDE_ASSERT(opened_metadata.has_value());
    metadata = std::move(opened_metadata->metadata);
    offsets.emplace(*metadata);
    offsets->load(opened_metadata->stored.offsets);
    auto opened = LeaseLog::open(fs, "leases");
    BOLIDE_ASSERT(opened.has_value());
    table.emplace(*offsets, std::move(*opened),
                  [this](const LeaseName&) { return std::optional(end); });
  }
  void kill() {
    close();
    fs.kill();
    open();
  }
  void close() {
    table.reset();
    offsets.reset();
    metadata.reset();
  }
  LeasePlace& place(std::int32_t queue_id = 0) {
    LeasePlace* found = table->find("readers", "orders", queue_id);
    if (found != nullptr) return *found;
    return table->add({.group = "readers", .topic = "orders", .queue_id = queue_id}, 0);
  }
  void give(std::int64_t count, LeaseTerms terms, std::int32_t queue_id = 0) {
    LeaseQueue& queue = place(queue_id).queue;
    std::vector<std::int64_t> given(static_cast<std::size_t>(count));
    std::iota(given.begin(), given.end(), queue.cursor());
    queue.give(given, queue.cursor() + count, terms);
    table->changed(place(queue_id));
  }
  Settled ack(std::int64_t offset, std::int64_t given_ms) {
    const Settled settled = place().queue.ack(offset, given_ms);
    table->changed(place());
    return settled;
  }
  std::vector<std::int64_t> open_messages(std::int32_t queue_id = 0) {
    std::vector<std::int64_t> all;
    place(queue_id).queue.leases().for_each([&](const Lease& lease) {
      for_each_open(lease, [&](std::int64_t offset) { all.push_back(offset); });
      return true;
    });
    std::ranges::sort(all);
    return all;
  }
  int ended(std::int64_t now_ms) {
    int count = 0;
    table->take_ended(now_ms, [&](LeasePlace&) { ++count; });
    return count;
  }

  os::SimFileSystem fs;
  std::int64_t end = 1'000'000;
  std::unique_ptr<Metadata> metadata;
  std::optional<Offsets> offsets;
  std::optional<LeaseTable> table;
};

TEST(LeaseTable, counts_what_is_given) {
  Rig rig;
  rig.give(3, {.given_ms = 100, .until_ms = 200});
  rig.give(2, {.given_ms = 100, .until_ms = 200}, 1);
  EXPECT_EQ(rig.table->stats().queues, 2U);
  EXPECT_EQ(rig.table->stats().messages, 5U);
  EXPECT_EQ(rig.table->stats().entries, 2U);
  EXPECT_EQ(rig.ack(1, 100), Settled::done);
  EXPECT_EQ(rig.table->stats().messages, 4U);
  rig.table->write(0);
  rig.kill();
  EXPECT_EQ(rig.table->stats().messages, 4U);
  EXPECT_EQ(rig.table->stats().queues, 2U);
  rig.table->erase_group("readers");
  EXPECT_EQ(rig.table->stats().queues, 0U);
  EXPECT_EQ(rig.table->stats().messages, 0U);
  EXPECT_EQ(rig.table->stats().entries, 0U);
}

TEST(LeaseTable, opens_with_a_place_that_no_queue_has) {
  for (const std::int64_t cursor : {INT64_MAX, INT64_MIN}) {
    Rig rig;
    rig.give(2, {.given_ms = 100, .until_ms = 200});
    rig.table->write(0);
    rig.close();
    auto log = LeaseLog::open(rig.fs, "leases");
    ASSERT_TRUE(log);
    log->log->set_cursor(log->queues.at(0).number, cursor);
    ASSERT_TRUE(log->log->flush());
    log->log.reset();
    rig.open();
    EXPECT_GE(rig.place().queue.cursor(), 0);
    EXPECT_LE(rig.place().queue.cursor(), rig.end);
  }
}

TEST(LeaseTable, finds_leases_and_acknowledgements_after_a_kill) {
  Rig rig;
  rig.give(40, {100, 200});
  rig.table->write(0);
  for (std::int64_t offset = 0; offset < 37; ++offset) rig.ack(offset, 100);
  rig.table->write(0);
  rig.kill();
  EXPECT_EQ(rig.place().queue.cursor(), 40);
  EXPECT_EQ(rig.open_messages(), (std::vector<std::int64_t>{37, 38, 39}));
  EXPECT_EQ(rig.ack(38, 100), Settled::done);
  EXPECT_EQ(rig.ack(36, 100), Settled::earlier);
}

TEST(LeaseTable, commits_the_groups_offset) {
  Rig rig;
  rig.give(4, {100, 200});
  rig.ack(0, 100);
  rig.ack(2, 100);
  rig.table->write(0);
  EXPECT_EQ(rig.offsets->find("readers", "orders", 0), 1);
  EXPECT_EQ(rig.offsets->pulled_offset("readers", "orders", 0), 4);
}

TEST(LeaseTable, tells_once_that_leases_have_ended) {
  Rig rig;
  rig.give(4, {100, 200});
  rig.give(4, {100, 300}, 1);
  EXPECT_EQ(rig.ended(199), 0);
  EXPECT_EQ(rig.ended(200), 1);
  EXPECT_EQ(rig.ended(250), 0);
  EXPECT_EQ(rig.ended(300), 1);
  rig.place().queue.give_again(std::vector<EndedLease>{{0, 1}, {1, 1}, {2, 1}, {3, 1}}, {300, 400});
  rig.table->changed(rig.place());
  EXPECT_EQ(rig.ended(400), 1);
}

TEST(LeaseTable, forgets_what_a_crash_took_from_the_queue) {
  Rig rig;
  rig.give(10, {100, 200});
  rig.table->write(0);
  rig.end = 6;
  rig.kill();
  EXPECT_EQ(rig.place().queue.cursor(), 6);
  EXPECT_EQ(rig.open_messages().size(), 6U);
}

TEST(LeaseTable, follows_offsets_that_are_set_from_outside) {
  Rig rig;
  EXPECT_FALSE(rig.table->moved("readers", "orders", 0, 5));
  rig.give(10, {100, 200});
  EXPECT_TRUE(rig.table->moved("readers", "orders", 0, 5));
  EXPECT_EQ(rig.open_messages().size(), 5U);
  EXPECT_TRUE(rig.table->moved("readers", "orders", 0, 2));
  EXPECT_EQ(rig.place().queue.cursor(), 2);
  rig.table->write(0);
  rig.kill();
  EXPECT_EQ(rig.place().queue.cursor(), 2);
  EXPECT_TRUE(rig.open_messages().empty());
}

TEST(LeaseTable, forgets_groups_and_topics) {
  Rig rig;
  rig.give(10, {100, 200});
  rig.table->write(0);
  rig.table->erase_group("others");
  EXPECT_NE(rig.table->find("readers", "orders", 0), nullptr);
  rig.table->erase_group("readers");
  EXPECT_EQ(rig.table->find("readers", "orders", 0), nullptr);
  EXPECT_EQ(rig.ended(1'000), 0);
  rig.table->write(0);
  rig.kill();
  EXPECT_EQ(rig.table->find("readers", "orders", 0), nullptr);
  rig.give(3, {100, 200});
  rig.table->write(0);
  rig.kill();
  EXPECT_EQ(rig.open_messages().size(), 3U);
}

TEST(LeaseTable, keeps_all_in_a_snapshot) {
  Rig rig;
  for (int i = 0; i < 300; ++i) rig.give(1, {100 + i, 500});
  rig.ack(7, 107);
  const auto open = rig.open_messages();
  ASSERT_TRUE(rig.table->snapshot().has_value());
  rig.ack(8, 108);
  rig.table->write(0);
  rig.kill();
  EXPECT_EQ(rig.place().queue.cursor(), 300);
  EXPECT_EQ(rig.open_messages().size(), open.size() - 1);
  EXPECT_EQ(rig.ack(9, 109), Settled::done);
}

TEST(LeaseTable, writes_later_what_a_full_disk_refused) {
  Rig rig;
  rig.give(10, {100, 200});
  rig.table->write(0);
  rig.fs.fail_at(os::FileOperation::write, 1, Errc::disk_full);
  rig.ack(3, 100);
  rig.table->write(1'000);
  rig.ack(4, 100);
  rig.table->write(1'001);  // too early to try again
  rig.table->write(2'000);
  rig.kill();
  EXPECT_EQ(rig.open_messages().size(), 8U);
}

// A turn is all or nothing: half of a change could be a message that nobody has.
TEST(LeaseTable, loses_no_message_when_power_is_lost_within_a_write) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Rig rig;
    Random random(seed);
    rig.give(40, {100, 200});
    rig.table->write(0);
    ASSERT_TRUE(rig.table->journal()->sync().has_value());
    std::map<std::int64_t, bool> acked;
    for (int i = 0; i < 20; ++i) {
      const auto offset = static_cast<std::int64_t>(random.below(40));
      if (random.below(2) == 0) {
        if (rig.ack(offset, 100) == Settled::done) acked[offset] = true;
      } else {
        LeaseTerms terms{150 + i, 400};
        (void)rig.place().queue.change(offset, 100, &terms);
        rig.table->changed(rig.place());
      }
      if (i % 5 == 4) rig.table->write(0);
    }
    rig.close();
    rig.fs.crash(random);
    rig.open();
    const auto open = rig.open_messages();
    for (std::int64_t offset = 0; offset < 40; ++offset) {
      if (acked[offset]) continue;
      ASSERT_TRUE(std::ranges::binary_search(open, offset)) << "seed " << seed << ": " << offset;
    }
  }
}

}  // namespace
}  // namespace bolide::broker
