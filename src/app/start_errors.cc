// SPDX-License-Identifier: Apache-2.0
//
// Why a server cannot start.
// Runs on: the main thread at start.  Owns: nothing.  Invariant: see start_errors.h.
#include "app/start_errors.h"

#include "os/process.h"

#include <fmt/core.h>

namespace bolide::app {

Error listen_error(Error error, table::Opt option) {
  const std::string_view name = table::option_row(option).name;
  const std::string_view stop =
      error.code == Errc::in_use ? "stop what listens there, or choose" : "choose";
  return std::move(error).in(name).fixed_by(
      fmt::format("{} another address: --set {}=HOST:PORT", stop, name));
}

Error store_error(Error error, const std::string& directory) {
  constexpr std::string_view choose = "--data-dir DIR (server.data_dir)";
  if (error.code == Errc::in_use) {
    const std::int64_t holder = os::process_that_has(directory + "/lock");
    if (holder > 0) error.context += fmt::format(": process {} has it", holder);
    return std::move(error)
        .in("data directory")
        .fixed_by(fmt::format("stop that server, or choose another directory: {}", choose));
  }
  if (error.code == Errc::no_permission || error.code == Errc::not_found)
    return std::move(error)
        .in("data directory")
        .fixed_by(fmt::format("choose a directory that this user may write: {}", choose));
  if (error.code == Errc::storage_corrupt)
    return std::move(error).fixed_by("run: bolide store verify --data-dir " + directory);
  return error;
}

}  // namespace bolide::app
