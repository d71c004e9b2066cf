// SPDX-License-Identifier: Apache-2.0
//
// Fuzzer: any bytes as the body of a heartbeat, read as the broker reads it and taken in by the
// registry of clients. Runs on: the fuzzer's thread.  Owns: nothing.  Invariant: none.
#include "base/assert.h"
#include "broker/clients.h"
#include "protocols/remoting/bodies.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bolide;
  const auto heartbeat = remoting::parse_heartbeat({reinterpret_cast<const char*>(data), size});
  if (!heartbeat) {
    BOLIDE_ASSERT(heartbeat.error().code == Errc::malformed);
    return 0;
  }
  broker::Clients clients;
  const broker::ClientPlace place{.sink = nullptr, .session = 1};
  for (const broker::ConsumerData& consumer : heartbeat->consumers) {
    clients.consumer_seen(place, *heartbeat, consumer, false, Now{});
    const auto* group = clients.find(consumer.group);
    BOLIDE_ASSERT(group != nullptr && group->members.contains(1));
    // The same once more is no change.
    if (consumer.subscriptions.empty()) {
      BOLIDE_ASSERT(!clients.consumer_seen(place, *heartbeat, consumer, false, Now{}));
    }
  }
  for (const std::string& group : heartbeat->producer_groups) {
    clients.producer_seen(place, *heartbeat, group, Now{});
  }
  clients.session_closed(1);
  BOLIDE_ASSERT(clients.member_count() == 0);
  return 0;
}
