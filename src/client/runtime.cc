// SPDX-License-Identifier: Apache-2.0
//
// The shared agent and workers.
// Runs on: any thread.  Owns: see runtime.h.  Invariant: see runtime.h.
#include "client/runtime.h"

#include "os/clock.h"

#include <future>
#include <iterator>
#include <utility>

namespace bolide::client {
namespace {

// Listeners may wait for their own databases, so there are more than cores.
constexpr std::size_t workers_max = 64;

using Tasks = std::vector<WorkerPool::Task>;

// The callbacks that one worker runs, one after the other.
struct Batch {
  WorkerPool& workers;
  Tasks tasks;
  std::size_t next = 0;
};
thread_local Batch* running_batch = nullptr;

void run_batch(WorkerPool& workers, Tasks tasks) {
  Batch batch{.workers = workers, .tasks = std::move(tasks)};
  running_batch = &batch;
  while (batch.next < batch.tasks.size()) {
    WorkerPool::Task task = std::move(batch.tasks[batch.next++]);
    task();
  }
  running_batch = nullptr;
}

void submit_batch(WorkerPool& workers, Tasks tasks) {
  workers.submit(
      [&workers, tasks = std::move(tasks)]() mutable { run_batch(workers, std::move(tasks)); });
}

}  // namespace

Runtime& Runtime::get() {
  static Runtime* const runtime = new Runtime(net::make_tcp_transport, os::system_clock());
  return *runtime;
}

Runtime::Runtime(const MakeTransport& make_transport, const Clock& clock)
    : clock_(clock), agent_("bolide-client", clock), workers_(workers_max) {
  agent_.at_end_of_turn([this] { return hand_over_callbacks(); });
  transport_ = make_transport(agent_);
  agent_.start();
}

Runtime::~Runtime() {
  // What the last callbacks let go ends on the agent.
  run([this] { hand_over_callbacks(); });
  workers_.wait_idle();
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
  submit_batch(workers_, std::exchange(callbacks_, {}));
  return false;
}

void Runtime::pass_on_callbacks() {
  if (running_batch == nullptr || running_batch->next == running_batch->tasks.size()) return;
  Batch& batch = *running_batch;
  const auto rest = batch.tasks.begin() + static_cast<std::ptrdiff_t>(batch.next);
  Tasks others(std::make_move_iterator(rest), std::make_move_iterator(batch.tasks.end()));
  batch.tasks.erase(rest, batch.tasks.end());
  submit_batch(batch.workers, std::move(others));
}

}  // namespace bolide::client
