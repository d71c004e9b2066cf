// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the scan of journal files: first byte, kind of file and whether it gets a good header.
// Runs on: the fuzzer's thread.  Owns: nothing.
// Invariant: what a scan calls good is good when it is scanned again alone, record by record.
#include "base/assert.h"
#include "store/journal_format.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bolide;
  using namespace bolide::store;
  if (size == 0) return 0;
  const JournalFile file = (data[0] & 1) != 0 ? JournalFile::snapshot : JournalFile::changes;
  std::string bytes = (data[0] & 2) != 0 ? journal_header(file, 7) : std::string();
  if ((data[0] & 4) != 0) {
    append_journal_record(bytes, 7, {.kind = JournalKind::put, .sequence = 1, .key = "k"});
  }
  bytes.append(reinterpret_cast<const char*>(data + 1), size - 1);

  std::string again = journal_header(file, 7);
  const auto scan = scan_journal(bytes, file, 7, [&](const JournalRecord& record) {
    append_journal_record(again, 7, record);
  });
  if (!scan) return 0;
  BOLIDE_ASSERT(scan->good_bytes <= bytes.size());
  if (!scan->ended) BOLIDE_ASSERT(again == bytes.substr(0, scan->good_bytes));
  return 0;
}
