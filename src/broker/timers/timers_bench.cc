// SPDX-License-Identifier: Apache-2.0
//
// What messages that wait for years cost: taken in, held, and given out by a clock that is moved to
// each time that one is due. Every one of them must come in its millisecond. And how long the
// serving agent is held up while the journal of all that wait is merged, on the machine's disk.
#include "broker/core_test_util.h"
#include "os/clock.h"
#include "os/test_dir.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <deque>
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

double us_of(auto&& work) {
  const std::int64_t began_ns = os::system_clock().now().steady_ns;
  work();
  return static_cast<double>(os::system_clock().now().steady_ns - began_ns) / 1000;
}

// Both agents in turns on one thread, so that neither's time counts as the other's.
class TwoAgents {
 public:
  store::Background background() {
    return [this](auto job) { jobs_.push_back(std::move(job)); };
  }
  bool busy() const { return !jobs_.empty(); }
  void run_one() {
    if (jobs_.empty()) return;
    auto job = std::move(jobs_.front());
    jobs_.pop_front();
    std::move_only_function<void()> finish;
    const double us = us_of([&] { finish = job(); });
    longest_job_us = std::max(longest_job_us, us);
    jobs_us += us;
    longest_turn_us = std::max(longest_turn_us, us_of(finish));
  }

  double longest_job_us = 0;
  double longest_turn_us = 0;
  double jobs_us = 0;

 private:
  std::deque<std::move_only_function<std::move_only_function<void()>()>> jobs_;
};

void merge_what_waits(benchmark::State& state) {
  for (auto _ : state) {
    os::TemporaryDirectory directory;
    TwoAgents agents;
    auto opened = TimerLog::open(os::posix_file_system(), directory.path(), agents.background());
    BOLIDE_ASSERT(opened.has_value());
    std::mt19937_64 random(1);
    std::int64_t next = 0;
    const auto arrive = [&] {
      opened->log->add({.due_ms = 1, .offset = next, .position = next, .key_hash = random()});
      ++next;
    };
    const auto waiting = static_cast<std::size_t>(state.range(0));
    while (next < state.range(0)) arrive();
    BOLIDE_ASSERT(opened->log->flush().has_value());
    double longest_turn_us = 0;
    std::int64_t turns = 0;
    // Until all that was merged is let go of, too.
    while (agents.busy() ||
           !os::posix_file_system().exists(directory / "snapshot.0000000000000002")) {
      longest_turn_us = std::max(longest_turn_us, us_of([&] {
                                   for (int i = 0; i < 200; ++i) {
                                     opened->log->remove(next - state.range(0));
                                     arrive();
                                   }
                                   BOLIDE_ASSERT(opened->log->flush().has_value());
                                   opened->log->compact_if_due(waiting, ++turns);
                                 }));
      agents.run_one();
    }
    state.counters["longest_turn_us"] = longest_turn_us;
    state.counters["longest_answer_us"] = agents.longest_turn_us;
    state.counters["longest_job_ms"] = agents.longest_job_us / 1000;
    state.counters["jobs_ms"] = agents.jobs_us / 1000;
  }
}
BENCHMARK(merge_what_waits)
    ->Arg(100'000)
    ->Arg(1'000'000)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace bolide::broker
