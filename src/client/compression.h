// SPDX-License-Identifier: Apache-2.0
//
// Message bodies as producers compress them: zlib streams, LZ4 frames, zstd frames (rocketmq
// wire 1.11). Runs on: any thread.  Owns: nothing.  Invariant: output never passes the bound,
// whatever the input.
#pragma once

#include <bolide/producer.h>

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bolide::client {

// `body` compressed as producers do it, or as it is where the method is `none`.
std::string deflate_body(std::string_view body, Compression method);
// The bits of a message's sys_flag that say how its body is compressed.
std::int32_t compression_flags(Compression method);

inline constexpr std::size_t inflated_bytes_max = 128U << 20U;

// The body that a compressed one stands for; `sys_flag` (of the message) says by which method.
// Errors: malformed; message_too_large above `size_max`.
Result<std::string> inflate_body(std::string_view body, int sys_flag,
                                 std::size_t size_max = inflated_bytes_max);

}  // namespace bolide::client
