// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes what the client reads of pops: receipts and the tables of an answer.
// Runs on: the fuzzer's thread.  Owns: nothing.
// Invariant: any text is a receipt or an error; a receipt that was read is read back from its text.
#include "base/assert.h"
#include "client/pop_receipt.h"

#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bolide;
  using namespace bolide::client;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t half = size / 2;
  ReceivedMessage message;
  message.topic = text.substr(0, half);
  message.properties.emplace_back("POP_CK", text);
  const auto starts = PopTable::parse(text.substr(0, half));
  const auto counts = PopTable::parse(text.substr(half));
  const PoppedMessage out =
      popped(std::move(message), {.group = "g",
                                  .broker = "b",
                                  .start_offsets = starts.value_or(PopTable()),
                                  .order_counts = counts.value_or(PopTable())});
  const auto receipt = PopReceipt::parse(out.receipt);
  BOLIDE_ASSERT(receipt && receipt->text() == out.receipt);
  BOLIDE_ASSERT(out.reconsume_times >= 0);
  std::vector<std::size_t> left_out;
  const Acked acked{.topic = "t", .receipt = *receipt};
  const std::string body = batch_ack_body("b", "g", std::span(&acked, 1), &left_out);
  BOLIDE_ASSERT(body.empty() == (left_out.size() == 1));
  return 0;
}
