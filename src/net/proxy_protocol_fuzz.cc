// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the PROXY protocol's header.
// Runs on: the fuzzer.  Owns: nothing.  Invariant: -
#include "base/assert.h"
#include "net/proxy_protocol.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const bolide::net::ProxyHeader header = bolide::net::parse_proxy_header(bytes);
  BOLIDE_ASSERT(header.size <= size);
  if (header.has_source) BOLIDE_ASSERT(!header.source.text().empty());
  return 0;
}
