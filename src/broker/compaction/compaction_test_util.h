// SPDX-License-Identifier: Apache-2.0
//
// For tests: a compacted topic over a store whose log can be made to go.
// Runs on: the test's thread.  Owns: the rig.  Invariant: none.
#pragma once

#include "broker/core_test_util.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bolide::broker::testing {

using Bodies = std::vector<std::string>;

inline constexpr std::string_view compacted = "+cleanup.policy=COMPACTION";
inline constexpr std::int64_t day_ms = 24LL * 3600 * 1000;

class CompactedTest : public ::testing::Test {
 protected:
  CompactedTest() {
    rig_.store_options.retention_ms = 3 * day_ms;
    rig_.restart();
    rig_.put_topic("state", 1, compacted);
  }
  void send(std::string_view key, std::string_view body, std::string_view more = {}) {
    ASSERT_FALSE(rig_.send("state", body, 0, property("KEYS", key) + std::string(more)).error);
  }
  // So much time and so many messages of others that all before it goes from the log.
  void age() {
    const std::string filler(1U << 20U, 'x');
    for (int day = 0; day < 9; ++day) {
      for (int i = 0; i < 10; ++i) rig_.send("filler", filler);
      for (int i = 0; i < 24; ++i) rig_.pass_ms(day_ms / 24);
      for (int i = 0; i < 25; ++i) rig_.pass_ms(100);
    }
  }
  std::int64_t min() {
    Answer<std::int64_t> answer;
    rig_.core->min_offset(rig_.anonymous, {"state", 0}, answer.reply());
    return answer.get().value();
  }
  std::vector<std::string> all(std::int64_t offset = 0, std::string_view tags = "*") {
    std::vector<std::string> bodies;
    for (int i = 0; i < 100; ++i) {
      PullRequest request = rig_.pull_request("state", offset);
      request.messages_max = 2;
      request.subscription = tags;
      const PullResult pulled = rig_.pull(request);
      for (std::string& body : CoreRig::bodies(pulled)) bodies.push_back(std::move(body));
      if (pulled.next_offset <= offset) break;
      offset = pulled.next_offset;
    }
    return bodies;
  }
  std::int64_t by_time(std::int64_t time_ms, bool upper = false) {
    Answer<std::int64_t> answer;
    rig_.core->offset_by_time(rig_.anonymous, {"state", 0}, time_ms, upper, answer.reply());
    return answer.get().value();
  }
  PopRequest pop_request() {
    PopRequest made;
    made.ticket = {.sink = &rig_.sink, .session = 9, .token = 1};
    made.identity = &rig_.anonymous;
    made.group = "workers";
    made.topic = "state";
    made.invisible_ms = 10'000;
    return made;
  }
  PopResult pop(const PopRequest& made) {
    const std::size_t before = rig_.sink.popped.size();
    rig_.core->pop(made);
    rig_.core->end_of_turn();
    BOLIDE_ASSERT(rig_.sink.popped.size() == before + 1);
    return std::move(rig_.sink.popped.back().result);
  }
  PopResult pop() { return pop(pop_request()); }
  static std::vector<std::string> bodies(const PopResult& result) {
    store::ReadResult read;
    read.records = result.records;
    return store::testing::bodies(read);
  }
  Result<Settled> ack(std::int64_t offset, WallMs given_ms) {
    Answer<Settled> answer;
    rig_.core->ack(rig_.anonymous,
                   {.group = "workers", .topic = "state", .offset = offset, .given_ms = given_ms},
                   answer.reply());
    rig_.core->end_of_turn();
    return answer.get();
  }
  std::optional<std::int64_t> committed() {
    return rig_.core->offsets().find("workers", "state", 0);
  }

  CoreRig rig_;
};

}  // namespace bolide::broker::testing
