// SPDX-License-Identifier: Apache-2.0
//
// What pulls cost that wait: a tick over many of them, one that is woken among others of its
// session, and a session that closes.
#include "broker/core_test_util.h"

#include <benchmark/benchmark.h>

namespace bolide::broker {
namespace {

constexpr std::int32_t queues = 1'000;
constexpr std::int64_t session_pulls = 10'000;

constexpr std::int64_t suspend_ms = 60'000;
constexpr std::int64_t tick_ms = 100;

// The i-th of many pulls that wait, in all queues but the first.
void park_one(testing::CoreRig& rig, std::int64_t i, std::int64_t wait_ms) {
  PullRequest request = rig.pull_request("orders", 0, wait_ms);
  request.queue_id = static_cast<std::int32_t>(1 + i % (queues - 1));
  request.ticket.session = static_cast<SessionId>(100 + i / session_pulls);
  rig.core->pull(request);
}

void park(testing::CoreRig& rig, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) park_one(rig, i, suspend_ms);
  BOLIDE_ASSERT(rig.core->core_stats().pull.parked == static_cast<std::uint64_t>(count));
}

// So many wait all the time: whoever is answered because its time is over asks again.
void tick(benchmark::State& state) {
  testing::CoreRig rig;
  rig.put_topic("orders", queues);
  const std::int64_t count = state.range(0);
  for (std::int64_t i = 0; i < count; ++i) park_one(rig, i, suspend_ms * (i + 1) / count);
  std::int64_t due = 0;
  for (auto _ : state) {
    rig.clock.advance_ms(tick_ms);
    rig.core->tick();
    state.PauseTiming();
    const auto answered = static_cast<std::int64_t>(rig.sink.pulled.size());
    rig.sink.pulled.clear();
    for (std::int64_t i = 0; i < answered; ++i) park_one(rig, (due + i) % count, suspend_ms);
    due += answered;
    state.ResumeTiming();
  }
  state.counters["due"] =
      benchmark::Counter(static_cast<double>(due), benchmark::Counter::kAvgIterations);
}
BENCHMARK(tick)->ArgName("waiting")->Arg(0)->Arg(1'000)->Arg(100'000);

// A pull that waits, and the message that wakes it.
void wake(benchmark::State& state) {
  testing::CoreRig rig(testing::RigOptions{.segment_bytes = 256U << 20U});
  rig.put_topic("orders", queues);
  park(rig, state.range(0));
  std::int64_t offset = 0;
  for (auto _ : state) {
    PullRequest request = rig.pull_request("orders", offset++, 60'000);
    request.ticket.session = 100;
    rig.core->pull(request);
    rig.core->send(rig.request("orders", "a message of some size"));
    rig.core->end_of_turn();
    rig.sink.sent.clear();
    BOLIDE_ASSERT(rig.sink.pulled.size() == 1);
    rig.sink.pulled.clear();
  }
}
BENCHMARK(wake)->ArgName("others")->Arg(0)->Arg(10'000)->Iterations(100'000);

void close_session(benchmark::State& state) {
  testing::CoreRig rig;
  rig.put_topic("orders", queues);
  for (auto _ : state) {
    state.PauseTiming();
    park(rig, state.range(0));
    state.ResumeTiming();
    for (std::int64_t i = 0; i < state.range(0); i += session_pulls)
      rig.core->session_closed(static_cast<SessionId>(100 + i / session_pulls));
  }
}
BENCHMARK(close_session)->ArgName("waiting")->Arg(10'000)->Iterations(20);

}  // namespace
}  // namespace bolide::broker
