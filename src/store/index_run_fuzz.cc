// SPDX-License-Identifier: Apache-2.0
//
// Feeds arbitrary bytes to the decoders of run headers and directories.
#include "base/assert.h"
#include "store/index_run.h"

using namespace bolide::store;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  decode_run_header(bytes);
  std::size_t seen = 0;
  decode_run_directory(bytes,
                       [&](std::string_view topic, std::int32_t, std::uint32_t, std::int64_t) {
                         BOLIDE_ASSERT(!topic.empty() && topic.size() <= 255);
                         ++seen;
                       });
  BOLIDE_ASSERT(seen <= size / 16);
  return 0;
}
