// SPDX-License-Identifier: Apache-2.0
//
// What sending costs from the core's door to the answer: 1 KiB messages in turns of 1, 64 and 1000
// over a store on the machine's disk.
#include "broker/core.h"
#include "os/test_dir.h"
#include "store/store_test_util.h"

#include <benchmark/benchmark.h>

#include <string>

namespace bolide::broker {
namespace {

class CountingSink final : public ReplySink {
 public:
  void on_send(const Ticket&, const SendResult& result) override {
    ++(result.error ? errors : sent);
  }
  void on_pull(const Ticket&, PullResult&&) override {}
  void on_pop(const Ticket&, PopResult&&) override {}
  void on_group_changed(SessionId, std::string_view) override {}
  void on_lite_unsubscribed(SessionId, const LiteNotice&) override {}
  bool on_check_transaction(SessionId, const TransactionQuestion&) override { return false; }

  std::uint64_t sent = 0;
  std::uint64_t errors = 0;
};

struct Bench {
  explicit Bench(store::ReplyLevel level) {
    store::StoreOptions options;
    options.directory = directory / "store";
    options.reply_level = level;
    options.disk_full_percent = 100;
    options.disk_max_used_percent = 100;
    store = *store::open_store(os::posix_file_system(), options,
                               {background.background(), sync.background()}, clock.now());
    auto metadata = Metadata::open(os::posix_file_system(), directory / "meta");
    auto timers =
        TimerLog::open(os::posix_file_system(), directory / "timers", background.background());
    BOLIDE_ASSERT(timers.has_value());
    auto leases = LeaseLog::open(os::posix_file_system(), directory / "leases");
    BOLIDE_ASSERT(leases.has_value());
    auto dedupe = DedupeLog::open(os::posix_file_system(), directory / "dedupe");
    BOLIDE_ASSERT(dedupe.has_value());
    core = std::make_unique<Core>(
        CoreSettings{}, *store,
        CoreState{std::move(*metadata), std::move(*timers), std::move(*leases), std::move(*dedupe)},
        background.background(), clock);
  }

  os::TemporaryDirectory directory;
  ManualClock clock;
  store::testing::StepAgent background;
  store::testing::StepAgent sync;
  std::unique_ptr<store::MessageStore> store;
  std::unique_ptr<Core> core;
  CountingSink sink;
};

void send_1k(benchmark::State& state, store::ReplyLevel level) {
  Bench bench(level);
  const std::string body(1024, 'x');
  const std::string properties =
      std::string("UNIQ_KEY\0017F000001000012345678\2") + "WAIT\001true\2TAGS\001TagA\2";
  SendRequest request;
  request.ticket = {.sink = &bench.sink, .session = 1};
  request.topic = "orders";
  request.default_topic = auto_create_topic;
  request.queue_id = 0;
  request.properties = properties;
  request.body = body;
  for (auto _ : state) {
    for (std::int64_t i = 0; i < state.range(0); ++i) bench.core->send(request);
    bench.core->end_of_turn();
  }
  if (bench.sink.errors > 0) state.SkipWithError("refused");
  state.SetItemsProcessed(static_cast<std::int64_t>(bench.sink.sent));
}
BENCHMARK_CAPTURE(send_1k, async, store::ReplyLevel::async)->Arg(1)->Iterations(200'000);
BENCHMARK_CAPTURE(send_1k, async, store::ReplyLevel::async)->Arg(64)->Iterations(10'000);
BENCHMARK_CAPTURE(send_1k, async, store::ReplyLevel::async)->Arg(1000)->Iterations(1'000);
BENCHMARK_CAPTURE(send_1k, sync, store::ReplyLevel::sync)->Arg(64)->Iterations(500);
BENCHMARK_CAPTURE(send_1k, sync, store::ReplyLevel::sync)->Arg(1000)->Iterations(100);

}  // namespace
}  // namespace bolide::broker
