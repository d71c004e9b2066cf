// SPDX-License-Identifier: Apache-2.0
//
// Tests of what the parts of a server are told.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "app/server_settings.h"

#include <gtest/gtest.h>

namespace bolide::app {
namespace {

TEST(ServerSettings, seed_every_start_anew) {
  // In a container each start has the same process id: the ids that the broker gives to messages
  // must differ all the same.
  const table::Options options;
  EXPECT_NE(core_settings(options, {})->seed, core_settings(options, {})->seed);
}

}  // namespace
}  // namespace bolide::app
