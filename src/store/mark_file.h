// SPDX-License-Identifier: Apache-2.0
//
// Positions that are kept up to date in place, beside the log: how far it was synced, how far space
// was reserved, where it was closed. Each mark has two copies that are written in turn, so that a
// torn write leaves the older. Format: docs/disk/index.md. Runs on: log agent; the reserved mark is
// set by one background job at a time. Owns: the file <dir>/bolide/marks.  Invariant: read() gives
// a value that was set, or none.
#pragma once

#include "base/result.h"
#include "os/file_system.h"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace bolide::store {

enum class Mark : std::uint8_t {
  synced,    // the log was durable up to here
  reserved,  // nothing was ever written to the log at or beyond this position
  closed,    // the end of the log at a clean stop, -1 while running
};

class MarkFile {
 public:
  static Result<std::shared_ptr<MarkFile>> open(os::FileSystem& fs, const std::string& path);

  std::optional<std::int64_t> read(Mark mark) const;
  // Written, not durable. One caller per mark at a time.
  Result<> set(Mark mark, std::int64_t value);
  Result<> sync();

 private:
  struct State {
    std::optional<std::int64_t> value;
    std::uint64_t turn = 0;
  };

  explicit MarkFile(std::unique_ptr<os::File> file) : file_(std::move(file)) {}
  Result<> load();

  std::unique_ptr<os::File> file_;
  std::array<State, 3> states_;
};

}  // namespace bolide::store
