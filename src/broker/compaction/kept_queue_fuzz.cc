// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the reading of a file of kept records: it is refused or read, whatever it holds.
#include "broker/compaction/kept_queue.h"

#include "os/sim_file_system.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bolide;
  os::SimFileSystem fs;
  (void)os::replace_file(fs, "kept", {reinterpret_cast<const char*>(data), size});
  const auto kept = broker::KeptQueue::open(fs, "kept");
  if (kept && (*kept)->size() > 0)
    (void)(*kept)->read((*kept)->first_offset(), INT64_MAX, {}, broker::Matcher{});
  return 0;
}
