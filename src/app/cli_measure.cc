// SPDX-License-Identifier: Apache-2.0
//
// bolide bench pub|sub: how fast messages go and come.
// Runs on: the main thread, senders of its own, and the library's threads.  Owns: nothing.
// Invariant: a latency is counted from when its message was due, so that a server that stalls is
// not spared the messages that waited.
#include <bolide/producer.h>
#include <bolide/push_consumer.h>
#include <bolide/reader.h>

#include "app/bench_report.h"
#include "app/cli.h"
#include "app/cli_client.h"
#include "app/output.h"
#include "app/pacer.h"
#include "os/process.h"
#include "os/signals.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <semaphore>
#include <span>
#include <thread>
#include <vector>

namespace bolide::app {
namespace {

constexpr std::int64_t count_unbounded = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t duration_default_ms = 10'000;

std::int64_t now_ns() {
  return Pacer::now_ns();
}

// From the first message to the last, and what this process used.
class Stopwatch {
 public:
  void stop(BenchReport* report) const {
    report->seconds = static_cast<double>(now_ns() - begin_ns_) / 1e9;
    report->cpu_seconds = os::process_usage().cpu_seconds() - cpu_before_;
  }

 private:
  std::int64_t begin_ns_ = now_ns();
  double cpu_before_ = os::process_usage().cpu_seconds();
};

struct SendPlan {
  std::string topic;
  std::size_t body_bytes = 0;
  std::int64_t count = 0;
  std::int64_t end_ns = 0;
  double rate = 0;
  std::ptrdiff_t in_flight = 0;
};

// What one sender does: a producer of its own, with a bound on what is on its way.
class Sender {
 public:
  Sender(Producer producer, SendPlan plan, Histogram& latency, const std::atomic<bool>& stopped)
      : producer_(std::move(producer)),
        plan_(std::move(plan)),
        latency_(latency),
        stopped_(stopped),
        free_(plan_.in_flight) {}

  void run() {
    Message message{.topic = plan_.topic, .body = stamped_body(plan_.body_bytes)};
    Pacer pacer(plan_.rate);
    for (std::int64_t i = 0; i < plan_.count && now_ns() < plan_.end_ns && !stopped_; ++i) {
      const std::int64_t due_ns = pacer.wait();
      free_.acquire();
      const std::int64_t from_ns = plan_.rate > 0 ? due_ns : now_ns();
      stamp(&message.body, from_ns);
      producer_.send_async(
          message, [this, from_ns](const StatusOr<SendReceipt>& sent) { ended(sent, from_ns); });
    }
    for (std::ptrdiff_t i = 0; i < plan_.in_flight; ++i) free_.acquire();
  }

  void add_to(BenchReport* report) {
    const std::lock_guard lock(mutex_);
    report->messages += sent_;
    report->bytes += sent_ * static_cast<std::int64_t>(plan_.body_bytes);
    report->errors += errors_;
    if (!report->first_error) report->first_error = first_error_;
  }

 private:
  void ended(const StatusOr<SendReceipt>& sent, std::int64_t from_ns) {
    if (sent.ok()) {
      latency_.record(now_ns() - from_ns);
      ++sent_;
    } else {
      const std::lock_guard lock(mutex_);
      if (errors_++ == 0) first_error_ = error_of(sent.status());
    }
    free_.release();
  }

  Producer producer_;
  SendPlan plan_;
  Histogram& latency_;
  const std::atomic<bool>& stopped_;
  std::counting_semaphore<> free_;
  std::atomic<std::int64_t> sent_{0};
  std::mutex mutex_;
  std::int64_t errors_ = 0;
  std::optional<Error> first_error_;
};

Exit bench_pub(const Arguments& arguments, Streams streams) {
  const std::int64_t threads = arguments.number("--threads", 1);
  const std::int64_t count = arguments.number("--count", count_unbounded);
  const std::int64_t duration_ms = arguments.duration_ms(
      "--duration", count == count_unbounded ? duration_default_ms : 24 * 3'600'000LL);
  // A signal ends the measurement, not the figures so far.
  std::atomic<bool> stopped = false;
  BOLIDE_TRY(const auto signals, os::Signals::start([&](int) { stopped = true; }));
  const auto histogram = std::make_unique<Histogram>();
  std::vector<std::unique_ptr<Sender>> senders;
  for (std::int64_t i = 0; i < threads; ++i) {
    BOLIDE_TRY(const Client client, open_client(arguments));
    BOLIDE_CHECK(check_route(client, arguments.text("TOPIC")));
    ProducerOptions producing = producer_options(arguments, "BOLIDE_BENCH");
    producing.compression = Compression::none;
    BOLIDE_TRY(Producer producer, checked(Producer::start(client, std::move(producing))));
    SendPlan plan{
        .topic = arguments.text("TOPIC"),
        .body_bytes = static_cast<std::size_t>(arguments.number("--size", 1024)),
        .count = count == count_unbounded ? count : count / threads + (i < count % threads ? 1 : 0),
        .end_ns = now_ns() + duration_ms * 1'000'000,
        .rate = static_cast<double>(arguments.number("--rate", 0)) / static_cast<double>(threads),
        .in_flight = static_cast<std::ptrdiff_t>(arguments.number("--in-flight", 256))};
    senders.push_back(
        std::make_unique<Sender>(std::move(producer), std::move(plan), *histogram, stopped));
  }
  // The route and the connection are no part of what is measured.
  BenchReport report;
  const Stopwatch watch;
  std::vector<std::thread> running;
  for (const auto& sender : senders) running.emplace_back([&sender] { sender->run(); });
  for (std::thread& thread : running) thread.join();
  watch.stop(&report);
  for (const auto& sender : senders) sender->add_to(&report);
  print(arguments, streams.out, bench_doc(report, *histogram),
        [&] { return bench_text(report, *histogram); });
  if (report.messages == 0 && report.first_error)
    return Failure(std::move(*report.first_error).in("no message was sent"));
  return {};
}

// Counts what comes, from its first message on.
class Receiving {
 public:
  Receiving(std::int64_t count, std::int64_t duration_ms)
      : left_(count), duration_ns_(duration_ms * 1'000'000), begun_ns_(now_ns()) {}

  void take(std::span<const ReceivedMessage> messages, Histogram& latency) {
    const std::int64_t now = now_ns();
    const std::lock_guard lock(mutex_);
    if (watch_ == nullptr) watch_ = std::make_unique<Stopwatch>();
    for (const ReceivedMessage& message : messages) {
      if (left_ <= 0) break;
      --left_;
      ++report_.messages;
      report_.bytes += static_cast<std::int64_t>(message.body.size());
      if (const std::int64_t age = age_ns(message.body, now); age >= 0) latency.record(age);
    }
    // So that waiting for the end does not count.
    watch_->stop(&report_);
  }
  bool finished() {
    const std::lock_guard lock(mutex_);
    return left_ <= 0 || now_ns() - begun_ns_ >= duration_ns_;
  }
  // What comes from now on is not counted.
  void stop() {
    const std::lock_guard lock(mutex_);
    left_ = 0;
  }
  BenchReport report() {
    const std::lock_guard lock(mutex_);
    return report_;
  }

 private:
  std::mutex mutex_;
  std::int64_t left_;
  std::int64_t duration_ns_;
  std::int64_t begun_ns_;
  std::unique_ptr<Stopwatch> watch_;
  BenchReport report_;
};

Result<> receive_alone(const Arguments& arguments, Receiving& receiving, Histogram& latency) {
  BOLIDE_TRY(const Client client, open_client(arguments));
  const bool first = arguments.text("--from", "last") == "first";
  BOLIDE_TRY(Reader reader,
             checked(Reader::open(client, {.topic = arguments.text("TOPIC"),
                                           .from = first ? ReadFrom::first : ReadFrom::last})));
  while (!receiving.finished()) {
    BOLIDE_TRY(const auto messages, checked(reader.read(std::chrono::milliseconds(50))));
    if (!messages.empty()) receiving.take(messages, latency);
  }
  return {};
}

Result<> receive_as_group(const Arguments& arguments, Receiving& receiving, Histogram& latency) {
  std::vector<PushConsumer> members;
  for (std::int64_t i = 0; i < arguments.number("--members", 1); ++i) {
    BOLIDE_TRY(const Client client, open_client(arguments));
    const bool first = arguments.text("--from", "last") == "first";
    PushConsumerOptions options{.group = arguments.text("--group"),
                                .subscriptions = {{arguments.text("TOPIC"), "*"}},
                                .on_messages =
                                    [&](std::span<const ReceivedMessage> messages) {
                                      receiving.take(messages, latency);
                                      return ConsumeResult::success;
                                    },
                                .from = first ? ConsumeFrom::first : ConsumeFrom::last,
                                .from_in_young_topics = arguments.has("--from"),
                                .batch_messages_max = 32};
    BOLIDE_TRY(PushConsumer member, checked(PushConsumer::start(client, std::move(options))));
    members.push_back(std::move(member));
  }
  while (!receiving.finished()) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  for (PushConsumer& member : members) BOLIDE_CHECK(checked(member.stop()));
  return {};
}

Exit bench_sub(const Arguments& arguments, Streams streams) {
  const std::int64_t count = arguments.number("--count", count_unbounded);
  const std::int64_t duration_ms = arguments.duration_ms(
      "--duration", count == count_unbounded ? duration_default_ms : 24 * 3'600'000LL);
  const auto histogram = std::make_unique<Histogram>();
  Receiving receiving(count, duration_ms);
  BOLIDE_TRY(const auto signals, os::Signals::start([&](int) { receiving.stop(); }));
  BOLIDE_CHECK(arguments.has("--group") ? receive_as_group(arguments, receiving, *histogram)
                                        : receive_alone(arguments, receiving, *histogram));
  const BenchReport report = receiving.report();
  print(arguments, streams.out, bench_doc(report, *histogram),
        [&] { return bench_text(report, *histogram); });
  return {};
}

constexpr OptionRow topic_row{
    .names = "TOPIC", .takes = Takes::topic, .doc = "where to, or from", .required = true};
constexpr OptionRow count_row{.names = "-n,--count",
                              .takes = Takes::number,
                              .value = "N",
                              .doc = "stop after so many messages",
                              .least = 1};
constexpr OptionRow duration_row{.names = "--duration",
                                 .takes = Takes::duration,
                                 .value = "TIME",
                                 .doc = "stop after so long (10s, without --count)"};
constexpr OptionRow pub_options[] = {
    topic_row,
    count_row,
    duration_row,
    {.names = "--size",
     .takes = Takes::number,
     .value = "BYTES",
     .doc = "of a message's body (1024)",
     .least = 1,
     .most = message_bytes_max},
    {.names = "--rate",
     .takes = Takes::number,
     .value = "N",
     .doc = "messages a second, of all threads together; without it as many as go",
     .least = 1},
    {.names = "--threads",
     .takes = Takes::number,
     .value = "N",
     .doc = "producers, each with a connection of its own (1)",
     .least = 1,
     .most = 256},
    {.names = "--in-flight",
     .takes = Takes::number,
     .value = "N",
     .doc = "unanswered messages of a thread; 1 waits for each answer (256)",
     .least = 1,
     .most = 65536},
};
constexpr OptionRow sub_options[] = {
    topic_row,
    count_row,
    duration_row,
    {.names = "--from",
     .takes = Takes::choice,
     .value = "first|last",
     .doc = "where to begin (last)"},
    {.names = "--group",
     .takes = Takes::group,
     .value = "GROUP",
     .doc = "as members of this group; without it as a reader of its own"},
    {.names = "--members",
     .takes = Takes::number,
     .value = "N",
     .doc = "of the group, in this process (1)",
     .least = 1,
     .most = 64},
};

constexpr CommandRow rows[] = {
    {.path = "bench", .doc = "how fast messages go and come"},
    {.path = "bench pub",
     .doc = "send messages; shows rate, latency from when each was due, and CPU",
     .run = bench_pub,
     .options = pub_options,
     .examples = "bolide bench pub speed --size 1024 --duration 10s\n"
                 "bolide bench pub speed --rate 5000 --threads 2 --count 100000",
     .connects = true},
    {.path = "bench sub",
     .doc = "read messages; shows rate, age of what bench pub sent here, and CPU",
     .run = bench_sub,
     .options = sub_options,
     .examples = "bolide bench sub speed --from first --count 100000\n"
                 "bolide bench sub speed --group speedy --members 2",
     .connects = true},
};

}  // namespace

std::span<const CommandRow> bench_commands() {
  return rows;
}

}  // namespace bolide::app
