// SPDX-License-Identifier: Apache-2.0
//
// The header of a remoting command in both serialisations (rocketmq wire 1.2, 1.3, 1.8): decode in
// place, encode into the caller's memory. Runs on: io agent.  Owns: nothing; views live as long as
// the frame and the scratch. Invariant: decoding allocates nothing once the scratch and the field
// list have grown.
#pragma once

#include "base/result.h"
#include "base/strings.h"
#include "protocols/remoting/wire/frame.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bolide::remoting {

namespace header_flag {
inline constexpr std::int32_t response = 1;
inline constexpr std::int32_t one_way = 2;
}  // namespace header_flag

using ExtField = std::pair<std::string_view, std::string_view>;

struct Header {
  std::int32_t code = 0;
  std::int32_t version = 0;
  std::int32_t opaque = 0;
  std::int32_t flag = 0;
  std::string_view language = "JAVA";
  std::string_view remark;
  std::vector<ExtField> fields;  // as they came; of duplicates the last counts

  bool is_response() const { return (flag & header_flag::response) != 0; }
  bool is_one_way() const { return (flag & header_flag::one_way) != 0; }
  // The value of a field, or an empty view: the binary form knows no difference (wire 1.3).
  std::string_view field(std::string_view name) const {
    for (auto at = fields.rbegin(); at != fields.rend(); ++at) {
      if (at->first == name) return at->second;
    }
    return {};
  }
};

// Decodes the header of `frame`. `header` and `scratch` are reused from call to call. Errors:
// malformed.
Result<> decode_header(const Frame& frame, std::string* scratch, Header* header);

// What is encoded: a request or a response.
struct HeaderOut {
  std::int32_t code = 0;
  std::int32_t opaque = 0;
  std::int32_t flag = header_flag::response;
  std::string_view remark;
  std::span<const ExtField> fields;
};

// The most bytes that prefix and header of `out` take.
std::size_t header_bytes_max(const HeaderOut& out);
// Writes prefix and header to `at`, of header_bytes_max(out) bytes; returns how many were written,
// or 0 if the header is longer than its length field can say (or a name than its own, in binary).
// The body of `body_bytes` follows them in the stream.
std::size_t encode_header(const HeaderOut& out, Serialization serialization, std::size_t body_bytes,
                          char* at);

// The number that we send as ours: MQVersion of 5.5.0 (wire 1.6).
inline constexpr std::int32_t protocol_version = 513;

}  // namespace bolide::remoting
