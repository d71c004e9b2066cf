// SPDX-License-Identifier: Apache-2.0
//
// The log: BOLIDE_LOG(info, "topic created name={} queues={}", name, n). To stderr.
// Runs on: any agent (thread-safe).  Owns: the process's one logger.
// Invariant: a disabled level costs one comparison; nothing on the path of a message logs.
#pragma once

#include <fmt/core.h>

#include <atomic>
#include <string>
#include <string_view>

namespace bolide {

enum class LogLevel : int { debug, info, warning, error, off };

namespace log_detail {
extern std::atomic<int> level;
void write(LogLevel level, std::string_view text);
}  // namespace log_detail

// Nothing below `level` is written from now on.
void set_log(LogLevel level);

inline bool log_enabled(LogLevel level) {
  return static_cast<int>(level) >= log_detail::level.load(std::memory_order_relaxed);
}

}  // namespace bolide

#define BOLIDE_LOG(level_name, ...)                                                          \
  do {                                                                                       \
    if (::bolide::log_enabled(::bolide::LogLevel::level_name))                               \
      ::bolide::log_detail::write(::bolide::LogLevel::level_name, fmt::format(__VA_ARGS__)); \
  } while (false)
