// SPDX-License-Identifier: Apache-2.0
//
// The figures of a measurement, and the time in its messages.
// Runs on: any thread.  Owns: nothing.  Invariant: none.
#include "app/bench_report.h"

#include <fmt/core.h>

#include <array>
#include <cstring>

namespace bolide::app {
namespace {

constexpr std::string_view mark = "bolide1 ";
constexpr std::int64_t age_max_ns = 3600LL * 1'000'000'000;

double per_second(double amount, double seconds) {
  return seconds > 0 ? amount / seconds : 0;
}

double us_at(const Histogram& latency, double share) {
  return static_cast<double>(latency.at(share)) / 1000;
}

}  // namespace

Doc bench_doc(const BenchReport& report, const Histogram& latency) {
  const double mib = static_cast<double>(report.bytes) / (1 << 20);
  return Doc::object({
      {"messages", report.messages},
      {"errors", report.errors},
      {"first_error", report.first_error ? Doc(report.first_error->message()) : Doc()},
      {"seconds", report.seconds},
      {"messages_per_second", per_second(static_cast<double>(report.messages), report.seconds)},
      {"mib_per_second", per_second(mib, report.seconds)},
      {"latency_us", Doc::object({{"p50", us_at(latency, 0.5)},
                                  {"p90", us_at(latency, 0.9)},
                                  {"p99", us_at(latency, 0.99)},
                                  {"p999", us_at(latency, 0.999)},
                                  {"max", us_at(latency, 1)}})},
      {"cpu_seconds", report.cpu_seconds},
      {"cpu_us_per_message",
       report.messages > 0 ? report.cpu_seconds * 1e6 / static_cast<double>(report.messages) : 0.0},
  });
}

std::string bench_text(const BenchReport& report, const Histogram& latency) {
  const double mib = static_cast<double>(report.bytes) / (1 << 20);
  std::string text = fmt::format(
      "messages   {} in {:.2f} s\nrate       {:.0f} a second, {:.2f} MiB/s\n", report.messages,
      report.seconds, per_second(static_cast<double>(report.messages), report.seconds),
      per_second(mib, report.seconds));
  if (latency.count() > 0) {
    text += fmt::format(
        "latency    p50 {:.0f} us, p90 {:.0f} us, p99 {:.0f} us, p99.9 {:.0f} us, "
        "max {:.0f} us\n",
        us_at(latency, 0.5), us_at(latency, 0.9), us_at(latency, 0.99), us_at(latency, 0.999),
        us_at(latency, 1));
  }
  text += fmt::format(
      "CPU        {:.2f} s here, {:.1f} us a message\n", report.cpu_seconds,
      report.messages > 0 ? report.cpu_seconds * 1e6 / static_cast<double>(report.messages) : 0.0);
  if (report.errors > 0)
    text +=
        fmt::format("errors     {}, the first: {}\n", report.errors, report.first_error->message());
  return text;
}

std::string stamped_body(std::size_t size) {
  std::string body(size, '.');
  if (size >= mark.size() + sizeof(std::int64_t)) body.replace(0, mark.size(), mark);
  return body;
}

void stamp(std::string* body, std::int64_t now_ns) {
  if (!body->starts_with(mark)) return;
  std::memcpy(body->data() + mark.size(), &now_ns, sizeof now_ns);
}

std::int64_t age_ns(const std::string& body, std::int64_t now_ns) {
  std::int64_t then_ns = 0;
  if (!body.starts_with(mark) || body.size() < mark.size() + sizeof then_ns) return -1;
  std::memcpy(&then_ns, body.data() + mark.size(), sizeof then_ns);
  const std::int64_t age = now_ns - then_ns;
  return age >= 0 && age <= age_max_ns ? age : -1;
}

}  // namespace bolide::app
