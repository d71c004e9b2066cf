// SPDX-License-Identifier: Apache-2.0
//
// Fuzzer: any text as an entry of the ledger of dead letters.
// Runs on: the fuzzer's thread.  Owns: nothing.
// Invariant: what is read is what its own text gives.
#include "app/dlq/ledger.h"
#include "base/assert.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bolide::app;
  const auto entry = LedgerEntry::parse({reinterpret_cast<const char*>(data), size});
  if (!entry) return 0;
  const auto again = LedgerEntry::parse(entry->text());
  BOLIDE_ASSERT(again && again->text() == entry->text() && again->letters == entry->letters);
  if (entry->kind != LedgerEntry::Kind::replay) return 0;
  LetterBook book;
  book.apply(*entry);
  BOLIDE_ASSERT(book.claimed() == entry->letters);
  return 0;
}
