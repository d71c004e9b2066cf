// SPDX-License-Identifier: Apache-2.0
//
// Tests of what a server says that cannot start.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "app/start_errors.h"

#include <gtest/gtest.h>

namespace bolide::app {
namespace {

TEST(StartErrors, of_an_address_name_its_option) {
  const Error taken = listen_error({Errc::in_use, "listen h:1"}, table::Opt::naming_listen);
  EXPECT_EQ(taken.code, Errc::in_use);
  EXPECT_EQ(taken.context, "naming.listen: listen h:1");
  EXPECT_EQ(taken.fix(),
            "stop what listens there, or choose another address: --set naming.listen=HOST:PORT");
  const Error refused =
      listen_error({Errc::no_permission, "listen h:1"}, table::Opt::broker_listen);
  EXPECT_EQ(refused.fix(), "choose another address: --set broker.listen=HOST:PORT");
}

TEST(StartErrors, of_the_data_directory_name_the_option_where_another_directory_helps) {
  for (const Errc code : {Errc::in_use, Errc::no_permission, Errc::not_found}) {
    const Error error = store_error({code, "/nowhere"}, "/nowhere");
    EXPECT_EQ(error.code, code);
    EXPECT_EQ(error.context, "data directory: /nowhere");
    EXPECT_NE(error.fix().find("--data-dir"), std::string_view::npos) << error.fix();
  }
  const Error damaged = store_error({Errc::storage_corrupt, "log"}, "/nowhere");
  EXPECT_EQ(damaged.fix(), "run: bolide store verify --data-dir /nowhere");
  const Error full = store_error({Errc::disk_full, "append"}, "/nowhere");
  EXPECT_EQ(full.fix(), error_row(Errc::disk_full).fix);
}

}  // namespace
}  // namespace bolide::app
