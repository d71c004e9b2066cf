// SPDX-License-Identifier: Apache-2.0
//
// Opening a store directory: what is there is checked and brought into memory, the log is read from
// where the index ends, and its torn end is cut.
// Runs on: the thread that opens the store.  Owns: nothing after recover() returns.
// Invariant: no record below the synced mark is ever cut; what is cut in front of readable records
// is saved first; nothing cut comes back later.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "os/file_system.h"
#include "store/checkpoint.h"
#include "store/commit_log.h"
#include "store/mark_file.h"
#include "store/message_index.h"
#include "store/message_store.h"
#include "store/store_layout.h"

#include <cstdint>
#include <memory>

namespace bolide::store {

struct Recovered {
  std::unique_ptr<os::File> lock;
  std::shared_ptr<MarkFile> marks;
  CommitLog::Found log;
  std::unique_ptr<MessageIndex> index;  // its active memtable reaches to the log's end
  std::shared_ptr<Checkpoint> image;    // as on disk
  std::uint64_t segment_bytes = 0;
  std::int64_t messages = 0;  // read from the log
  bool clean = true;
};

// Errors: in_use, not_a_store, no_permission, storage_corrupt, disk_full, io.
Result<Recovered> recover(os::FileSystem& fs, const StoreOptions& options);

// Limits of one memtable.
bool memtable_full(const Memtable& table, std::uint64_t index_run_bytes);

// Enters a stored record into the index, as a broker's dispatch would (rocketmq 1.11, 3.11, 4).
// False if its queue offset does not follow that of the queue's record before.
bool index_record(MessageIndex& index, const Record& record);

// Writes the run of `range` anew from the log; offsets of queues not in the log's stretch need
// nothing else. Errors: storage_corrupt, disk_full, io.
Result<RunHeader> rebuild_run(os::FileSystem& fs, const std::string& index_directory,
                              const std::deque<Segment>& segments, const RunRange& range);

}  // namespace bolide::store
