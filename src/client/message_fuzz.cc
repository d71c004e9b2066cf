// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the decoder of messages, with the methods of compression.
// Runs on: the fuzzer's thread.  Owns: nothing.
// Invariant: any bytes are messages or an error; no body passes its bound.
#include "base/assert.h"
#include "client/compression.h"
#include "client/message.h"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t body_bytes_max = 1U << 20U;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto messages = bolide::client::decode_messages(bytes)) {
    for (const auto& message : *messages)
      BOLIDE_ASSERT(!message.id().empty() && !message.offset_id().empty());
  }
  for (const int method : {0, 1, 2}) {
    const auto body = bolide::client::inflate_body(bytes, 1 | method << 8, body_bytes_max);
    BOLIDE_ASSERT(!body || body->size() <= body_bytes_max);
  }
  const auto properties = bolide::client::decode_properties(bytes);
  if (const auto text = bolide::client::encode_properties(properties))
    BOLIDE_ASSERT(bolide::client::decode_properties(*text) == properties);
  return 0;
}
