// SPDX-License-Identifier: Apache-2.0
//
// Tests of the numbers by which producers name their messages.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "base/producer_identity.h"

#include "base/crc.h"

#include <gtest/gtest.h>

namespace bolide {
namespace {

TEST(ProducerSequence, is_read_as_it_was_written) {
  const std::uint32_t check = ProducerSequence::check_of("orders", 3);
  for (const ProducerSequence& sequence :
       {ProducerSequence{.sequence = 0, .queue_check = check, .place = -1},
        ProducerSequence{.sequence = 17, .queue_check = 0, .place = 3},
        ProducerSequence{.sequence = 1LL << 60, .queue_check = 0xFFFFFFFF, .place = 0}})
    EXPECT_EQ(ProducerSequence::parse(sequence.text()), sequence) << sequence.text();
}

TEST(ProducerSequence, names_its_queue) {
  EXPECT_NE(ProducerSequence::check_of("orders", 3), ProducerSequence::check_of("orders", 4));
  EXPECT_NE(ProducerSequence::check_of("orders", 3), ProducerSequence::check_of("orders2", 3));
  // A plain CRC-32, so that other clients can make it.
  EXPECT_EQ(ProducerSequence::check_of("orders", 3), crc32("orders/3"));
}

TEST(ProducerSequence, is_refused_when_it_is_none) {
  for (const char* text : {"", "17", "@00000000", "-1@00000000", "17@0000000", "17@000000000",
                           "17@0000000G", "17@00000000/", "17@00000000/-1", "17@00000000/3/4",
                           "9223372036854775807@00000000", " 17@00000000", "17@+0000000"})
    EXPECT_FALSE(ProducerSequence::parse(text)) << text;
}

}  // namespace
}  // namespace bolide
