// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the bodies of traces.
// Runs on: the fuzzer's thread.  Owns: nothing.
// Invariant: any bytes are records or none; what was read is read back from what is written.
#include "base/assert.h"
#include "client/trace_record.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bolide::client;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  for (const TraceRecord& record : decode_trace(body)) {
    const std::string written = encode_trace(record);
    const auto again = decode_trace(written);
    BOLIDE_ASSERT(again.size() == 1 && encode_trace(again.front()) == written);
  }
  return 0;
}
