// SPDX-License-Identifier: Apache-2.0
//
// What popping and acknowledging costs a message, all through the core: reading, lease, journal.
#include "broker/core_test_util.h"

#include <benchmark/benchmark.h>

namespace bolide::broker {
namespace {

// Pops in batches and acknowledges each message; the journal is written once per turn.
void pop_and_ack(benchmark::State& state) {
  const auto batch = static_cast<std::int32_t>(state.range(0));
  testing::CoreRig rig(testing::RigOptions{.segment_bytes = 256U << 20U});
  rig.put_topic("orders", 1);
  std::string elements;
  for (int i = 0; i < 1'000; ++i) elements += testing::batch_element("a message of some size");
  for (int i = 0; i < 200; ++i) {
    SendRequest request = rig.request("orders", elements);
    request.batch = true;
    rig.send(request);
  }
  PopRequest pop;
  pop.ticket = {.sink = &rig.sink, .session = 9, .token = 1};
  pop.identity = &rig.anonymous;
  pop.group = "workers";
  pop.topic = "orders";
  pop.queue_id = 0;
  pop.messages_max = batch;
  std::int64_t messages = 0;
  for (auto _ : state) {
    rig.core->pop(pop);
    rig.core->end_of_turn();
    const PopResult result = std::move(rig.sink.popped.back().result);
    rig.sink.popped.clear();
    if (result.queues.empty()) {
      state.SkipWithError("nothing left to pop");
      break;
    }
    for (std::int64_t offset : result.queues[0].offsets) {
      rig.core->ack(
          rig.anonymous,
          {.group = "workers", .topic = "orders", .offset = offset, .given_ms = result.given_ms},
          [](Result<Settled> settled) { benchmark::DoNotOptimize(settled); });
    }
    rig.core->end_of_turn();
    messages += static_cast<std::int64_t>(result.queues[0].offsets.size());
  }
  state.SetItemsProcessed(messages);
}
BENCHMARK(pop_and_ack)->ArgName("batch")->Arg(1)->Arg(32)->Iterations(5'000);

}  // namespace
}  // namespace bolide::broker
