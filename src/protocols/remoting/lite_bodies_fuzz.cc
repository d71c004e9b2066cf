// SPDX-License-Identifier: Apache-2.0
//
// Fuzzer: any bytes as a list of subscriptions to lite topics.
// Runs on: the fuzzer's thread.  Owns: nothing.  Invariant: none.
#include "base/assert.h"
#include "protocols/remoting/lite_bodies.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bolide;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto list = remoting::parse_lite_subscriptions(bytes)) {
    for (const broker::LiteSubscription& one : *list)
      BOLIDE_ASSERT(one.action <= broker::LiteAction::remove_all);
  } else {
    BOLIDE_ASSERT(list.error().code == Errc::malformed);
  }
  return 0;
}
