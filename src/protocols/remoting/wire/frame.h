// SPDX-License-Identifier: Apache-2.0
//
// The frame of RocketMQ's remoting protocol (rocketmq wire 1.1): length, kind of header, header,
// body. Runs on: io agent.  Owns: nothing; views live as long as the bytes. Invariant: no length
// from the wire is used before it was checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bolide::remoting {

inline constexpr std::size_t frame_prefix_bytes = 8;        // two lengths
inline constexpr std::size_t header_length_max = 0xFFFFFF;  // what its 24 bits can say
inline constexpr std::uint32_t frame_bytes_max_default = 16U << 20U;

enum class Serialization : std::uint8_t { json = 0, binary = 1 };

struct Frame {
  Serialization serialization = Serialization::json;
  std::string_view header;
  std::string_view body;
  std::size_t size = 0;  // of the whole frame, the length field included
};

enum class FrameStatus : std::uint8_t {
  complete,
  incomplete,
  bad_length,         // negative, too short for its own fields, or above the limit
  bad_serialization,  // neither JSON nor binary
  bad_header_length,  // longer than the frame
};

// Cuts the first frame off `bytes`. What is wrong is told as soon as it can be seen.
FrameStatus read_frame(std::string_view bytes, std::uint32_t frame_bytes_max, Frame* frame);

// Writes the eight bytes in front of a header of `header_bytes` and a body of `body_bytes`.
// Requires header_bytes <= header_length_max.
void write_frame_prefix(char* at, Serialization serialization, std::size_t header_bytes,
                        std::size_t body_bytes);

}  // namespace bolide::remoting
