// SPDX-License-Identifier: Apache-2.0
//
// Tests of the ledger of dead letters and of the sets of offsets in it.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "app/dlq/ledger.h"

#include "base/random.h"

#include <gtest/gtest.h>

#include <set>

namespace bolide::app {
namespace {

OffsetSet set(std::string_view text) {
  return OffsetSet::parse(text).value();
}

LedgerEntry replay(std::int64_t offset, std::string_view letters) {
  LedgerEntry entry;
  entry.topic = "%DLQ%g";
  entry.letters = set(letters);
  entry.offset = offset;
  return entry;
}

LedgerEntry done(std::int64_t of, std::string_view failed = "") {
  LedgerEntry entry = replay(0, failed);
  entry.kind = LedgerEntry::Kind::done;
  entry.replay = of;
  return entry;
}

TEST(OffsetSet, is_a_set) {
  Random random(3);
  OffsetSet offsets;
  std::set<std::int64_t> model;
  for (int i = 0; i < 5000; ++i) {
    const auto first = static_cast<std::int64_t>(random.below(300));
    const auto last = first + static_cast<std::int64_t>(random.below(4));
    if (random.below(2) == 0) {
      offsets.add(first, last);
      for (auto offset = first; offset <= last; ++offset) model.insert(offset);
    } else {
      offsets.remove(first);
      model.erase(first);
    }
    ASSERT_EQ(offsets.size(), static_cast<std::int64_t>(model.size()));
    ASSERT_EQ(offsets.contains(last), model.contains(last));
  }
  EXPECT_EQ(offsets.all(), std::vector<std::int64_t>(model.begin(), model.end()));
  EXPECT_EQ(OffsetSet::parse(offsets.text()), offsets);
  EXPECT_EQ(offsets.count(100, 200), std::distance(model.lower_bound(100), model.lower_bound(200)));
}

TEST(OffsetSet, is_written_as_ranges) {
  OffsetSet offsets;
  for (const int offset : {7, 5, 12, 6}) offsets.add(offset);
  EXPECT_EQ(offsets.text(), "5-7,12");
  for (const char* text : {"-", "5-", "7-5", "a", "1,,2", "-1", "9223372036854775807"})
    EXPECT_FALSE(OffsetSet::parse(text)) << text;
}

TEST(LedgerEntry, is_read_as_it_was_written) {
  LedgerEntry entry = replay(4, "5-9,12");
  entry.again = true;
  entry.to = "copies";
  entry.targets["copies"] = {.broker = "broker-a", .queues = 8};
  const auto read = LedgerEntry::parse(entry.text());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->text(), entry.text());
  EXPECT_EQ(read->targets, entry.targets);
  EXPECT_EQ(LedgerEntry::parse(done(7, "6").text())->replay, 7);
}

TEST(LedgerEntry, is_none_for_other_texts) {
  for (const char* text :
       {"", "hello", "replay", "replay\nletters t 0", "replay\nletters t x 1",
        "done\nletters t 0 1", "replay\nletters t 0 1\nof 3", "replay\nletters t 0 1\nwhat 3",
        "replay\nletters t 0 0-100", "done\nletters t 0 0-4000000000000000000\nof 3"})
    EXPECT_FALSE(LedgerEntry::parse(text)) << text;
  EXPECT_TRUE(LedgerEntry::parse("discard\nletters t 0 0-4000000000000000000"));
}

TEST(LetterBook, gives_a_letter_to_whom_came_first) {
  LetterBook book;
  book.apply(replay(0, "1-5"));
  book.apply(replay(1, "4-8"));
  EXPECT_EQ(book.unfinished().at(0).letters, set("1-5"));
  EXPECT_EQ(book.unfinished().at(1).letters, set("6-8"));
  EXPECT_FALSE(book.is_open(8));
  EXPECT_TRUE(book.is_open(9));
}

TEST(LetterBook, knows_what_is_not_finished) {
  LetterBook book;
  book.apply(replay(0, "1-5"));
  book.apply(replay(1, "6"));
  book.apply(done(0));
  ASSERT_EQ(book.unfinished().size(), 1U);
  EXPECT_EQ(book.unfinished().begin()->first, 1);
}

TEST(LetterBook, opens_again_what_could_not_be_sent) {
  LetterBook book;
  book.apply(replay(0, "1-5"));
  book.apply(done(0, "3"));
  EXPECT_TRUE(book.is_open(3));
  EXPECT_FALSE(book.is_open(4));
  book.apply(replay(1, "3"));
  book.apply(done(0, "3"));
  EXPECT_FALSE(book.is_open(3)) << "a second end of the same replay counted";
}

TEST(LetterBook, replays_again_only_what_it_is_asked_to) {
  LetterBook book;
  book.apply(replay(0, "1-5"));
  book.apply(done(0));
  LedgerEntry entry = replay(2, "1-2");
  book.apply(entry);
  EXPECT_TRUE(book.unfinished().at(2).letters.empty());
  entry.offset = 3;
  entry.again = true;
  book.apply(entry);
  EXPECT_EQ(book.unfinished().at(3).letters, set("1-2"));
}

TEST(LetterBook, leaves_a_letter_as_it_was_when_it_is_refused_another_time) {
  LetterBook book;
  LedgerEntry discard = replay(0, "1-3");
  discard.kind = LedgerEntry::Kind::discard;
  book.apply(discard);
  book.apply(replay(1, "4-5"));
  book.apply(done(1));
  LedgerEntry again = replay(2, "2-6");
  again.again = true;
  book.apply(again);
  EXPECT_EQ(book.discarded(), set("1")) << "what is sent again is not discarded any more";
  book.apply(done(2, "3-4,6"));
  EXPECT_EQ(book.claimed(), set("1-5"));
  EXPECT_EQ(book.discarded(), set("1,3"));
  EXPECT_TRUE(book.is_open(6));
}

TEST(LetterBook, leaves_discarded_letters_alone) {
  LetterBook book;
  LedgerEntry entry = replay(0, "1-5");
  entry.kind = LedgerEntry::Kind::discard;
  book.apply(entry);
  book.apply(replay(1, "4-6"));
  EXPECT_EQ(book.unfinished().at(1).letters, set("6"));
  EXPECT_EQ(book.discarded(), set("1-5"));
}

}  // namespace
}  // namespace bolide::app
