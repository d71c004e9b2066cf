// SPDX-License-Identifier: Apache-2.0
//
// A place for one job at a time on another agent: started, and when it must be done now, settled.
// Runs on: log agent; the job itself where Background runs it.  Owns: the job until it has ended.
// Invariant: a job runs at most once and its finish at most once, on the log agent; after the
// destructor neither runs.
#pragma once

#include "store/queue_index.h"

#include <functional>
#include <memory>

namespace bolide::store {

class JobSlot {
 public:
  using Finish = std::move_only_function<void()>;  // runs on the log agent
  using Job = std::move_only_function<Finish()>;   // touches nothing of the store

  JobSlot() = default;
  JobSlot(const JobSlot&) = delete;
  JobSlot& operator=(const JobSlot&) = delete;
  // Drops a job that has not begun and waits for one that has.
  ~JobSlot();

  bool busy() const { return control_ != nullptr; }
  // Requires !busy(). With an inline Background the finish has run when this returns.
  void start(const Background& background, Job job);
  // Returns with the job done and its finish called: runs it here if it has not begun, else waits.
  void settle();

 private:
  struct Control;
  static void run(Control& control);
  static void finish(const std::shared_ptr<Control>& control);

  std::shared_ptr<Control> control_;
};

}  // namespace bolide::store
