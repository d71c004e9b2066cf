// SPDX-License-Identifier: Apache-2.0
//
// Fuzzer: any bytes as a route and as a question for an assignment.
// Runs on: the fuzzer's thread.  Owns: nothing.  Invariant: none.
#include "base/assert.h"
#include "protocols/remoting/bodies.h"
#include "protocols/remoting/route_queues.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bolide;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (size < 4'096) {
    if (const auto queues = remoting::parse_route_queues(bytes, "orders")) {
      for (const broker::QueueRef& queue : *queues) BOLIDE_ASSERT(queue.queue_id >= 0);
    }
  }
  if (const auto request = remoting::parse_assign(bytes)) BOLIDE_ASSERT(!request->topic.empty());
  return 0;
}
