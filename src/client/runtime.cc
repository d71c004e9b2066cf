// SPDX-License-Identifier: Apache-2.0
//
// The shared agent and workers.
// Runs on: any thread.  Owns: see runtime.h.  Invariant: see runtime.h.
#include "client/runtime.h"

#include "os/clock.h"

#include <future>

namespace bolide::client {
namespace {

// Listeners may wait for their own databases, so there are more than cores.
constexpr std::size_t workers_max = 64;

}  // namespace

Runtime& Runtime::get() {
  static Runtime* const runtime = new Runtime(net::make_tcp_transport);
  return *runtime;
}

Runtime::Runtime(const MakeTransport& make_transport)
    : agent_("bolide-client", os::system_clock()), workers_(workers_max) {
  agent_.at_end_of_turn([this] { return hand_over_callbacks(); });
  transport_ = make_transport(agent_);
  agent_.start();
}

Runtime::~Runtime() {
  run([this] { transport_.reset(); });
  agent_.stop();
  agent_.join();
}

void Runtime::run(const std::function<void()>& task) {
  if (agent_.on_this_thread()) return task();
  // Shared, because whoever sets the value still holds it when this returns.
  const auto done = std::make_shared<std::promise<void>>();
  agent_.post([&task, done] {
    task();
    done->set_value();
  });
  done->get_future().wait();
}

bool Runtime::hand_over_callbacks() {
  if (callbacks_.empty()) return false;
  workers_.submit([callbacks = std::move(callbacks_)]() mutable {
    for (WorkerPool::Task& callback : callbacks) callback();
  });
  callbacks_.clear();
  return false;
}

}  // namespace bolide::client
