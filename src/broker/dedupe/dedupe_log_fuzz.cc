// SPDX-License-Identifier: Apache-2.0
//
// Fuzzer: any keys and values in the journal of repeated sends, opened and written again.
// Runs on: the fuzzer's thread.  Owns: nothing.
// Invariant: what opens is what a second open, after a snapshot, gives.
#include "base/assert.h"
#include "broker/dedupe/dedupe_log.h"
#include "os/sim_file_system.h"
#include "store/journal_fuzz_util.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bolide;
  using namespace bolide::broker;
  os::SimFileSystem fs;
  const auto key_of = [](std::uint8_t head, ByteReader&) {
    return std::string_view("pkxcz").substr(head % 5, 1);
  };
  store::testing::fill_journal(fs, "dedupe", {reinterpret_cast<const char*>(data), size}, key_of);
  auto first = DedupeLog::open(fs, "dedupe");
  if (!first) {
    BOLIDE_ASSERT(first.error().code == Errc::storage_corrupt);
    return 0;
  }
  const auto all = [&](DedupeLog& into) {
    for (const DedupeLog::Producer& producer : first->producers) {
      SequenceWindow window;
      window.raise_floor(producer.floor);
      for (const auto& entry : producer.entries) window.put(entry.sequence, entry.at, 16);
      BOLIDE_ASSERT(window.size() <= 16 && window.floor() >= producer.floor);
      into.put({.topic = producer.topic,
                .queue_id = producer.queue_id,
                .id = producer.id,
                .used_ms = producer.used_ms,
                .floor = producer.floor},
               producer.entries);
    }
    for (const DedupeLog::Keys& keys : first->keys) {
      KeyWindow window;
      for (const KeyPlace& place : keys.places) {
        window.put(place);
        BOLIDE_ASSERT(*window.find(place.hash, -1) == place);
        if (window.size() > 3) window.drop_oldest();
      }
      window.expire(INT64_MAX);
      BOLIDE_ASSERT(window.size() == 0);
      into.put_keys(keys.topic, keys.places);
    }
    if (first->covered) into.cover(*first->covered);
  };
  BOLIDE_ASSERT(first->log->snapshot(all).has_value());
  auto second = DedupeLog::open(fs, "dedupe");
  BOLIDE_ASSERT(second.has_value() && second->covered == first->covered &&
                second->producers.size() == first->producers.size());
  return 0;
}
