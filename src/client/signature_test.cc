// SPDX-License-Identifier: Apache-2.0
//
// Tests of signed requests: what Apache's own AclUtils (5.5.0) makes of the same fields.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "client/signature.h"

#include <gtest/gtest.h>

namespace bolide::client {
namespace {

TEST(Signature, is_what_the_java_client_signs) {
  const Credentials credentials{
      .access_key = "ak", .secret_key = "secret", .security_token = "tok"};
  std::vector<remoting::ExtField> fields = {{"topic", "orders"}, {"b", "2"}, {"a", "1"}, {"z", ""}};
  std::string memory;
  sign(credentials, "body", &fields, &memory);
  EXPECT_EQ(fields.back(), (remoting::ExtField{"Signature", "UCRmS6fRGef2haSVnFk/ehGIWfg="}));
  EXPECT_EQ(fields.size(), 6U) << "a field without a value does not travel";
}

TEST(Signature, does_not_sign_itself_and_follows_the_secret_and_the_body) {
  const std::vector<remoting::ExtField> fields = {{"a", "1"}, {"Signature", "old"}};
  const std::vector<remoting::ExtField> plain = {{"a", "1"}};
  EXPECT_EQ(signature_of("s", fields, "b"), signature_of("s", plain, "b"));
  EXPECT_NE(signature_of("s", plain, "b"), signature_of("t", plain, "b"));
  EXPECT_NE(signature_of("s", plain, "b"), signature_of("s", plain, "c"));
}

}  // namespace
}  // namespace bolide::client
