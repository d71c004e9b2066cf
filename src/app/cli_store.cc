// SPDX-License-Identifier: Apache-2.0
//
// bolide store verify|dump: looks into the files of a stopped server.
// Runs on: the main thread.  Owns: nothing.  Invariant: nothing is changed.
#include "app/cli.h"

namespace bolide::app {

Result<> store_command(const CommandLine&, Streams) {
  return fail(Errc::not_supported, "store tools");
}

}  // namespace bolide::app
