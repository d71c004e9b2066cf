// SPDX-License-Identifier: Apache-2.0
//
// OffsetFile: where a broadcasting consumer keeps its offsets, in the place and form of RocketMQ's
// Java client: <directory>/<client id>/<group>/offsets.json (rocketmq 3.6).
// Runs on: any thread, one at a time.  Owns: nothing but the path.
// Invariant: the file is replaced as a whole.
#pragma once

#include <bolide/message.h>

#include "base/result.h"
#include "os/file_system.h"

#include <cstdint>
#include <map>
#include <string>

namespace bolide::client {

using Offsets = std::map<QueueId, std::int64_t>;

class OffsetFile {
 public:
  // `directory` empty: .rocketmq_offsets in the home directory.
  OffsetFile(os::FileSystem& fs, const std::string& directory, const std::string& client_id,
             const std::string& group);

  // What the file holds; nothing if there is none. Errors: io, malformed.
  Result<Offsets> load() const;
  // Errors: io, no_permission, disk_full.
  Result<> save(const Offsets& offsets) const;

 private:
  os::FileSystem& fs_;
  std::string folder_;
};

}  // namespace bolide::client
