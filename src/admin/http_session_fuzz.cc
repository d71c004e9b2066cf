// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes requests over HTTP.
// Runs on: the fuzzer.  Owns: nothing.
// Invariant: any bytes are answered, waited upon or refused; whole or in two parts alike.
#include "admin/http_session.h"
#include "base/assert.h"
#include "net/test_connection.h"

#include <cstdint>

namespace {

std::string answers(std::string_view bytes, std::size_t cut) {
  const bolide::admin::Pages pages(
      {{.path = "/a", .doc = "a", .make = [] { return bolide::admin::Page{.body = "a"}; }}});
  bolide::net::test::FakeConnection connection;
  bolide::net::test::SessionDriver driver(bolide::admin::make_http_session(pages, connection));
  driver.feed(bytes.substr(0, cut));
  driver.feed(bytes.substr(cut));
  return connection.take();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string whole = answers(bytes, 0);
  const std::string parts = answers(bytes, std::min<std::size_t>(data[0], bytes.size()));
  // Where a request goes wrong may be seen earlier or later, and then be named otherwise.
  BOLIDE_ASSERT(whole.substr(0, 12) == parts.substr(0, 12) || whole.empty() || parts.empty() ||
                whole[9] == '4');
  return 0;
}
