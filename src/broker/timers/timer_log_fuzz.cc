// SPDX-License-Identifier: Apache-2.0
//
// Fuzzer: any keys and values in the journal of timers, opened, used and written again; and the
// handle by which a message is recalled.
// Runs on: the fuzzer's thread.  Owns: nothing.
// Invariant: what opens is what a second open gives; a handle that can be read is written alike.
#include "base/assert.h"
#include "broker/timers/recall_handle.h"
#include "broker/timers/timer_log.h"
#include "os/sim_file_system.h"
#include "store/journal_fuzz_util.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bolide;
  using namespace bolide::broker;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (const auto handle = RecallHandle::parse(input))
    BOLIDE_ASSERT(RecallHandle::parse(handle->text())->text() == handle->text());
  os::SimFileSystem fs;
  store::testing::fill_journal(fs, "timers", input, store::testing::any_key);
  auto first = TimerLog::open(fs, "timers");
  if (!first) {
    BOLIDE_ASSERT(first.error().code == Errc::storage_corrupt);
    return 0;
  }
  BOLIDE_ASSERT(
      first->log->snapshot(first->waiting, first->recalled, first->next_offset).has_value());
  auto second = TimerLog::open(fs, "timers");
  BOLIDE_ASSERT(second.has_value() && second->waiting.size() == first->waiting.size());
  BOLIDE_ASSERT(second->next_offset == first->next_offset);
  BOLIDE_ASSERT(second->settled_position == first->settled_position);
  return 0;
}
