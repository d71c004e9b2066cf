// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the scan of journal files, and the reading through a window: first byte, kind of file and
// whether it gets a good header and first record.
// Runs on: the fuzzer's thread.  Owns: nothing.
// Invariant: what a scan calls good is what comes through the window, record by record.
#include "base/assert.h"
#include "os/sim_file_system.h"
#include "store/journal_format.h"
#include "store/journal_reader.h"

#include <cstddef>
#include <cstdint>

namespace {

using namespace bolide;
using namespace bolide::store;

// The good records, or all until one that is not good.
std::string through_window(std::string_view bytes, JournalFile file, bool* whole) {
  os::SimFileSystem fs;
  BOLIDE_ASSERT(os::replace_file(fs, "journal", bytes).has_value());
  JournalReader reader(fs.open("journal", os::OpenMode::read).value(), {file, 7, bytes.size()});
  std::string records = journal_header(file, 7);
  for (;;) {
    const auto record = reader.next();
    *whole = record.has_value();
    if (!record || !*record) return records;
    append_journal_record(records, 7, **record);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const JournalFile file = (data[0] & 1) != 0 ? JournalFile::snapshot : JournalFile::changes;
  std::string bytes = (data[0] & 2) != 0 ? journal_header(file, 7) : std::string();
  if ((data[0] & 4) != 0) {
    append_journal_record(bytes, 7, {.kind = JournalKind::put, .sequence = 1, .key = "k"});
  }
  if ((data[0] & 8) != 0) {
    bytes = journal_header(file, 7);
    append_journal_record(
        bytes, 7, {.kind = JournalKind::follows, .sequence = 1, .value = follows_value(data[0])});
    BOLIDE_ASSERT(file == JournalFile::snapshot || followed_bytes(bytes, 7) == data[0]);
  }
  bytes.append(reinterpret_cast<const char*>(data + 1), size - 1);

  bool whole = false;
  const std::string read = through_window(bytes, file, &whole);
  const auto scan = scan_journal(bytes, file, 7, [](const JournalRecord&) {});
  if (!scan) return 0;
  BOLIDE_ASSERT(scan->good_bytes <= bytes.size());
  const std::string_view good = std::string_view(bytes).substr(0, scan->good_bytes);
  BOLIDE_ASSERT(scan->ended ? good.starts_with(read) : good == read);
  BOLIDE_ASSERT(whole == (good == bytes && (scan->ended || file == JournalFile::changes)));
  return 0;
}
