// SPDX-License-Identifier: Apache-2.0
//
// Feeds arbitrary bytes, given a valid checksum, to decode_checkpoint; what decodes is encoded
// again.
#include "base/assert.h"
#include "base/crc.h"
#include "store/byte_sink.h"
#include "store/checkpoint.h"

using namespace bolide;
using namespace bolide::store;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes = "BOLIDCP1";
  bytes.append(reinterpret_cast<const char*>(data), size);
  put_little(bytes, crc32(bytes));
  const auto checkpoint = decode_checkpoint(bytes);
  if (!checkpoint) return 0;
  const auto again = decode_checkpoint(encode_checkpoint(*checkpoint));
  BOLIDE_ASSERT(again.has_value());
  BOLIDE_ASSERT(again->covered == checkpoint->covered && again->runs == checkpoint->runs);
  BOLIDE_ASSERT(again->queues.size() <= checkpoint->queues.size());
  return 0;
}
