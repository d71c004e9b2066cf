// SPDX-License-Identifier: Apache-2.0
//
// An agent: one loop that owns its data (DESIGN 3). It runs in turns: wait for sockets, timers and
// mail; handle all that is ready; then the end-of-turn hooks, in the order they were added: that is
// where a batch is appended, flushed and answered. Any number of components share one agent; which
// component runs on which agent is decided by the composition root alone.
// Runs on: its own thread (start()) or the caller's (run()).  Owns: the loop, its timers.
// Invariant: everything but post() and stop() is called on the agent's own thread, or while it does
// not run. Components of an agent are destroyed there or after join(), and before the agent.
#pragma once

#include "base/time.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace bolide::net {

class AgentImpl;

// When in the end of a turn a hook runs: all `work` hooks (append, publish) before all `output`
// hooks (the transports' writes), so that what the work answers leaves in the same turn.
enum class TurnPhase : std::uint8_t { work, output };

class Agent {
 public:
  Agent(std::string name, const Clock& clock);
  ~Agent();
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  // Runs `task` on the agent, after what is queued already. From any thread; wakes the agent once
  // per batch, and not at all from its own thread. After stop() tasks are dropped.
  void post(std::move_only_function<void()> task);

  // Calls `task` on this agent every `interval_ms` until the Timer goes. On the agent's thread or
  // before start. Intervals are of the machine's steady clock, whatever `clock` says.
  class Timer;
  std::unique_ptr<Timer> every(std::int64_t interval_ms, std::move_only_function<void()> task);
  // Calls `task` once after `delay_ms`, unless the Timer goes before.
  std::unique_ptr<Timer> after(std::int64_t delay_ms, std::move_only_function<void()> task);

  // Called at the end of every turn in which anything ran; returns true if it made new work that
  // must run before the agent may sleep (the turn is then repeated without waiting). Before start,
  // or on the agent's thread; lives as long as the agent. Hooks of one phase run in the order in
  // which they were added.
  void at_end_of_turn(std::move_only_function<bool()> hook, TurnPhase phase = TurnPhase::work);

  // The time of this turn (read once a turn). On the agent's thread or before start.
  Now now() const;

  void start();  // in a thread of its own, named after the agent
  void run();    // in this thread, until stop()
  void stop();   // from any thread or a signal handler; start()'s thread is joined by join()
  void join();

  bool on_this_thread() const;
  AgentImpl& impl() { return *impl_; }

 private:
  std::unique_ptr<AgentImpl> impl_;
};

class Agent::Timer {
 public:
  virtual ~Timer() = default;
};

}  // namespace bolide::net
