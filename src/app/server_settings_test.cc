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

TEST(ServerSettings, encrypt_what_is_said_to_peers_where_they_must_or_are_told_to) {
  table::Options options;
  const auto encrypts = [&] {
    const auto tls = peer_tls(options);
    EXPECT_TRUE(tls.has_value());
    return *tls != nullptr;
  };
  EXPECT_FALSE(encrypts()) << "a peer may refuse TLS";
  ASSERT_TRUE(options.set(table::Opt::tls_mode, "enforcing", {}).has_value());
  EXPECT_TRUE(encrypts()) << "the own name server takes nothing else";
  EXPECT_FALSE((*peer_tls(options))->verifies_name());
  ASSERT_TRUE(options.set(table::Opt::tls_peers, "never", {}).has_value());
  EXPECT_FALSE(encrypts());
  ASSERT_TRUE(options.set(table::Opt::tls_mode, "disabled", {}).has_value());
  ASSERT_TRUE(options.set(table::Opt::tls_peers, "always", {}).has_value());
  EXPECT_TRUE(encrypts());
  ASSERT_TRUE(options.set(table::Opt::tls_peers_trusted, "no-such.pem", {}).has_value());
  const auto missing = peer_tls(options);
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message().find("no-such.pem"), std::string::npos);
}

}  // namespace
}  // namespace bolide::app
