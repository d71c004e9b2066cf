// SPDX-License-Identifier: Apache-2.0
//
// The path of a message allocates nothing in the steady state: from the bytes of a request to those
// of its answer, over the core and a store on the machine's disk.
#include "broker/core.h"
#include "net/test_connection.h"
#include "os/test_dir.h"
#include "protocols/remoting/front_test_util.h"
#include "protocols/remoting/wire/request_codes.h"
#include "store/store_test_util.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::uint64_t> allocations = 0;

void* counted(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

// Replacing these counts the allocations of the whole program; nothing else about it changes.
void* operator new(std::size_t size) {
  return counted(size);
}
void* operator new[](std::size_t size) {
  return counted(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace bolide::remoting {
namespace {

constexpr int batch = 64;

// A broker on the machine's disk and one connection into it.
struct PosixDesk {
  PosixDesk() {
    store::StoreOptions options;
    options.directory = directory / "store";
    options.disk_full_percent = 100;
    options.disk_max_used_percent = 100;
    auto opened_store =
        store::open_store(os::posix_file_system(), options,
                          {background.background(), sync.background()}, clock.now());
    BOLIDE_ASSERT(opened_store.has_value());
    store = std::move(*opened_store);
    auto opened = broker::Metadata::open(os::posix_file_system(), directory / "meta");
    BOLIDE_ASSERT(opened.has_value());
    auto timers = broker::TimerLog::open(os::posix_file_system(), directory / "timers",
                                         background.background());
    BOLIDE_ASSERT(timers.has_value());
    auto leases = broker::LeaseLog::open(os::posix_file_system(), directory / "leases");
    BOLIDE_ASSERT(leases.has_value());
    auto dedupe = broker::DedupeLog::open(os::posix_file_system(), directory / "dedupe");
    BOLIDE_ASSERT(dedupe.has_value());
    core = std::make_unique<broker::Core>(broker::CoreSettings{}, *store,
                                          broker::CoreState{std::move(*opened), std::move(*timers),
                                                            std::move(*leases), std::move(*dedupe)},
                                          background.background(), clock);
    service = std::make_unique<BrokerService>(
        BrokerService{.api = *core, .broker_name = "broker-a", .cluster = "C", .config_text = {}});
    front = std::make_unique<Front>(service.get(), nullptr, frame_bytes_max_default);
    session = front->make_session(connection);
  }
  ~PosixDesk() { session->on_closed(); }

  // Shows the session a turn's requests and writes; how many bytes of answers came of it.
  std::size_t turn(std::string_view bytes) {
    BOLIDE_ASSERT(session->on_bytes(bytes, clock.now()) == bytes.size());
    core->end_of_turn();
    const std::size_t size = connection.output.size();
    connection.output.clear();
    return size;
  }

  os::TemporaryDirectory directory;
  ManualClock clock;
  store::testing::StepAgent background;
  store::testing::StepAgent sync;
  std::unique_ptr<store::MessageStore> store;
  std::unique_ptr<broker::Core> core;
  std::unique_ptr<BrokerService> service;
  std::unique_ptr<Front> front;
  net::test::FakeConnection connection;
  std::unique_ptr<net::Session> session;
};

// Turns of `batch` sends each, every message with a key of its own.
std::vector<std::string> turns_of(int first, int messages, Serialization serialization) {
  std::vector<std::string> turns;
  const std::string body(1024, 'x');
  for (int i = 0; i < messages; ++i) {
    if (i % batch == 0) turns.emplace_back();
    const std::string unique = "7F00000100001" + std::to_string(1'000'000'000 + first + i);
    const std::string properties = broker::testing::property("UNIQ_KEY", unique) +
                                   broker::testing::property("KEYS", "order-" + std::to_string(i)) +
                                   broker::testing::property("WAIT", "true");
    const std::string queue = std::to_string(i % 4);
    turns.back() += testing::bytes_of({.code = request_code::send_message_v2,
                                       .fields = {{"a", "producers"},
                                                  {"b", "orders"},
                                                  {"c", "TBW102"},
                                                  {"d", "4"},
                                                  {"e", queue},
                                                  {"f", "0"},
                                                  {"g", "1700000000000"},
                                                  {"h", "0"},
                                                  {"i", properties},
                                                  {"j", "0"},
                                                  {"k", "false"},
                                                  {"m", "false"}},
                                       .body = body,
                                       .serialization = serialization},
                                      i);
  }
  return turns;
}

void send_and_count(Serialization serialization) {
  constexpr int warm_up = 20'000;
  constexpr int measured = 10'000;
  PosixDesk desk;
  for (const std::string& turn : turns_of(0, warm_up, serialization))
    ASSERT_GT(desk.turn(turn), 0U);
  const std::vector<std::string> turns = turns_of(warm_up, measured, serialization);
  const std::uint64_t before = allocations.load();
  std::size_t answered = 0;
  for (const std::string& turn : turns) answered += desk.turn(turn);
  const std::uint64_t made = allocations.load() - before;
  EXPECT_GT(answered, measured * 100U);
  EXPECT_EQ(desk.core->core_stats().send.messages, static_cast<std::uint64_t>(warm_up + measured));
  EXPECT_LE(static_cast<double>(made) / measured, 0.01) << made << " allocations";
}

TEST(SendPath, allocates_nothing_per_message_with_json_headers) {
  send_and_count(Serialization::json);
}

TEST(SendPath, allocates_nothing_per_message_with_binary_headers) {
  send_and_count(Serialization::binary);
}

}  // namespace
}  // namespace bolide::remoting
