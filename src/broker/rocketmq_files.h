// SPDX-License-Identifier: Apache-2.0
//
// The config/*.json files of a RocketMQ store directory (rocketmq disk 4): read when Bolide first
// opens the directory, written at a clean stop so that Apache's broker finds what it expects. Runs
// on: the main thread at start and stop.  Owns: nothing. Invariant: a file that is there but cannot
// be read is an error, never silently empty.
#pragma once

#include "base/result.h"
#include "broker/metadata.h"
#include "os/file_system.h"

#include <string>

namespace bolide::broker {

// Topics, groups and offsets of `directory`/config; what has no file is empty. A broken file is
// replaced by its .bak, as RocketMQ does. Errors: storage_corrupt naming the file.
Result<StoredMetadata> read_rocketmq_files(os::FileSystem& fs, const std::string& directory);

// Writes topics.json, subscriptionGroup.json and consumerOffset.json, the old ones to .bak.
Result<> write_rocketmq_files(os::FileSystem& fs, const std::string& directory,
                              const StoredMetadata& all);

}  // namespace bolide::broker
