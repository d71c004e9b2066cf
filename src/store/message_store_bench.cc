// SPDX-License-Identifier: Apache-2.0
//
// The store's figures: appending in batches, reading the tail, reading what is in the page cache.
#include "os/file_system.h"
#include "os/test_dir.h"
#include "store/message_store.h"
#include "store/store_test_util.h"

#include <benchmark/benchmark.h>

#include <string>

namespace bolide::store {
namespace {

struct Bench {
  Bench() {
    options.directory = directory / "store";
    options.disk_full_percent = 100;
    options.disk_max_used_percent = 100;
    auto opened = open_store(os::posix_file_system(), options,
                             {background.background(), sync.background()}, clock.now());
    store = std::move(*opened);
    queue = store->queue("bench", 0);
  }
  void fill(int messages, const std::string& body) {
    for (int i = 0; i < messages; ++i) {
      (void)testing::append(*store, queue, body, clock.now(), "UNIQ_KEY\0017F00000100001\2");
      if (i % 256 == 255) (void)store->write_turn(clock.now());
    }
    (void)store->write_turn(clock.now());
  }

  os::TemporaryDirectory directory;
  StoreOptions options;
  ManualClock clock;
  testing::StepAgent background;
  testing::StepAgent sync;
  std::unique_ptr<MessageStore> store;
  QueueNo queue = 0;
};

void append_1k(benchmark::State& state) {
  Bench bench;
  const std::string body(1024, 'x');
  const std::string_view key = "7F000001000012345678";
  AppendRequest request;
  request.queue = bench.queue;
  request.record.body = body;
  request.record.properties = "UNIQ_KEY\0017F000001000012345678\2";
  request.keys = {&key, 1};
  for (auto _ : state) {
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      if (!bench.store->append(request, bench.clock.now())) state.SkipWithError("append");
    }
    if (!bench.store->write_turn(bench.clock.now())) state.SkipWithError("write");
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(append_1k)->Arg(1)->Iterations(400'000);
BENCHMARK(append_1k)->Arg(64)->Iterations(20'000);
BENCHMARK(append_1k)->Arg(1000)->Iterations(1500);

void read_all(benchmark::State& state, int messages) {
  Bench bench;
  bench.fill(messages, std::string(1024, 'x'));
  const std::int64_t tail = std::min(messages, 5000);
  const std::int64_t first = messages > 5000 ? 0 : messages - tail;
  const std::int64_t end = messages > 5000 ? messages - 10'000 : messages;
  std::int64_t at = first;
  std::int64_t read = 0;
  for (auto _ : state) {
    const ReadResult result = bench.store->read(
        bench.queue, at, end, {.messages_max = static_cast<std::int32_t>(state.range(0))}, {});
    if (result.status != ReadStatus::ok) state.SkipWithError("not in memory");
    at = result.next_offset < end ? result.next_offset : first;
    read += result.messages;
  }
  state.SetItemsProcessed(read);
}
void read_tail(benchmark::State& state) {
  read_all(state, 5000);
}
BENCHMARK(read_tail)->Arg(32)->Arg(256);
void read_page_cache(benchmark::State& state) {
  read_all(state, 600'000);
}
BENCHMARK(read_page_cache)->Arg(32)->Arg(256);

void reopen_after_a_kill(benchmark::State& state) {
  Bench bench;
  bench.fill(900'000, std::string(1024, 'x'));
  for (auto _ : state) {
    bench.store.reset();
    auto opened =
        open_store(os::posix_file_system(), bench.options,
                   {bench.background.background(), bench.sync.background()}, bench.clock.now());
    if (!opened) state.SkipWithError("open");
    bench.store = std::move(*opened);
  }
}
BENCHMARK(reopen_after_a_kill)->Iterations(3)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace bolide::store
