// SPDX-License-Identifier: Apache-2.0
//
// Tests of the agent: mail, timers, hooks, stopping.
// Runs on: the test's thread and agents.  Owns: nothing.  Invariant: waits for conditions only.
#include "net/agent.h"

#include "os/clock.h"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <future>
#include <thread>
#include <vector>

namespace bolide::net {
namespace {

TEST(Agent, runs_posted_tasks_in_order_on_its_thread) {
  Agent agent("agent", os::system_clock());
  std::vector<int> order;
  std::promise<void> done;
  EXPECT_FALSE(agent.on_this_thread());
  agent.post([&] { order.push_back(1); });
  agent.start();
  agent.post([&] {
    EXPECT_TRUE(agent.on_this_thread());
    order.push_back(2);
    agent.post([&] {
      order.push_back(3);
      done.set_value();
    });
  });
  done.get_future().wait();
  agent.stop();
  agent.join();
  EXPECT_EQ(order, (std::vector{1, 2, 3}));
}

TEST(Agent, loses_no_task_of_many_posting_threads) {
  constexpr int threads = 4;
  constexpr int each = 20'000;
  Agent agent("agent", os::system_clock());
  int ran = 0;
  std::promise<void> done;
  agent.start();
  std::vector<std::thread> posters;
  for (int t = 0; t < threads; ++t)
    posters.emplace_back([&] {
      for (int i = 0; i < each; ++i)
        agent.post([&] {
          if (++ran == threads * each) done.set_value();
        });
    });
  for (auto& poster : posters) poster.join();
  EXPECT_EQ(done.get_future().wait_for(std::chrono::seconds(30)), std::future_status::ready);
  agent.stop();
  agent.join();
}

TEST(Agent, wakes_from_sleep_for_each_posted_task) {
  Agent ping("ping", os::system_clock());
  Agent pong("pong", os::system_clock());
  int left = 2'000;
  std::promise<void> done;
  std::function<void()> serve = [&] {
    if (--left == 0) return done.set_value();
    pong.post([&] { ping.post(serve); });
  };
  ping.start();
  pong.start();
  ping.post(serve);
  EXPECT_EQ(done.get_future().wait_for(std::chrono::seconds(30)), std::future_status::ready);
  ping.stop();
  pong.stop();
  ping.join();
  pong.join();
}

TEST(Agent, runs_work_hooks_before_output_hooks_in_order_of_addition) {
  Agent agent("agent", os::system_clock());
  std::string order;
  const auto hook = [&](char name) {
    return [&order, name] {
      order += name;
      return false;
    };
  };
  agent.at_end_of_turn(hook('x'), TurnPhase::output);
  agent.at_end_of_turn(hook('a'));
  agent.at_end_of_turn(hook('b'));
  agent.post([&] {
    order += 'm';
    agent.stop();
  });
  agent.run();
  EXPECT_EQ(order, "mabx");
}

TEST(Agent, repeats_the_turn_without_waiting_while_a_hook_made_work) {
  Agent agent("agent", os::system_clock());
  int turns = 0;
  agent.at_end_of_turn([&] {
    if (++turns == 5) agent.stop();
    return true;
  });
  agent.post([] {});
  agent.run();
  EXPECT_EQ(turns, 5);
}

TEST(Agent, does_not_run_hooks_while_idle) {
  Agent agent("agent", os::system_clock());
  int turns = 0;
  agent.at_end_of_turn([&] {
    ++turns;
    return false;
  });
  const auto timer = agent.after(100, [&] { agent.stop(); });
  agent.run();
  EXPECT_EQ(turns, 1);
}

TEST(Agent, reads_the_time_once_a_turn) {
  ManualClock clock;
  Agent agent("agent", clock);
  agent.post([&] {
    const Now before = agent.now();
    clock.advance_ms(5);
    EXPECT_EQ(agent.now().steady_ns, before.steady_ns);
    agent.post([&agent, before] {
      EXPECT_EQ(agent.now().steady_ms(), before.steady_ms() + 5);
      agent.stop();
    });
  });
  agent.run();
}

TEST(Agent, repeats_a_timer_until_it_goes_even_in_its_own_task) {
  Agent agent("agent", os::system_clock());
  int ticks = 0;
  std::unique_ptr<Agent::Timer> timer = agent.every(1, [&] {
    if (++ticks == 3) timer.reset();
  });
  const auto end = agent.after(50, [&] { agent.stop(); });
  auto cancelled = agent.after(5, [] { FAIL() << "a cancelled timer ran"; });
  cancelled.reset();
  agent.run();
  EXPECT_EQ(ticks, 3);
}

Agent* stopped_by_signal = nullptr;

TEST(Agent, stops_from_a_signal_handler) {
  Agent agent("agent", os::system_clock());
  stopped_by_signal = &agent;
  const auto previous = std::signal(SIGUSR1, [](int) { stopped_by_signal->stop(); });
  std::thread sender([thread = ::pthread_self()] { ::pthread_kill(thread, SIGUSR1); });
  agent.run();
  sender.join();
  std::signal(SIGUSR1, previous);
  EXPECT_FALSE(agent.on_this_thread());
}

TEST(Agent, drops_tasks_that_are_posted_after_the_stop) {
  bool ran = false;
  {
    Agent agent("agent", os::system_clock());
    agent.stop();
    agent.post([&] { ran = true; });
    agent.run();
  }
  EXPECT_FALSE(ran);
}

}  // namespace
}  // namespace bolide::net
