// SPDX-License-Identifier: Apache-2.0
//
// The config/*.json files of a RocketMQ store directory (rocketmq disk 4): read when Bolide first
// opens the directory and when another broker has changed them, written at a clean stop so that
// Apache's broker finds what it expects. Runs
// on: the main thread at start and stop.  Owns: nothing. Invariant: a file that is there but cannot
// be read is an error, never silently empty.
#pragma once

#include "base/result.h"
#include "broker/metadata.h"
#include "os/file_system.h"

#include <cstdint>
#include <string>
#include <vector>

namespace bolide::broker {

// Topics, groups and offsets of `directory`/config; what has no file is empty. A broken file is
// replaced by its .bak, as RocketMQ does. Errors: storage_corrupt naming the file.
Result<StoredMetadata> read_rocketmq_files(os::FileSystem& fs, const std::string& directory);

// Writes topics.json, subscriptionGroup.json, consumerOffset.json, delayOffset.json, and where
// there is something to say messageRequestMode.json and topicQueueMapping.json, the old ones to
// .bak, and remembers them. Other members of the files stay as they are.
Result<> write_rocketmq_files(os::FileSystem& fs, const std::string& directory,
                              const StoredMetadata& all);

// Until which time (wall, ms) RocketMQ's broker has delivered timed messages; 0: it has not.
std::int64_t read_timer_check(os::FileSystem& fs, const std::string& directory);

// Whether the files say all that the journal says.
enum class InStep : std::uint8_t { no, yes };

// Notes in `directory`/bolide what the files hold now, so that a change by another broker is seen.
Result<> remember_rocketmq_files(os::FileSystem& fs, const std::string& directory, InStep in_step);

struct ForeignChanges {
  bool topics = false;
  bool groups = false;
  bool offsets = false;
  bool modes = false;
  std::vector<TopicConfig> topics_gone;  // were known here, and are in the file no more

  bool any() const { return topics || groups || offsets || modes; }
};

// What the files hold that are not as they were remembered replaces what `all` has of it: another
// broker has run on the directory since, and it had the last word. Where they were not in step,
// what only `all` has stays. Errors: storage_corrupt naming the file, io.
Result<ForeignChanges> take_foreign_changes(os::FileSystem& fs, const std::string& directory,
                                            StoredMetadata* all);

}  // namespace bolide::broker
