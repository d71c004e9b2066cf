// SPDX-License-Identifier: Apache-2.0
//
// For tests: a stored message as brokers send it.
// Runs on: any thread.  Owns: nothing.  Invariant: none.
#pragma once

#include "base/crc.h"
#include "base/cursor.h"

#include <array>
#include <cstdint>
#include <string>

namespace bolide::client::test {

// A record as brokers send it (rocketmq wire 1.11).
inline std::string record(std::int64_t offset, const std::string& body,
                          const std::string& properties, const std::string& topic = "t",
                          std::uint32_t queue = 0) {
  std::array<char, 512> memory{};
  Writer out(memory.data(), memory.size());
  const std::size_t size = 91 + body.size() + topic.size() + properties.size();
  out.u32(static_cast<std::uint32_t>(size));
  out.u32(0xDAA320A7U);
  out.u32(crc32(body) & 0x7FFFFFFFU);
  out.u32(queue);
  out.u32(0);
  out.i64(offset);
  out.i64(1000 + offset);  // position
  out.u32(0);
  out.i64(1);
  for (int i = 0; i < 2; ++i) {
    out.u32(0x7F000001);
    out.u32(10911);
    if (i == 0) out.i64(2);
  }
  out.u32(0);
  out.i64(0);
  out.u32(static_cast<std::uint32_t>(body.size()));
  out.bytes(body);
  out.u8(static_cast<std::uint8_t>(topic.size()));
  out.bytes(topic);
  out.u16(static_cast<std::uint16_t>(properties.size()));
  out.bytes(properties);
  return {memory.data(), size};
}

}  // namespace bolide::client::test
