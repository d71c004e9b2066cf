// SPDX-License-Identifier: Apache-2.0
//
// What messages that wait for years cost: taken in, held, and given out by a clock that is moved to
// each time that one is due. Every one of them must come in its millisecond.
#include "broker/core_test_util.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <random>

namespace bolide::broker {
namespace {

constexpr std::int64_t three_years_ms = 1095LL * 24 * 3600 * 1000;

void wait_for_years(benchmark::State& state) {
  for (auto _ : state) {
    testing::CoreRig rig({.segment_bytes = 256U << 20U, .retention_ms = 2 * three_years_ms});
    rig.put_topic("orders", 1);
    const std::int64_t now_ms = rig.clock.now().wall_ms;
    std::mt19937_64 random(1);
    std::uniform_int_distribution<std::int64_t> times(now_ms + 60'000, now_ms + three_years_ms);
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      const std::string due_ms = std::to_string(times(random));
      rig.send("orders", due_ms, 0, testing::property("TIMER_DELIVER_MS", due_ms));
      rig.sink.sent.clear();
    }
    BOLIDE_ASSERT(rig.core->core_stats().timers.waiting ==
                  static_cast<std::size_t>(state.range(0)));
    std::int64_t offset = 0;
    while (offset < state.range(0)) {
      const std::int64_t due_in_ms = rig.core->next_due_ms() - rig.clock.now().wall_ms;
      rig.pass_ms(std::max<std::int64_t>(due_in_ms, 1));
      while (rig.core->end_of_turn()) {
      }
      for (; offset < rig.visible_end("orders"); ++offset) {
        const PullResult result = rig.pull("orders", offset);
        const store::Record record = testing::CoreRig::record(result);
        BOLIDE_ASSERT(std::to_string(record.store_ms) == record.body);
        rig.sink.pulled.clear();
      }
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(wait_for_years)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace bolide::broker
