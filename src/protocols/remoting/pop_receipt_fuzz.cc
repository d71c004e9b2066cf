// SPDX-License-Identifier: Apache-2.0
//
// Fuzzer: any bytes as a receipt and as the body of a list of acknowledgements.
// Runs on: the fuzzer's thread.  Owns: nothing.  Invariant: none.
#include "base/assert.h"
#include "protocols/remoting/pop_receipt.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bolide;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto receipt = remoting::parse_receipt(bytes)) {
    BOLIDE_ASSERT(receipt->start_offset >= 0 && receipt->given_ms >= 0 && receipt->queue_id >= 0);
  } else {
    BOLIDE_ASSERT(receipt.error().code == Errc::malformed);
  }
  if (const auto acks = remoting::parse_batch_ack(bytes)) {
    for (const remoting::BatchAck& ack : *acks) {
      for (std::int64_t offset : ack.offsets) BOLIDE_ASSERT(offset >= 0);
    }
  } else {
    BOLIDE_ASSERT(acks.error().code == Errc::malformed);
  }
  return 0;
}
