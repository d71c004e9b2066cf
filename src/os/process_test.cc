// SPDX-License-Identifier: Apache-2.0
//
// Tests of the facts about the process, the clock and the signals.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "os/process.h"

#include "os/clock.h"
#include "os/file_system.h"
#include "os/signals.h"
#include "os/test_dir.h"

#include <arpa/inet.h>
#include <sys/resource.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <vector>

namespace bolide::os {
namespace {

TEST(SystemClock, agrees_with_the_standard_library_and_never_goes_back) {
  using std::chrono::milliseconds;
  const Now first = system_clock().now();
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  const auto wall = std::chrono::duration_cast<milliseconds>(since_epoch).count();
  EXPECT_NEAR(static_cast<double>(first.wall_ms), static_cast<double>(wall), 10'000.0);
  for (Now last = first, next; last.steady_ns - first.steady_ns < 1'000'000; last = next) {
    next = system_clock().now();
    ASSERT_GE(next.steady_ns, last.steady_ns);
  }
}

TEST(Process, gives_another_random_number_with_each_call) {
  EXPECT_NE(random_number(), random_number());
}

TEST(Process, knows_its_usage) {
  const ProcessUsage before = process_usage();
  EXPECT_GT(before.resident_bytes, 100'000U);
  std::vector<char> memory(64U << 20U, 'm');
  const ProcessUsage after = process_usage();
  EXPECT_GT(after.resident_bytes, before.resident_bytes + (32U << 20U));
  EXPECT_GT(after.cpu_seconds(), 0.0);
  EXPECT_GE(after.user_cpu_us, before.user_cpu_us);
  EXPECT_EQ(memory[memory.size() / 2], 'm');
}

TEST(Process, knows_its_place) {
  EXPECT_EQ(process_id(), ::getpid());
  EXPECT_FALSE(host_name().empty());
  EXPECT_GE(cpu_count(), 1U);
  in_addr address{};
  EXPECT_EQ(::inet_pton(AF_INET, local_ipv4().c_str(), &address), 1) << local_ipv4();
}

TEST(Process, finds_who_has_a_file_open) {
  const TemporaryDirectory dir;
  const std::string path = dir / "file";
  auto file = posix_file_system().open(path, OpenMode::create);
  ASSERT_TRUE(file);
  EXPECT_EQ(process_that_has(path), process_id());
  file->reset();
  EXPECT_EQ(process_that_has(path), 0);
  EXPECT_EQ(process_that_has(path + "-that-is-not-there"), 0);
}

TEST(Process, raises_the_descriptor_limit_to_the_permitted_one) {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit before = limit;
  limit.rlim_cur = 64;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(raise_descriptor_limit().value(), limit.rlim_max);
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(limit.rlim_cur, limit.rlim_max);
  EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

class Received {
 public:
  void add(int signal) {
    const std::scoped_lock guard(mutex_);
    signals_.push_back(signal);
    arrived_.notify_all();
  }
  // Waits for the next `count` signals in all, at most ten seconds.
  std::vector<int> wait_for(std::size_t count) {
    std::unique_lock guard(mutex_);
    arrived_.wait_for(guard, std::chrono::seconds(10), [&] { return signals_.size() >= count; });
    return signals_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<int> signals_;
};

TEST(Signals, arrive_at_the_callback_instead_of_ending_the_program) {
  Received received;
  const auto signals = Signals::start([&](int signal) { received.add(signal); }).value();
  ASSERT_EQ(::kill(::getpid(), SIGHUP), 0);
  EXPECT_EQ(received.wait_for(1), (std::vector{SIGHUP}));
  ASSERT_EQ(::kill(::getpid(), SIGTERM), 0);
  EXPECT_EQ(received.wait_for(2), (std::vector{SIGHUP, SIGTERM}));
  ASSERT_EQ(::kill(::getpid(), SIGINT), 0);
  EXPECT_EQ(received.wait_for(3), (std::vector{SIGHUP, SIGTERM, SIGINT}));
}

TEST(Signals, act_as_before_once_the_object_is_gone) {
  EXPECT_EXIT(
      {
        {
          const auto signals = Signals::start([](int) {}).value();
        }
        ::kill(::getpid(), SIGTERM);
        ::_exit(1);
      },
      testing::KilledBySignal(SIGTERM), "");
}

TEST(Signals, a_closed_pipe_is_an_error_and_not_a_signal) {
  EXPECT_EXIT(
      {
        ignore_write_signals();
        int ends[2];
        if (::pipe(ends) != 0) ::_exit(1);
        ::close(ends[0]);
        ::_exit(::write(ends[1], "x", 1) < 0 && errno == EPIPE ? 7 : 2);
      },
      testing::ExitedWithCode(7), "");
}

}  // namespace
}  // namespace bolide::os
