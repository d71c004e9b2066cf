// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the bodies that the client reads.
// Runs on: the fuzzer's thread.  Owns: nothing.
// Invariant: any text is a body or an error; a body that was read is read back from what is
// written.
#include "base/assert.h"
#include "base/fields_json.h"
#include "client/bodies.h"
#include "client/recall.h"

#include <cstdint>

namespace {

template <class Body>
void try_body(std::string_view text) {
  const auto body = bolide::from_json<Body>(text);
  if (!body) return;
  const std::string written = bolide::to_json(*body);
  const auto again = bolide::from_json<Body>(written);
  BOLIDE_ASSERT(again && bolide::to_json(*again) == written);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try_body<bolide::client::TopicRoute>(text);
  try_body<bolide::client::ClusterInfo>(text);
  try_body<bolide::client::TopicList>(text);
  try_body<bolide::client::TopicConfig>(text);
  try_body<bolide::client::TopicStats>(text);
  try_body<bolide::client::AssignmentList>(text);
  (void)bolide::client::RecallPlace::parse(text);
  return 0;
}
