// SPDX-License-Identifier: Apache-2.0
//
// Making a stopped server's directory ready for Apache RocketMQ's broker.
// Runs on: the main thread.  Owns: nothing.  Invariant: the server on the directory has stopped.
#pragma once

#include "base/result.h"
#include "os/file_system.h"
#include "store/store_export.h"

#include <functional>
#include <string>

namespace bolide::app {

// Writes consume queues, key index and checkpoint; topics whose queue.type is BatchCQ are left out,
// as their queues have another format. `show` is told, every few seconds of a long export, how many
// percent of the log are read. Errors: as export_store and read_rocketmq_files.
Result<store::ExportReport> export_for_apache(os::FileSystem& fs, const std::string& directory,
                                              const std::function<void(int percent)>& show);

}  // namespace bolide::app
