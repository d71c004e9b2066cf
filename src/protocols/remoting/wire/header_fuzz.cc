// SPDX-License-Identifier: Apache-2.0
//
// Fuzzer: any bytes as a stream of frames; what decodes is encoded and must decode the same.
// Runs on: the fuzzer's thread.  Owns: nothing.  Invariant: none.
#include "base/assert.h"
#include "protocols/remoting/wire/header.h"

#include <algorithm>

namespace {

using namespace bolide::remoting;

void check_round_trip(const Header& header, Serialization serialization) {
  const HeaderOut out{.code = header.code,
                      .opaque = header.opaque,
                      .flag = header.flag,
                      .remark = header.remark,
                      .fields = header.fields};
  // What does not fit the binary form's fields cannot survive it.
  if (serialization == Serialization::binary &&
      (header.code > 3000 || header.code < -3000 ||
       std::ranges::any_of(
           header.fields, [](const ExtField& f) { return f.first.size() > 65535; }))) {
    return;
  }
  std::string bytes(header_bytes_max(out), '\0');
  const std::size_t size = encode_header(out, serialization, 0, bytes.data());
  BOLIDE_ASSERT(size <= bytes.size());
  Frame frame;
  BOLIDE_ASSERT(read_frame({bytes.data(), size}, 1U << 30U, &frame) == FrameStatus::complete);
  Header again;
  std::string scratch;
  BOLIDE_ASSERT(decode_header(frame, &scratch, &again).has_value());
  BOLIDE_ASSERT(again.code == header.code && again.opaque == header.opaque);
  BOLIDE_ASSERT(again.flag == header.flag);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Frame frame;
  Header header;
  std::string scratch;
  while (read_frame(bytes, 1U << 20U, &frame) == FrameStatus::complete) {
    bytes.remove_prefix(frame.size);
    if (!decode_header(frame, &scratch, &header)) continue;
    check_round_trip(header, Serialization::json);
    check_round_trip(header, Serialization::binary);
  }
  return 0;
}
