// SPDX-License-Identifier: Apache-2.0
//
// What a lease costs a message.
#include "broker/leases/lease_queue.h"

#include <benchmark/benchmark.h>

#include <numeric>
#include <vector>

namespace bolide::broker {
namespace {

// Messages are given in batches and acknowledged one by one, `outstanding` later.
void lease_and_ack(benchmark::State& state) {
  const std::int64_t batch = state.range(0);
  const std::int64_t outstanding = state.range(1);
  LeaseQueue queue(0);
  std::vector<std::int64_t> offsets(static_cast<std::size_t>(batch));
  std::int64_t acked = 0;
  for (auto _ : state) {
    std::iota(offsets.begin(), offsets.end(), queue.cursor());
    const std::int64_t now_ms = queue.cursor() / 1'000;
    queue.give(offsets, queue.cursor() + batch, {now_ms, now_ms + 60'000});
    for (; acked + outstanding < queue.cursor(); ++acked)
      benchmark::DoNotOptimize(queue.ack(acked, acked / batch * batch / 1'000));
    benchmark::DoNotOptimize(queue.take_changed());
  }
  state.SetItemsProcessed(state.iterations() * batch);
}
BENCHMARK(lease_and_ack)
    ->ArgNames({"batch", "outstanding"})
    ->ArgsProduct({{1, 32}, {0, 1'000'000}});

}  // namespace
}  // namespace bolide::broker
