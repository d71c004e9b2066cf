// SPDX-License-Identifier: Apache-2.0
//
// Runtime: what all clients of a process share: one agent for the network and all state, and the
// workers that run users' functions.
// Runs on: any thread.  Owns: the agent, its transport, the workers.
// Invariant: the process's is made at first use and never destroyed, so that clients may be
// destroyed at any time, in static destructors too.
#pragma once

#include "client/worker_pool.h"
#include "net/agent.h"
#include "net/transport.h"

#include <functional>
#include <memory>
#include <vector>

namespace bolide::client {

class Runtime {
 public:
  using MakeTransport = std::function<std::unique_ptr<net::Transport>(net::Agent&)>;

  static Runtime& get();
  // One of its own, for tests: with another network than the machine's, and another clock.
  explicit Runtime(const MakeTransport& make_transport, const Clock& clock);
  // When everything that was made with it is gone.
  ~Runtime();

  const Clock& clock() const { return clock_; }
  net::Agent& agent() { return agent_; }
  net::Transport& transport() { return *transport_; }
  WorkerPool& workers() { return workers_; }
  void post(std::move_only_function<void()> task) { agent_.post(std::move(task)); }

  // Runs `task` on the agent and waits for its end. On the agent's own thread: at once.
  void run(const std::function<void()>& task);

  // On the agent: gives a user's callback to a worker; those of one turn go together.
  void call_back(WorkerPool::Task task) { callbacks_.push_back(std::move(task)); }
  // Before a wait: if this is such a callback, those that would follow it on its thread go to
  // another worker.
  static void pass_on_callbacks();

 private:
  bool hand_over_callbacks();

  const Clock& clock_;
  net::Agent agent_;
  std::unique_ptr<net::Transport> transport_;
  WorkerPool workers_;
  std::vector<WorkerPool::Task> callbacks_;
};

}  // namespace bolide::client
