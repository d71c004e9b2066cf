// SPDX-License-Identifier: Apache-2.0
//
// The frame of RocketMQ's remoting protocol.
// Runs on: io agent.  Owns: nothing.  Invariant: see frame.h.
#include "protocols/remoting/wire/frame.h"

#include "base/cursor.h"

namespace bolide::remoting {

FrameStatus read_frame(std::string_view bytes, std::uint32_t frame_bytes_max, Frame* frame) {
  if (bytes.size() < 4) return FrameStatus::incomplete;
  const auto length = load_big<std::uint32_t>(bytes.data());
  if (length < 4 || length > frame_bytes_max) return FrameStatus::bad_length;
  if (bytes.size() < frame_prefix_bytes) return FrameStatus::incomplete;
  const auto mark = load_big<std::uint32_t>(bytes.data() + 4);
  const std::uint32_t kind = mark >> 24U;
  const std::uint32_t header_bytes = mark & std::uint32_t{header_length_max};
  if (kind > 1) return FrameStatus::bad_serialization;
  if (header_bytes > length - 4) return FrameStatus::bad_header_length;
  if (bytes.size() - 4 < length) return FrameStatus::incomplete;
  frame->serialization = static_cast<Serialization>(kind);
  frame->header = bytes.substr(frame_prefix_bytes, header_bytes);
  frame->body = bytes.substr(frame_prefix_bytes + header_bytes, length - 4 - header_bytes);
  frame->size = std::size_t{length} + 4;
  return FrameStatus::complete;
}

void write_frame_prefix(char* at, Serialization serialization, std::size_t header_bytes,
                        std::size_t body_bytes) {
  store_big(at, static_cast<std::uint32_t>(4 + header_bytes + body_bytes));
  store_big(at + 4, static_cast<std::uint32_t>(header_bytes) |
                        static_cast<std::uint32_t>(serialization) << 24U);
}

}  // namespace bolide::remoting
