// SPDX-License-Identifier: Apache-2.0
//
// Farewell: what a member says at its end (the last offsets, the locks it gives back, that it
// leaves its group) is on its way while this lives, so that a program that ends next has said it.
// Runs on: made and waited for on a user's thread, held by requests on the client's agent.
// Owns: the word that all is said.  Invariant: the wait is bounded.
#pragma once

#include "client/runtime.h"

#include <chrono>
#include <future>
#include <memory>
#include <utility>

namespace bolide::client {

class Farewell {
 public:
  Farewell() = default;
  ~Farewell() { said_.set_value(); }
  Farewell(const Farewell&) = delete;
  Farewell& operator=(const Farewell&) = delete;

  std::future<void> said() { return said_.get_future(); }

 private:
  std::promise<void> said_;
};
// Each request holds it until it has its answer.
using FarewellPtr = std::shared_ptr<Farewell>;

// Lets `leave` make the requests, on the agent, and waits a while for their answers; on the agent's
// own thread for nothing.
template <class Function>
void say_farewell(Runtime& runtime, Function leave) {
  constexpr std::chrono::seconds patience{2};
  auto farewell = std::make_shared<Farewell>();
  const auto said = farewell->said();
  runtime.run([&] { leave(std::exchange(farewell, nullptr)); });
  if (runtime.agent().on_this_thread()) return;
  Runtime::pass_on_callbacks();
  (void)said.wait_for(patience);
}

}  // namespace bolide::client
