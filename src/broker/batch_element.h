// SPDX-License-Identifier: Apache-2.0
//
// One message in the body of a batch (rocketmq wire 1.10).
// Runs on: any agent.  Owns: nothing; views live as long as the body.
// Invariant: never reads past the body.
#pragma once

#include "base/cursor.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace bolide::broker {

struct BatchElement {
  std::int32_t flag = 0;
  std::string_view body;
  std::string_view properties;
};

inline bool read_element(ByteReader& in, BatchElement* element) {
  const char* start = in.position();
  const std::uint32_t size = in.u32();
  in.u32();  // magic
  in.u32();  // body checksum: made anew
  element->flag = in.i32();
  element->body = in.bytes(in.u32());
  element->properties = in.bytes(in.u16());
  return !in.failed() && static_cast<std::size_t>(in.position() - start) == size;
}

// Appends one to a batch's body. Requires properties of at most 65'535 bytes.
inline void write_element(std::string* body, const BatchElement& element) {
  const std::size_t begin = body->size();
  const std::size_t size = 5 * 4 + element.body.size() + 2 + element.properties.size();
  body->resize(begin + size);
  Writer out(body->data() + begin, size);
  out.u32(static_cast<std::uint32_t>(size));
  out.u32(0);
  out.u32(0);
  out.i32(element.flag);
  out.u32(static_cast<std::uint32_t>(element.body.size()));
  out.bytes(element.body);
  out.u16(static_cast<std::uint16_t>(element.properties.size()));
  out.bytes(element.properties);
}

}  // namespace bolide::broker
