// SPDX-License-Identifier: Apache-2.0
//
// Fuzzer: any keys and values in the journal of leases, opened, used and written again.
// Runs on: the fuzzer's thread.  Owns: nothing.
// Invariant: what opens is what a second open gives.
#include "base/assert.h"
#include "base/cursor.h"
#include "broker/leases/lease_log.h"
#include "broker/leases/lease_queue.h"
#include "os/sim_file_system.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bolide;
  using namespace bolide::broker;
  os::SimFileSystem fs;
  {
    auto opened = store::open_journal(fs, "leases", [](auto, auto, bool) {});
    BOLIDE_ASSERT(opened.has_value());
    ByteReader in({reinterpret_cast<const char*>(data), size});
    while (in.remaining() > 0) {
      const std::uint8_t head = in.u8();
      const std::string_view key = in.bytes(std::min<std::size_t>(in.remaining(), head % 16));
      const std::string_view value = in.bytes(std::min<std::size_t>(in.remaining(), in.u8()));
      if (head >= 240)
        opened->journal->erase(key);
      else
        opened->journal->put(key, value);
      if (head % 2 != 0) opened->journal->put("t", {});
    }
    BOLIDE_ASSERT(opened->journal->write().has_value());
  }
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
