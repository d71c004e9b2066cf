// SPDX-License-Identifier: Apache-2.0
//
// A job on another agent.
// Runs on: see job_slot.h.  Owns: the control block, shared with the job.  Invariant: see
// job_slot.h.
#include "store/job_slot.h"

#include "base/assert.h"

#include <condition_variable>
#include <mutex>
#include <utility>

namespace bolide::store {

struct JobSlot::Control {
  enum class State { queued, running, done, dropped };

  std::mutex mutex;
  std::condition_variable changed;
  State state = State::queued;
  Job job;
  Finish finish;
  JobSlot* owner = nullptr;  // log agent only; null when the slot is gone
};

JobSlot::~JobSlot() {
  if (!control_) return;
  std::unique_lock lock(control_->mutex);
  control_->owner = nullptr;
  if (control_->state == Control::State::queued) control_->state = Control::State::dropped;
  control_->changed.wait(lock, [&] { return control_->state != Control::State::running; });
}

void JobSlot::start(const Background& background, Job job) {
  BOLIDE_ASSERT(!busy());
  control_ = std::make_shared<Control>();
  control_->job = std::move(job);
  control_->owner = this;
  background([control = control_]() -> Finish {
    run(*control);
    return [control] { finish(control); };
  });
}

void JobSlot::settle() {
  if (!control_) return;
  const std::shared_ptr<Control> control = control_;
  run(*control);
  {
    std::unique_lock lock(control->mutex);
    control->changed.wait(lock, [&] { return control->state == Control::State::done; });
  }
  finish(control);
}

void JobSlot::run(Control& control) {
  {
    const std::scoped_lock lock(control.mutex);
    if (control.state != Control::State::queued) return;
    control.state = Control::State::running;
  }
  Finish finish = control.job();
  control.job = nullptr;
  const std::scoped_lock lock(control.mutex);
  control.finish = std::move(finish);
  control.state = Control::State::done;
  control.changed.notify_all();
}

void JobSlot::finish(const std::shared_ptr<Control>& control) {
  if (control->owner == nullptr) return;
  control->owner->control_.reset();
  control->owner = nullptr;
  if (control->finish) control->finish();
}

}  // namespace bolide::store
