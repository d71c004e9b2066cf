// SPDX-License-Identifier: Apache-2.0
//
// For the store's tests: another agent, whose jobs run inline or step by step, and short ways to
// append and to look at what was read.
// Runs on: the test.  Owns: nothing.  Invariant: none.
#pragma once

#include "base/time.h"
#include "store/message_store.h"

#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace bolide::store::testing {

// Another agent: runs jobs at once, or when the test says so.
class StepAgent {
 public:
  explicit StepAgent(bool inline_jobs = true) : inline_(inline_jobs) {}
  Background background() {
    return [this](std::move_only_function<std::move_only_function<void()>()> job) {
      jobs_.push_back(std::move(job));
      if (inline_) run();
    };
  }
  // Runs what is waiting, and what that makes; the count.
  int run() {
    int count = 0;
    while (run_one()) ++count;
    return count;
  }
  // Runs what has waited longest, if anything has.
  bool run_one() {
    if (jobs_.empty()) return false;
    auto job = std::move(jobs_.front());
    jobs_.pop_front();
    if (auto done = job()) done();
    return true;
  }
  std::size_t waiting() const { return jobs_.size(); }
  void drop() { jobs_.clear(); }

 private:
  bool inline_;
  std::deque<std::move_only_function<std::move_only_function<void()>()>> jobs_;
};

inline Result<Appended> append(MessageStore& store, QueueNo queue, std::string_view body,
                               const Now& now, std::string_view properties = "") {
  AppendRequest request;
  request.queue = queue;
  request.record.body = body;
  request.record.properties = properties;
  return store.append(request, now);
}

inline std::vector<std::string> bodies(const ReadResult& result) {
  std::vector<std::string> found;
  for (const Slice& slice : result.records) {
    std::string_view rest = slice.view();
    Record record;
    while (!rest.empty() &&
           decode_record(rest, Verify::checksums, &record) == DecodeStatus::record) {
      found.emplace_back(record.body);
      rest.remove_prefix(record.total_size);
    }
  }
  return found;
}

}  // namespace bolide::store::testing
