// SPDX-License-Identifier: Apache-2.0
//
// Tests of the threads that run users' functions.
// Runs on: the test's thread and the pool's.  Owns: nothing.  Invariant: none.
#include "client/worker_pool.h"

#include "net/test_server.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <latch>
#include <thread>

namespace bolide::client {
namespace {

using net::test::eventually;

TEST(WorkerPool, runs_everything_before_it_ends) {
  std::atomic<int> ran{0};
  {
    WorkerPool pool(4);
    for (int i = 0; i < 1000; ++i) pool.submit([&] { ++ran; });
  }
  EXPECT_EQ(ran, 1000);
}

TEST(WorkerPool, makes_a_thread_only_when_all_others_are_busy) {
  std::latch open(1), entered(3);  // outlive the tasks, which the pool waits for
  WorkerPool pool(3);
  for (int i = 0; i < 5; ++i) {
    pool.submit([&, i] {
      if (i < 3) entered.count_down();
      open.wait();
    });
  }
  entered.wait();
  EXPECT_EQ(pool.threads(), 3U) << "no more than asked";
  open.count_down();
  std::latch done(1);
  pool.submit([&] { done.count_down(); });
  done.wait();
  EXPECT_LE(pool.threads(), 3U);
}

TEST(WorkerPool, lets_threads_go_that_were_idle) {
  WorkerPool pool(4, std::chrono::milliseconds(1));
  for (int i = 0; i < 8; ++i) pool.submit([] {});
  EXPECT_TRUE(eventually([&] { return pool.threads() == 0; }));
  std::latch done(1);
  pool.submit([&] { done.count_down(); });
  done.wait();
}

TEST(WorkerPool, one_thread_runs_in_order) {
  std::vector<int> order;
  {
    WorkerPool pool(1);
    for (int i = 0; i < 100; ++i) pool.submit([&order, i] { order.push_back(i); });
  }
  EXPECT_TRUE(std::ranges::is_sorted(order));
  EXPECT_EQ(order.size(), 100U);
}

TEST(WorkerPool, knows_its_own_threads) {
  std::atomic<bool> inside{false};
  {
    WorkerPool pool(1);
    pool.submit([&] { inside = WorkerPool::on_worker(); });
  }
  EXPECT_TRUE(inside);
  EXPECT_FALSE(WorkerPool::on_worker());
}

TEST(WorkerPool, destroys_a_task_before_it_waits_for_the_next) {
  const auto kept = std::make_shared<int>(1);
  WorkerPool pool(1);
  pool.submit([kept] {});
  EXPECT_TRUE(eventually([&] { return kept.use_count() == 1; }));
}

TEST(WorkerPool, is_idle_when_its_tasks_are_destroyed) {
  const auto kept = std::make_shared<int>(1);
  WorkerPool pool(4);
  pool.wait_idle();
  for (int i = 0; i < 100; ++i) pool.submit([kept] { std::this_thread::yield(); });
  pool.wait_idle();
  EXPECT_EQ(kept.use_count(), 1);
}

}  // namespace
}  // namespace bolide::client
