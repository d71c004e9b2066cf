// SPDX-License-Identifier: Apache-2.0
//
// The log, on spdlog.
// Runs on: any agent (thread-safe).  Owns: the process's one logger.  Invariant: see log.h.
#include "base/log.h"

#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/spdlog.h>

namespace bolide {
namespace log_detail {

std::atomic<int> level{static_cast<int>(LogLevel::info)};

namespace {

spdlog::logger& logger() {
  static const auto instance = [] {
    auto sink = std::make_shared<spdlog::sinks::ansicolor_stderr_sink_mt>();
    auto made = std::make_shared<spdlog::logger>("bolide", std::move(sink));
    made->set_level(spdlog::level::trace);
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %^%l%$ %v");
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return *instance;
}

}  // namespace

void write(LogLevel at, std::string_view text) {
  constexpr spdlog::level::level_enum levels[] = {spdlog::level::debug, spdlog::level::info,
                                                  spdlog::level::warn, spdlog::level::err};
  logger().log(levels[static_cast<int>(at)], "{}", text);
}

}  // namespace log_detail

void set_log(LogLevel level) {
  log_detail::level.store(static_cast<int>(level), std::memory_order_relaxed);
}

}  // namespace bolide
