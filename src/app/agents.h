// SPDX-License-Identifier: Apache-2.0
//
// The agents of a server and how they hand work to each other (DESIGN 3): io, core and log share
// `serve`; syncing and whatever may wait for the disk have threads of their own.
// Runs on: made by the main thread.  Owns: the agents.
// Invariant: workers are joined before the parts that their jobs point to go.
#pragma once

#include "base/time.h"
#include "net/agent.h"
#include "store/message_store.h"

namespace bolide::app {

// The time of an agent's turn, for the components that live on it.
class TurnClock final : public Clock {
 public:
  explicit TurnClock(const net::Agent& agent) : agent_(agent) {}
  Now now() const override { return agent_.now(); }

 private:
  const net::Agent& agent_;
};

struct Agents {
  explicit Agents(const Clock& clock)
      : serve("serve", clock), sync("sync", clock), background("background", clock) {}

  store::StoreAgents for_store() { return {.background = via(background), .sync = via(sync)}; }
  // Runs jobs on `worker` and what they return on `serve`.
  store::Background via(net::Agent& worker) {
    return [this, &worker](std::move_only_function<std::move_only_function<void()>()> job) {
      worker.post([this, job = std::move(job)]() mutable {
        if (auto done = job()) serve.post(std::move(done));
      });
    };
  }
  void start_workers() {
    sync.start();
    background.start();
  }
  void stop_workers() {
    for (net::Agent* worker : {&sync, &background}) {
      worker->stop();
      worker->join();
    }
  }

  net::Agent serve;
  net::Agent sync;
  net::Agent background;
};

}  // namespace bolide::app
