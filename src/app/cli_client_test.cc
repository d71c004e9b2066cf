// SPDX-License-Identifier: Apache-2.0
//
// Tests of what commands that talk to servers share.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "app/cli_client.h"

#include "app/arguments.h"

#include <gtest/gtest.h>

namespace bolide::app {
namespace {

using std::chrono::milliseconds;

TEST(CliClient, a_send_is_given_up_when_the_timeout_is_over) {
  const auto timeout = [](const std::vector<std::string>& words) {
    return producer_options(*parse_arguments(words), "g").send_timeout;
  };
  EXPECT_EQ(timeout({"pub", "t", "x", "--timeout", "500ms"}), milliseconds(500));
  EXPECT_EQ(timeout({"pub", "t", "x"}), milliseconds(5000));
}

TEST(CliClient, a_fix_is_for_the_errors_that_it_helps) {
  const Result<int> missing = fail(Errc::topic_not_found, "t");
  EXPECT_EQ(fixed(missing, Errc::topic_not_found, "look").error().fix(), "look");
  EXPECT_NE(fixed(missing, Errc::timeout, "look").error().fix(), "look");
  EXPECT_EQ(fixed(Result<int>(1), Errc::timeout, "look").value(), 1);
}

}  // namespace
}  // namespace bolide::app
