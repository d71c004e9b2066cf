// SPDX-License-Identifier: Apache-2.0
//
// Ids of messages as RocketMQ's clients make them.
// Runs on: one thread.  Owns: the counter.  Invariant: see unique_key.h.
#include "client/unique_key.h"

#include "base/cursor.h"
#include "base/random.h"
#include "base/strings.h"
#include "os/process.h"

#include <arpa/inet.h>

#include <ctime>

namespace bolide::client {
namespace {

std::tm local_time(std::time_t at) {
  std::tm parts{};
  ::localtime_r(&at, &parts);
  return parts;
}

// The first day of the month, 00:00 local time. Without mktime, which looks at the time zone's file
// in every call.
WallMs month_start(WallMs now_ms) {
  const std::time_t now = now_ms / 1000;
  const std::tm parts = local_time(now);
  const std::time_t start = now - (parts.tm_mday - 1) * std::time_t{86'400} -
                            parts.tm_hour * std::time_t{3600} - parts.tm_min * std::time_t{60} -
                            parts.tm_sec;
  // The clocks may have been changed since.
  const std::time_t changed = parts.tm_gmtoff - local_time(start).tm_gmtoff;
  return static_cast<WallMs>(start + changed) * 1000;
}

}  // namespace

UniqueKeys::Origin UniqueKeys::own_origin(const Now& now) {
  Origin origin;
  in_addr address{};
  if (::inet_pton(AF_INET, os::local_ipv4().c_str(), &address) == 1)
    origin.address = ntohl(address.s_addr);
  origin.process = static_cast<std::uint16_t>(os::process_id());
  Random random(static_cast<std::uint64_t>(now.wall_ms * 1'000'003 + now.steady_ns));
  origin.seed = static_cast<std::uint32_t>(random.next());
  return origin;
}

std::string UniqueKeys::next(WallMs now_ms) {
  if (now_ms < month_begin_ms_ || now_ms >= month_end_ms_) {
    constexpr WallMs longer_than_a_month_ms = 32 * WallMs{86'400'000};
    month_begin_ms_ = month_start(now_ms);
    month_end_ms_ = month_start(month_begin_ms_ + longer_than_a_month_ms);
  }
  std::string key(32, '0');
  put_hex(&key[0], origin_.address, 8);
  put_hex(&key[8], origin_.process, 4);
  put_hex(&key[12], origin_.seed, 8);
  put_hex(&key[20], static_cast<std::uint32_t>(now_ms - month_begin_ms_), 8);
  put_hex(&key[28], counter_++, 4);
  return key;
}

}  // namespace bolide::client
