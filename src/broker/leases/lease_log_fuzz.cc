// SPDX-License-Identifier: Apache-2.0
//
// Fuzzer: any keys and values in the journal of leases, opened, used and written again.
// Runs on: the fuzzer's thread.  Owns: nothing.
// Invariant: what opens is what a second open gives.
#include "base/assert.h"
#include "broker/leases/lease_log.h"
#include "broker/leases/lease_queue.h"
#include "os/sim_file_system.h"
#include "store/journal_fuzz_util.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bolide;
  using namespace bolide::broker;
  os::SimFileSystem fs;
  // The single key of the journal comes more often than chance would have it.
  const auto key_of = [](std::uint8_t head, ByteReader& in) {
    return head % 16 == 15 ? std::string_view("t") : store::testing::any_key(head, in);
  };
  store::testing::fill_journal(fs, "leases", {reinterpret_cast<const char*>(data), size}, key_of);
  auto first = LeaseLog::open(fs, "leases");
  if (!first) {
    BOLIDE_ASSERT(first.error().code == Errc::storage_corrupt);
    return 0;
  }
  for (const LeaseLog::Stored& stored : first->queues) {
    LeaseQueue queue(stored.cursor);
    for (const Lease& lease : stored.leases) queue.restore(lease);
    queue.cut(stored.cursor);
    BOLIDE_ASSERT(queue.committed() <= queue.cursor());
    std::vector<EndedLease> ended;
    queue.ended(INT64_MAX - 1, 32, &ended);
  }
  auto second = LeaseLog::open(fs, "leases");
  BOLIDE_ASSERT(second.has_value() && second->queues.size() == first->queues.size());
  return 0;
}
