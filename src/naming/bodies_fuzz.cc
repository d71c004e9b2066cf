// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the decoders of the name server's bodies; the first byte selects one.
// Runs on: the fuzzer's thread.  Owns: nothing.
// Invariant: what was decoded is decoded to the same value after it was encoded.
#include "base/assert.h"
#include "naming/bodies.h"

#include <zlib.h>

#include <cstddef>
#include <cstdint>

namespace bolide::naming {
namespace {

template <class Decode, class Encode>
void check(std::string_view bytes, Decode&& decode, Encode&& encode) {
  const auto first = decode(bytes);
  if (!first) return;
  const auto second = decode(encode(*first));
  BOLIDE_ASSERT(second);
  BOLIDE_ASSERT(*first == *second);
}

// Details of mappings are passed through as they came, good or not; two topics of one name, too.
void check_table(std::string_view bytes) {
  (void)decode_topic_table(bytes);
}

std::string deflated(std::string_view bytes) {
  uLongf size = compressBound(bytes.size());
  std::string out(size, '\0');
  compress2(reinterpret_cast<Bytef*>(out.data()), &size,
            reinterpret_cast<const Bytef*>(bytes.data()), bytes.size(), 1);
  out.resize(size);
  return out;
}

void run(std::uint8_t selector, std::string_view bytes) {
  switch (selector % 10) {
    case 0: return check(bytes, decode_version, encode_version);
    case 1: return check_table(bytes);
    case 2: return (void)decode_register(bytes, false);
    case 3: return (void)decode_register(bytes, true);
    case 4: return (void)decode_register(deflated(bytes), true);
    case 5: return check(bytes, decode_route, [](const auto& r) { return encode_route(r, true); });
    case 6: return check(bytes, decode_cluster_info, encode_cluster_info);
    case 7: return check(bytes, decode_topic_list, encode_topic_list);
    case 8: return check(bytes, decode_kv_table, encode_kv_table);
    case 9: return check(bytes, decode_member_group, encode_member_group);
  }
}

}  // namespace
}  // namespace bolide::naming

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  bolide::naming::run(data[0], {reinterpret_cast<const char*>(data + 1), size - 1});
  return 0;
}
