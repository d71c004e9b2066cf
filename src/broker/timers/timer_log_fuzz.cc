// SPDX-License-Identifier: Apache-2.0
//
// Fuzzer: any keys and values in the journal of timers, opened, merged and opened again; and the
// handle by which a message is recalled.
// Runs on: the fuzzer's thread.  Owns: nothing.
// Invariant: what opens is what a second open gives; a handle that can be read is written alike.
#include "base/assert.h"
#include "broker/timers/recall_handle.h"
#include "broker/timers/timer_log.h"
#include "os/sim_file_system.h"
#include "store/journal_fuzz_util.h"
#include "store/store_test_util.h"

namespace {

void merge(bolide::os::SimFileSystem& fs, bolide::store::testing::StepAgent& background) {
  auto opened = bolide::store::open_journal(fs, "timers", [](auto, auto, bool) {});
  BOLIDE_ASSERT(opened.has_value());
  bool merged = false;
  opened->journal->compact(background.background(),
                           [&](const bolide::Result<>& ended) { merged = ended.has_value(); });
  BOLIDE_ASSERT(merged);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bolide;
  using namespace bolide::broker;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (const auto handle = RecallHandle::parse(input))
    BOLIDE_ASSERT(RecallHandle::parse(handle->text())->text() == handle->text());
  os::SimFileSystem fs;
  store::testing::StepAgent background;
  store::testing::fill_journal(fs, "timers", input, store::testing::any_key);
  auto first = TimerLog::open(fs, "timers", background.background());
  if (!first) {
    BOLIDE_ASSERT(first.error().code == Errc::storage_corrupt);
    return 0;
  }
  merge(fs, background);
  auto second = TimerLog::open(fs, "timers", background.background());
  BOLIDE_ASSERT(second.has_value() && second->waiting.size() == first->waiting.size());
  BOLIDE_ASSERT(second->recalled.size() == first->recalled.size());
  BOLIDE_ASSERT(second->next_offset == first->next_offset);
  BOLIDE_ASSERT(second->settled_position == first->settled_position);
  return 0;
}
